// SPDX-License-Identifier: Apache-2.0
// Several directors with one configuration behind routers that move flows between them.
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "tests/unit/engine/engine_kit.hpp"

namespace fpvs::engine {
namespace {

constexpr std::uint16_t kFirstPort = 20000;
constexpr std::uint16_t kClients = 4000;

struct Director {
    explicit Director(std::uint64_t seed) : engine({.connections_max = 8192, .hash_seed = seed}) {}

    void add(std::uint32_t number) {
        const auto weight = static_cast<std::int32_t>(number % 3 + 1);
        ASSERT_TRUE(engine.add_server(kWeb, server_key(number), {.weight = weight}));
    }
    void serve(const model::ServiceSettings& settings, const std::vector<std::uint32_t>& servers) {
        ASSERT_TRUE(engine.add_service(kWeb, settings));
        for (const std::uint32_t number : servers) {
            add(number);
        }
    }
    // A check fails and comes right again: the server leaves and returns, as the first of the list.
    void flap(std::uint32_t number) {
        ASSERT_TRUE(engine.delete_server(kWeb, server_key(number)));
        add(number);
    }
    // Who gets the packet; none if nobody does.
    model::IpAddress server_of(std::uint8_t flags, std::uint16_t port) {
        const Packet packet{.protocol = model::Protocol::tcp,
                            .tcp_flags = flags,
                            .ip_length_bytes = kPacketBytes,
                            .source_address = model::Ipv4{0x0a010001},
                            .source_port = port,
                            .destination_address = kWeb.address,
                            .destination_port = kWeb.port};
        const Verdict verdict = engine.handle(packet, 1000s);
        return verdict.action == Action::forward ? verdict.server_address : model::IpAddress{};
    }
    // The servers of new connections from each port.
    std::vector<model::IpAddress> survey(std::uint8_t flags) {
        std::vector<model::IpAddress> servers;
        for (std::uint16_t i = 0; i < kClients; ++i) {
            servers.push_back(server_of(flags, kFirstPort + i));
        }
        return servers;
    }

    Engine engine;
};

class Directors : public testing::TestWithParam<const char*> {
  protected:
    Directors() {
        for (Director& director : all_) {
            EXPECT_TRUE(director.engine.set("sloppy_tcp", 1));
        }
    }
    [[nodiscard]] static model::ServiceSettings settings() {
        return {.scheduler = GetParam(), .hash_port = true};
    }
    void by_address(int yes) {
        for (Director& director : all_) {
            ASSERT_TRUE(director.engine.set("tables_by_address", yes));
        }
    }

    std::array<Director, 3> all_ = {Director(1), Director(2), Director(3)};
};

TEST_P(Directors, with_the_same_file_agree_as_kernels_do) {
    for (Director& director : all_) {
        director.serve(settings(), {1, 2, 3, 4, 5});
    }
    const auto first = all_[0].survey(tcp_flag::kSyn);
    EXPECT_EQ(all_[1].survey(tcp_flag::kSyn), first);
    EXPECT_EQ(all_[2].survey(tcp_flag::kSyn), first);
}

TEST_P(Directors, a_flow_that_is_moved_finds_its_server) {
    for (Director& director : all_) {
        director.serve(settings(), {1, 2, 3, 4, 5});
    }
    const auto first = all_[0].survey(tcp_flag::kSyn);
    EXPECT_EQ(all_[1].survey(tcp_flag::kAck), first) << "never saw a SYN";
    EXPECT_EQ(all_[2].survey(tcp_flag::kAck | tcp_flag::kFin), first);
    EXPECT_EQ(all_[0].survey(tcp_flag::kAck), first) << "and back";
}

TEST_P(Directors, whose_servers_came_and_went_differently_agree_by_address) {
    by_address(1);
    all_[0].serve(settings(), {1, 2, 3, 4, 5});
    all_[1].serve(settings(), {5, 3, 1, 2, 4});
    all_[2].serve(settings(), {1, 2, 3, 4, 5});
    all_[2].flap(3);
    all_[2].flap(1);
    const auto first = all_[0].survey(tcp_flag::kSyn);
    EXPECT_EQ(all_[1].survey(tcp_flag::kAck), first);
    EXPECT_EQ(all_[2].survey(tcp_flag::kAck), first);
}

// What the setting is for, and that it can be set at any time.
TEST_P(Directors, by_the_order_of_the_list_they_do_not) {
    all_[0].serve(settings(), {1, 2, 3, 4, 5});
    all_[1].serve(settings(), {1, 2, 3, 4, 5});
    all_[1].flap(3);
    all_[2].serve(settings(), {5, 4, 3, 2, 1});
    EXPECT_NE(all_[1].survey(tcp_flag::kSyn), all_[0].survey(tcp_flag::kSyn));
    // The kernel's list has the newest first: this one's is in the order of addresses.
    const auto ascending = all_[2].survey(tcp_flag::kSyn);
    by_address(1);
    Director late(4);
    ASSERT_TRUE(late.engine.set("sloppy_tcp", 1));
    ASSERT_TRUE(late.engine.set("tables_by_address", 1));
    late.serve(settings(), {3, 1, 2, 5, 4});
    EXPECT_EQ(late.survey(tcp_flag::kSyn), ascending);
}

TEST_P(Directors, a_server_less_moves_its_own_flows_and_few_others) {
    by_address(1);
    all_[0].serve(settings(), {1, 2, 3, 4, 5});
    all_[1].serve(settings(), {1, 2, 4, 5});
    const auto before = all_[0].survey(tcp_flag::kSyn);
    const auto after = all_[1].survey(tcp_flag::kSyn);
    int moved = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        moved += before[i] != after[i] && before[i] != server_key(3).address ? 1 : 0;
    }
    if (std::string_view(GetParam()) == "mh") {
        EXPECT_LT(moved, kClients / 10);
    } else {
        EXPECT_GT(moved, kClients / 10) << "sh deals out all buckets anew";
    }
}

INSTANTIATE_TEST_SUITE_P(Tables, Directors, testing::Values("mh", "sh"), [](const auto& info) {
    return std::string(info.param);
});

}  // namespace
}  // namespace fpvs::engine
