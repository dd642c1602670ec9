// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/mark_rules.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "host/model/limits.hpp"
#include "host/provider/network_port.hpp"

namespace fpvs::slowpath {
namespace {

std::optional<std::uint16_t> port_of(std::string_view interface) {
    return interface == "ens160" ? std::optional<std::uint16_t>(3) : std::nullopt;
}

std::unique_ptr<const MarkRules> make(const std::vector<model::MarkRule>& rules) {
    return std::move(MarkRules::make(rules, port_of).value());
}

engine::Packet packet(std::string_view source = "10.0.0.2",
                      std::string_view destination = "10.0.0.100",
                      std::uint16_t port = 80) {
    return {.source_address = *model::parse_address(source),
            .source_port = 30000,
            .destination_address = *model::parse_address(destination),
            .destination_port = port};
}

model::Prefix prefix(std::string_view text) {
    return *model::parse_prefix(text);
}

TEST(mark_rules, none_give_no_mark) {
    const auto rules = make({});
    EXPECT_TRUE(rules->empty());
    EXPECT_EQ(rules->mark_of(packet(), {}), 0U);
}

TEST(mark_rules, the_first_that_fits_counts) {
    const auto rules = make({{.mark = 1, .first_port = 443, .last_port = 443},
                             {.mark = 2, .destination = prefix("10.0.0.0/24")},
                             {.mark = 3}});
    EXPECT_EQ(rules->mark_of(packet("10.0.0.2", "10.0.0.100", 443), {}), 1U);
    EXPECT_EQ(rules->mark_of(packet(), {}), 2U);
    EXPECT_EQ(rules->mark_of(packet("10.0.0.2", "10.0.1.100"), {}), 3U);
}

TEST(mark_rules, a_range_has_both_its_ends) {
    const auto rules = make({{.mark = 1, .first_port = 1000, .last_port = 1999}});
    for (const auto& [port, mark] : std::vector<std::pair<std::uint16_t, std::uint32_t>>{
             {999, 0}, {1000, 1}, {1999, 1}, {2000, 0}}) {
        EXPECT_EQ(rules->mark_of(packet("10.0.0.2", "10.0.0.100", port), {}), mark) << port;
    }
}

TEST(mark_rules, every_condition_counts) {
    const auto rules = make({{.mark = 1,
                              .destination = prefix("10.0.0.100/32"),
                              .source = prefix("10.0.0.0/30"),
                              .protocol = model::Protocol::udp,
                              .first_port = 53,
                              .last_port = 53,
                              .interface = "ens160",
                              .vlan = 7}});
    engine::Packet fits = packet("10.0.0.2", "10.0.0.100", 53);
    fits.protocol = model::Protocol::udp;
    const Arrival arrival{.port = 3, .vlan = 7};
    EXPECT_EQ(rules->mark_of(fits, arrival), 1U);
    EXPECT_EQ(rules->mark_of(fits, {.port = 2, .vlan = 7}), 0U);
    EXPECT_EQ(rules->mark_of(fits, {.port = 3, .vlan = 8}), 0U);
    EXPECT_EQ(rules->mark_of(fits, {.port = 3, .vlan = {}}), 0U);
    engine::Packet other = fits;
    other.protocol = model::Protocol::tcp;
    EXPECT_EQ(rules->mark_of(other, arrival), 0U);
    other = fits;
    other.destination_port = 54;
    EXPECT_EQ(rules->mark_of(other, arrival), 0U);
    other = fits;
    other.source_address = *model::parse_address("10.0.0.4");
    EXPECT_EQ(rules->mark_of(other, arrival), 0U);
    other = fits;
    other.destination_address = *model::parse_address("10.0.0.101");
    EXPECT_EQ(rules->mark_of(other, arrival), 0U);
}

TEST(mark_rules, an_interface_that_is_no_port_fits_nothing) {
    const auto rules = make({{.mark = 1, .interface = "eth9"}});
    for (std::uint16_t port = 0; port < provider::kNetworkPortsMax; ++port) {
        EXPECT_EQ(rules->mark_of(packet(), {.port = port, .vlan = {}}), 0U);
    }
}

TEST(mark_rules, families_are_told_apart) {
    const auto rules = make(
        {{.mark = 4, .destination = prefix("0.0.0.0/0")}, {.mark = 6, .source = prefix("::/0")}});
    EXPECT_EQ(rules->mark_of(packet(), {}), 4U);
    EXPECT_EQ(rules->mark_of(packet("fd00::1", "fd00::2"), {}), 6U);
    // The words of 1.2.3.4 are those of 102:304::.
    EXPECT_EQ(make({{.mark = 1, .destination = prefix("1.2.3.4/32")}})
                  ->mark_of(packet("fd00::1", "102:304::"), {}),
              0U);
}

TEST(mark_rules, blocks_hold_what_prefixes_contain) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    for (int i = 0; i < 20'000; ++i) {
        const bool ipv6 = random() % 2 == 0;
        model::IpAddress address =
            ipv6 ? model::IpAddress(model::Ipv6{}) : model::IpAddress(model::Ipv4{});
        const std::size_t words = ipv6 ? 4 : 1;
        for (std::size_t word = 0; word < words; ++word) {
            address.words[word] = static_cast<std::uint32_t>(random());
        }
        const auto length = static_cast<std::uint8_t>(random() % (ipv6 ? 129 : 33));
        model::Prefix block{.address = address, .length = length};
        for (std::size_t bit = length; bit < words * 32; ++bit) {
            block.address.words[bit / 32] &= ~(0x80000000U >> bit % 32);
        }
        // Near the block's end, half of them outside.
        if (length != 0) {
            const std::size_t bit = random() % (words * 32);
            address.words[bit / 32] ^= 0x80000000U >> bit % 32;
        }
        engine::Packet asked = packet();
        asked.destination_address = address;
        asked.source_address = model::IpAddress::any(address.family);
        EXPECT_EQ(make({{.mark = 1, .destination = block}})->mark_of(asked, {}),
                  block.contains(address) ? 1U : 0U)
            << model::to_string(block) << " " << model::to_string(address);
    }
}

TEST(mark_rules, mistakes_are_refused) {
    const auto code = [](const model::MarkRule& rule) {
        return MarkRules::make(std::vector{rule}, port_of).error().code;
    };
    EXPECT_EQ(code({.mark = 0}), Code::invalid_argument);
    EXPECT_EQ(code({.mark = 1, .first_port = 2, .last_port = 1}), Code::invalid_argument);
    EXPECT_EQ(code({.mark = 1, .destination = prefix("10.0.0.0/8"), .source = prefix("::/0")}),
              Code::invalid_argument);
    const std::vector<model::MarkRule> many(model::kMarkRulesMax + 1, {.mark = 1});
    EXPECT_EQ(MarkRules::make(many, port_of).error().code, Code::exhausted);
    EXPECT_TRUE(MarkRules::make(std::span(many).first(model::kMarkRulesMax), port_of));
}

}  // namespace
}  // namespace fpvs::slowpath
