// SPDX-License-Identifier: Apache-2.0
// The link of shim and simulated card: both ends against each other, and the server against a peer
// that does not keep to the protocol.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "sim/card/link/client.hpp"
#include "sim/card/link/server.hpp"

namespace fpvs::sim::card {
namespace {

constexpr std::uint64_t kBase = 0x2000000000;

class RamDevice : public Device {
  public:
    std::uint32_t read_register(std::uint32_t offset) override { return registers[offset]; }
    void write_register(std::uint32_t offset, std::uint32_t value) override {
        registers[offset] = value;
    }
    void map_memory(std::uint64_t address, std::span<std::byte> bytes) override {
        memory.emplace(address, bytes);
    }
    void unmap_memory(std::uint64_t address) override { memory.erase(address); }

    std::map<std::uint32_t, std::uint32_t> registers;
    std::map<std::uint64_t, std::span<std::byte>> memory;
};

struct SocketPair {
    SocketPair() {
        int fds[2] = {-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        host = kernel::UniqueFd(fds[0]);
        card = kernel::UniqueFd(fds[1]);
    }
    kernel::UniqueFd host;
    kernel::UniqueFd card;
};

kernel::UniqueFd make_memory(std::size_t size_bytes, unsigned seals = F_SEAL_SHRINK) {
    kernel::UniqueFd memory(::memfd_create("link-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(memory.get(), static_cast<off_t>(size_bytes)), 0);
    if (seals != 0) {
        EXPECT_EQ(::fcntl(memory.get(), F_ADD_SEALS, seals), 0);
    }
    return memory;
}

// The card's end, served by a thread until the host has gone.
class Link : public testing::Test {
  protected:
    Link() : server_(std::move(sockets_.card)), thread_([this] { serve(); }) {
        auto client = LinkClient::attach(std::move(sockets_.host));
        EXPECT_TRUE(client) << client.error().text();
        client_ = std::make_unique<LinkClient>(std::move(*client));
    }
    ~Link() override { finish(); }

    void finish() {
        client_->hang_up();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    SocketPair sockets_;
    RamDevice device_;
    LinkServer server_;
    std::unique_ptr<LinkClient> client_;
    std::thread thread_;

  private:
    void serve() {
        pollfd ready{.fd = server_.fd(), .events = POLLIN, .revents = 0};
        while (::poll(&ready, 1, -1) > 0 &&
               server_.service(device_) == LinkServer::Peer::attached) {
        }
    }
};

TEST_F(Link, read_sees_the_write_before_it) {
    for (std::uint32_t value = 0; value < 1000; ++value) {
        ASSERT_TRUE(client_->write_register(0x40, value));
        const auto seen = client_->read_register(0x40);
        ASSERT_TRUE(seen);
        ASSERT_EQ(*seen, value);
    }
    finish();
    EXPECT_EQ(server_.counters().reads, 1000u);
    EXPECT_EQ(server_.counters().writes, 1000u);
    EXPECT_EQ(server_.counters().refused, 0u);
}

TEST_F(Link, threads_get_their_own_answers) {
    for (std::uint32_t offset = 0; offset < 0x40; offset += 4) {
        ASSERT_TRUE(client_->write_register(offset, ~offset));
    }
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (std::uint32_t offset = 0; offset < 0x40; offset += 4) {
        threads.emplace_back([this, offset, &wrong] {
            for (int i = 0; i < 200; ++i) {
                const auto value = client_->read_register(offset);
                wrong += !value || *value != ~offset;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
}

TEST_F(Link, memory_is_the_same_on_both_sides_until_unshared) {
    const auto memory = make_memory(8192);
    auto* host = static_cast<std::byte*>(
        ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0));
    ASSERT_NE(host, MAP_FAILED);
    ASSERT_TRUE(client_->share(kBase, 8192, memory.get()));
    ASSERT_EQ(device_.memory.count(kBase), 1u);
    const auto card = device_.memory.at(kBase);
    ASSERT_EQ(card.size(), 8192u);
    host[8191] = std::byte{0x5a};
    EXPECT_EQ(card[8191], std::byte{0x5a});
    card[0] = std::byte{0xa5};
    EXPECT_EQ(host[0], std::byte{0xa5});
    ASSERT_TRUE(client_->unshare(kBase));
    EXPECT_TRUE(device_.memory.empty());
    ::munmap(host, 8192);
}

TEST_F(Link, what_is_shared_goes_with_the_host) {
    const auto memory = make_memory(4096);
    ASSERT_TRUE(client_->share(kBase, 4096, memory.get()));
    finish();
    EXPECT_TRUE(device_.memory.empty());
    EXPECT_EQ(server_.service(device_), LinkServer::Peer::gone);
    const auto read = client_->read_register(0);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::unavailable);
}

TEST_F(Link, bad_shares_are_refused_with_the_reason) {
    const auto memory = make_memory(8192);
    EXPECT_FALSE(client_->share(kBase + 1, 4096, memory.get()));
    EXPECT_FALSE(client_->share(kBase, 100, memory.get()));
    EXPECT_FALSE(client_->share(kBase, 0, memory.get()));
    EXPECT_FALSE(client_->share(kBase, 2 * kShareBytesMax, memory.get()));
    EXPECT_FALSE(client_->share(kCardAddressEnd - 4096, 8192, memory.get()));
    EXPECT_FALSE(client_->share(UINT64_MAX - 4095, 4096, memory.get()));
    EXPECT_FALSE(client_->share(kBase, 12288, memory.get())) << "shorter than announced";
    EXPECT_FALSE(client_->share(kBase, 4096, -1)) << "no descriptor";
    const auto unsealed = make_memory(4096, 0);
    EXPECT_FALSE(client_->share(kBase, 4096, unsealed.get()));
    EXPECT_FALSE(client_->unshare(kBase));
    EXPECT_TRUE(device_.memory.empty());

    ASSERT_TRUE(client_->share(kBase, 8192, memory.get()));
    EXPECT_FALSE(client_->share(kBase, 4096, memory.get()));
    EXPECT_FALSE(client_->share(kBase + 4096, 4096, memory.get()));
    EXPECT_FALSE(client_->share(kBase - 4096, 8192, memory.get()));
    const auto overlapping = client_->share(kBase - 4096, 8192, memory.get());
    EXPECT_NE(overlapping.error().message.find("overlapping"), std::string::npos);
    EXPECT_TRUE(client_->share(kBase + 8192, 4096, memory.get()));
}

TEST_F(Link, shares_are_bounded) {
    const auto memory = make_memory(4096);
    for (std::size_t i = 0; i < kSharesMax; ++i) {
        ASSERT_TRUE(client_->share(kBase + i * 4096, 4096, memory.get()));
    }
    const auto refused = client_->share(kBase + kSharesMax * 4096, 4096, memory.get());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("too many"), std::string::npos);
}

TEST_F(Link, registers_beyond_the_block_are_refused) {
    EXPECT_FALSE(client_->read_register(kLinkRegisterBytes));
    EXPECT_FALSE(client_->read_register(0x41));
    EXPECT_TRUE(client_->write_register(0x42, 7)) << "a write is posted";
    EXPECT_TRUE(client_->read_register(0x40)) << "and the link lives on";
    finish();
    EXPECT_EQ(server_.counters().refused, 3u);
    EXPECT_EQ(server_.counters().writes, 0u);
}

TEST(link_server, nothing_is_answered_before_hello) {
    SocketPair sockets;
    RamDevice device;
    LinkServer server(std::move(sockets.card));
    const Message read{.kind = MessageKind::read, .sequence = 7};
    ASSERT_EQ(::send(sockets.host.get(), &read, sizeof read, 0), ssize_t{sizeof read});
    EXPECT_EQ(server.service(device), LinkServer::Peer::attached);
    Message reply;
    ASSERT_EQ(::recv(sockets.host.get(), &reply, sizeof reply, 0), ssize_t{sizeof reply});
    EXPECT_EQ(reply.kind, MessageKind::refused);
    EXPECT_EQ(reply.sequence, 7u);
    EXPECT_EQ(reply.value, static_cast<std::uint64_t>(Refusal::no_hello));
}

TEST(link_server, another_version_is_refused) {
    SocketPair sockets;
    RamDevice device;
    LinkServer server(std::move(sockets.card));
    const Message hello{.kind = MessageKind::hello,
                        .sequence = 1,
                        .address = kLinkMagic,
                        .value = kLinkVersion + 1};
    ASSERT_EQ(::send(sockets.host.get(), &hello, sizeof hello, 0), ssize_t{sizeof hello});
    EXPECT_EQ(server.service(device), LinkServer::Peer::attached);
    Message reply;
    ASSERT_EQ(::recv(sockets.host.get(), &reply, sizeof reply, 0), ssize_t{sizeof reply});
    EXPECT_EQ(reply.value, static_cast<std::uint64_t>(Refusal::wrong_version));
}

TEST(link_server, empty_packet_is_not_the_end) {
    SocketPair sockets;
    RamDevice device;
    LinkServer server(std::move(sockets.card));
    ASSERT_EQ(::send(sockets.host.get(), nullptr, 0, 0), 0);
    EXPECT_EQ(server.service(device), LinkServer::Peer::attached);
    EXPECT_EQ(server.counters().refused, 1u);
    sockets.host = kernel::UniqueFd();
    EXPECT_EQ(server.service(device), LinkServer::Peer::gone);
}

int open_descriptors() {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) {
        count += ::fcntl(fd, F_GETFD) != -1;
    }
    return count;
}

TEST(link_server, noise_is_refused_and_leaks_no_descriptor) {
    SocketPair sockets;
    RamDevice device;
    LinkServer server(std::move(sockets.card));
    const auto memory = make_memory(4096);
    const int before = open_descriptors();
    const auto seed = static_cast<std::uint32_t>(testing::UnitTest::GetInstance()->random_seed());
    RecordProperty("seed", std::to_string(seed));
    std::mt19937 random(seed);
    for (int i = 0; i < 5000; ++i) {
        std::uint8_t noise[96];
        for (auto& byte : noise) {
            byte = static_cast<std::uint8_t>(random());
        }
        if (random() % 2 == 0) {  // Half of them get past the first look.
            noise[0] = static_cast<std::uint8_t>(random() % 12);
            noise[1] = noise[2] = noise[3] = 0;
        }
        iovec data{.iov_base = noise,
                   .iov_len = random() % 2 == 0 ? sizeof(Message) : random() % sizeof noise};
        alignas(cmsghdr) std::byte control[CMSG_SPACE(3 * sizeof(int))] = {};
        msghdr header{};
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        const std::size_t descriptors = random() % 4;
        if (descriptors > 0) {
            header.msg_control = control;
            header.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
            cmsghdr* rights = CMSG_FIRSTHDR(&header);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
            for (std::size_t k = 0; k < descriptors; ++k) {
                const int fd = memory.get();
                std::memcpy(CMSG_DATA(rights) + k * sizeof fd, &fd, sizeof fd);
            }
        }
        ASSERT_GE(::sendmsg(sockets.host.get(), &header, MSG_NOSIGNAL), 0);
        ASSERT_EQ(server.service(device), LinkServer::Peer::attached) << "seed " << seed;
        Message reply;
        while (::recv(sockets.host.get(), &reply, sizeof reply, MSG_DONTWAIT) > 0) {
            ASSERT_EQ(reply.kind, MessageKind::refused) << "seed " << seed;
        }
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(server.counters().refused, 5000u);
    EXPECT_TRUE(device.memory.empty());
}

TEST(link_client, silent_card_is_reported_in_time) {
    SocketPair sockets;
    const auto begin = std::chrono::steady_clock::now();
    const auto client = LinkClient::attach(std::move(sockets.host));
    const auto took = std::chrono::steady_clock::now() - begin;
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().code, Code::unavailable);
    EXPECT_GE(took, kLinkTimeout);
}

}  // namespace
}  // namespace fpvs::sim::card
