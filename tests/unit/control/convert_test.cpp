// SPDX-License-Identifier: Apache-2.0
#include "host/control/convert.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace fpvs::control {
namespace {

api::ServiceKey service_key(api::Protocol protocol, const std::string& address, unsigned port) {
    api::ServiceKey key;
    key.set_protocol(protocol);
    key.set_address(address);
    key.set_port(port);
    return key;
}

template <class Value>
std::string refusal(const Result<Value>& result) {
    return result ? "accepted" : result.error().message;
}

TEST(ServiceKeys, GoBothWays) {
    const model::ServiceKey key{
        .address = model::Ipv4{0x0a000001}, .port = 53, .protocol = model::Protocol::udp};
    const auto back = from_api(to_api(key));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, key);
    for (const model::ServiceKey& other :
         {model::ServiceKey{.firewall_mark = 7},
          model::ServiceKey{.address = model::IpAddress::any(model::Family::ipv6),
                            .firewall_mark = 7},
          model::ServiceKey{.address = *model::parse_address("2001:db8::1"),
                            .port = 3868,
                            .protocol = model::Protocol::sctp}}) {
        const auto again = from_api(to_api(other));
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(*again, other);
    }
}

TEST(Connections, ATemplateByMarkHasTheMarkForItsAddress) {
    const api::Connection wire = to_api(model::ConnectionView{.firewall_mark = 8});
    EXPECT_EQ(wire.protocol(), api::PROTOCOL_UNSPECIFIED);
    EXPECT_EQ(wire.virtual_address(), "0.0.0.8");
}

TEST(ServiceKeys, WhatCannotBeMeantIsRefused) {
    EXPECT_EQ(refusal(from_api(service_key(api::TCP, "zork", 80))), "'zork' is no address");
    EXPECT_EQ(refusal(from_api(service_key(api::TCP, "10.0.0.1", 65536))), "65536 is no port");
    EXPECT_EQ(refusal(from_api(service_key(api::PROTOCOL_UNSPECIFIED, "10.0.0.1", 80))),
              "A service needs a protocol");
}

TEST(ServiceSettings, PersistenceAndItsMask) {
    api::ServiceSettings wire;
    wire.set_scheduler("sh");
    wire.set_one_packet(true);
    wire.mutable_persistence()->set_timeout_s(50);
    wire.mutable_persistence()->set_client_mask("255.255.0.255");
    const auto settings = from_api(wire);
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(*settings,
              (model::ServiceSettings{
                  .scheduler = "sh",
                  .persistence = model::Persistence{.timeout_s = 50, .client_mask = 0xffff00ff},
                  .one_packet = true}));
    EXPECT_EQ(to_api(*settings, model::Family::ipv4).SerializeAsString(), wire.SerializeAsString());
    wire.mutable_persistence()->set_client_mask("64");
    wire.mutable_persistence()->set_engine("sip");
    EXPECT_EQ(from_api(wire)->persistence->client_prefix, 64);
    EXPECT_EQ(to_api(*from_api(wire), model::Family::ipv6).SerializeAsString(),
              wire.SerializeAsString());
    for (const char* mask : {"0", "129", "255.255.0", "x"}) {
        wire.mutable_persistence()->set_client_mask(mask);
        EXPECT_EQ(refusal(from_api(wire)),
                  fmt::format("'{}' is no mask and no prefix length", mask));
    }
    wire.clear_persistence();
    wire.set_scheduler_flags(2);
    wire.set_client_address(api::PROXY_V2);
    EXPECT_EQ(from_api(wire)->client_address, model::ClientAddress::proxy_v2);
    EXPECT_TRUE(from_api(wire)->hash_port);
    EXPECT_FALSE(from_api(wire)->hash_fallback);
}

TEST(ServerSettings, Methods) {
    api::ServerSettings wire;
    wire.set_weight(7);
    EXPECT_EQ(refusal(from_api(wire)),
              "A server is reached by NAT, TUNNEL, DIRECT_ROUTING or FULL_NAT");
    wire.set_forwarding(api::TUNNEL);
    EXPECT_EQ(from_api(wire)->forwarding, model::Forwarding::tunnel);
    wire.mutable_tunnel()->set_kind(api::GUE);
    wire.mutable_tunnel()->set_port(6080);
    wire.mutable_tunnel()->set_checksum(api::REMOTE_CHECKSUM);
    EXPECT_EQ(from_api(wire)->tunnel,
              (model::Tunnel{.kind = model::TunnelKind::gue,
                             .checksum = model::TunnelChecksum::remote_checksum,
                             .port = 6080}));
    EXPECT_EQ(to_api(model::ServerView{.settings = *from_api(wire)}).settings().SerializeAsString(),
              wire.SerializeAsString());
    wire.mutable_tunnel()->set_port(65536);
    EXPECT_EQ(refusal(from_api(wire)), "65536 is no port");
    wire.set_forwarding(api::NAT);
    EXPECT_EQ(from_api(wire)->forwarding, model::Forwarding::nat);
    EXPECT_EQ(from_api(wire)->weight, 7);
}

TEST(Codes, GoBothWays) {
    for (const Code code : {Code::invalid_argument,
                            Code::already_exists,
                            Code::not_found,
                            Code::failed_precondition,
                            Code::exhausted,
                            Code::unavailable,
                            Code::mismatch,
                            Code::internal}) {
        EXPECT_EQ(from_api(to_api(code)), code);
    }
}

}  // namespace
}  // namespace fpvs::control
