// SPDX-License-Identifier: Apache-2.0
// A simulator process with a host at the other end of its link.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "drivers/kernel/unique_fd.hpp"
#include "sim/card/link/client.hpp"
#include "tests/unit/simcard/ring_host.hpp"

namespace fpvs::sim::card {

constexpr std::chrono::seconds kPatience{20};  // On a busy machine; nothing waits that long.

// Polls until it holds; false when it does not in time.
inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        ::usleep(500);
    }
    return true;
}

class SimcardProcess {
  public:
    explicit SimcardProcess(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), FPVS_SIMCARD);
        std::vector<char*> words;
        for (std::string& argument : arguments) {
            words.push_back(argument.data());
        }
        words.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::execv(FPVS_SIMCARD, words.data());
            ::_exit(127);
        }
    }
    SimcardProcess(const SimcardProcess&) = delete;
    SimcardProcess& operator=(const SimcardProcess&) = delete;
    ~SimcardProcess() {
        if (!ended()) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool ended() {
        if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) {
            ended_ = true;
        }
        return ended_;
    }
    [[nodiscard]] int exit_status() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }

    // User and system time so far.
    [[nodiscard]] double cpu_seconds() const {
        std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
        std::string word;
        for (int i = 0; i < 13; ++i) {
            file >> word;
        }
        double user = 0;
        double system = 0;
        file >> user >> system;
        return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

  private:
    pid_t pid_ = -1;
    bool ended_ = false;
    int status_ = 0;
};

// The host program's end: registers and shared memory.
class LinkBus final : public CardBus {
  public:
    explicit LinkBus(LinkClient client) : client_(std::move(client)) {}
    LinkBus(const LinkBus&) = delete;
    LinkBus& operator=(const LinkBus&) = delete;
    ~LinkBus() override {
        for (const std::span<std::byte> piece : pieces_) {
            ::munmap(piece.data(), piece.size());
        }
    }

    std::uint32_t read_register(std::uint32_t offset) override {
        return must(client_.read_register(offset));
    }
    void write_register(std::uint32_t offset, std::uint32_t value) override {
        must(client_.write_register(offset, value));
    }
    CardMemory share(std::uint64_t wanted, std::size_t size_bytes) override {
        size_bytes = std::max<std::size_t>(size_bytes, 4096);
        const kernel::UniqueFd memory(::memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (::ftruncate(memory.get(), static_cast<off_t>(size_bytes)) != 0 ||
            ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
            throw std::runtime_error("no memory to share");
        }
        void* start =
            ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
        pieces_.emplace_back(static_cast<std::byte*>(start), size_bytes);
        must(client_.share(wanted, size_bytes, memory.get()));
        return {wanted, pieces_.back()};
    }

  private:
    template <class T>
    T must(Result<T> result) {
        if (!result) {
            throw std::runtime_error(result.error().text());
        }
        if constexpr (!std::is_void_v<T>) {
            return *std::move(result);
        }
    }

    LinkClient client_;
    std::vector<std::span<std::byte>> pieces_;
};

// A simulator that was started as the XRT shim starts it.
struct LinkedSimcard {
    explicit LinkedSimcard(const std::vector<std::string>& ports) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) {
            throw std::runtime_error("no socket pair");
        }
        kernel::UniqueFd ours(ends[0]);
        const kernel::UniqueFd theirs(ends[1]);
        (void)::fcntl(ours.get(), F_SETFD, FD_CLOEXEC);
        std::vector<std::string> arguments{"--link-fd", std::to_string(theirs.get())};
        for (const std::string& port : ports) {
            arguments.insert(arguments.end(), {"--port", port});
        }
        process = std::make_unique<SimcardProcess>(arguments);
        auto client = LinkClient::attach(std::move(ours));
        if (!client) {
            throw std::runtime_error(client.error().text());
        }
        bus = std::make_unique<LinkBus>(*std::move(client));
    }
    std::unique_ptr<SimcardProcess> process;
    std::unique_ptr<LinkBus> bus;
};

}  // namespace fpvs::sim::card
