// SPDX-License-Identifier: Apache-2.0
// The smallest card that a host program accepts: registers that answer as a card's do, and RAM.
// Packed into xclbins by the tests in place of a simulator.
//
//   fpvs-fake-simcard --link-fd N      as the shim starts it
//   fpvs-fake-simcard --listen PATH    outlives its hosts
//
// FPVS_FAKE_SIMCARD changes it, as a list of words:
//   other_abi     the abi hash of another contract       no_magic   a card that is not FPVS
//   other_version, silent (never greets), exit (ends with status 3 before it greets)
//
// Writing the command ring's host_index copies the first page of memory, byte by byte and inverted,
// to the second: proof that both sides see the same.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "drivers/kernel/unique_fd.hpp"
#include "hw/abi/abi_hash.hpp"
#include "sim/card/link/server.hpp"

namespace fpvs::sim::card {
namespace {

constexpr std::size_t kPage = 4096;

bool wants(std::string_view word) {
    const char* words = std::getenv("FPVS_FAKE_SIMCARD");
    return words != nullptr && std::string_view(words).find(word) != std::string_view::npos;
}

class FakeCard : public Device {
  public:
    FakeCard() {
        const std::uint64_t hash = wants("other_abi") ? ~abi::kAbiHash : abi::kAbiHash;
        registers_[abi::reg::magic] = wants("no_magic") ? 0xdeadbeef : abi::kMagic;
        registers_[abi::reg::version] = abi::kVersion + (wants("other_version") ? 1 : 0);
        registers_[abi::reg::abi_hash_low] = static_cast<std::uint32_t>(hash);
        registers_[abi::reg::abi_hash_high] = static_cast<std::uint32_t>(hash >> 32);
        registers_[abi::reg::ports] = 2;
    }

    std::uint32_t read_register(std::uint32_t offset) override {
        const auto found = registers_.find(offset);
        return found == registers_.end() ? 0 : found->second;
    }

    void write_register(std::uint32_t offset, std::uint32_t value) override {
        if (offset < abi::reg::run) {
            return;  // Read only.
        }
        registers_[offset] = value;
        if (offset == abi::ring_register(abi::Ring::command, abi::reg::ring::host_index)) {
            invert_first_page();
        }
    }

    void map_memory(std::uint64_t address, std::span<std::byte> bytes) override {
        memory_.emplace(address, bytes);
    }
    void unmap_memory(std::uint64_t address) override { memory_.erase(address); }

  private:
    void invert_first_page() {
        for (const auto& [address, bytes] : memory_) {
            for (std::size_t i = 0; i < kPage && bytes.size() >= 2 * kPage; ++i) {
                bytes[kPage + i] = ~bytes[i];
            }
        }
    }

    std::map<std::uint32_t, std::uint32_t> registers_;
    std::map<std::uint64_t, std::span<std::byte>> memory_;
};

void serve(Device& device, kernel::UniqueFd socket) {
    LinkServer server(std::move(socket));
    pollfd ready{.fd = server.fd(), .events = POLLIN, .revents = 0};
    while (::poll(&ready, 1, -1) >= 0 && server.service(device) == LinkServer::Peer::attached) {
    }
}

int listen(Device& device, const std::string& path) {
    const kernel::UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 1) != 0) {
        std::perror(path.c_str());
        return 1;
    }
    for (;;) {
        serve(device, kernel::UniqueFd(::accept(listener.get(), nullptr, nullptr)));
    }
}

int run(int count, char** words) {
    ::prctl(PR_SET_NAME, "fake-simcard");
    if (wants("exit")) {
        return 3;
    }
    if (wants("silent")) {
        ::pause();
    }
    FakeCard card;
    if (count == 3 && std::string_view(words[1]) == kLinkFdOption) {
        serve(card, kernel::UniqueFd(std::atoi(words[2])));
        return 0;
    }
    if (count == 3 && std::string_view(words[1]) == "--listen") {
        return listen(card, words[2]);
    }
    std::fprintf(stderr, "usage: fpvs-fake-simcard --link-fd N | --listen PATH\n");
    return 2;
}

}  // namespace
}  // namespace fpvs::sim::card

int main(int count, char** words) {
    return fpvs::sim::card::run(count, words);
}
