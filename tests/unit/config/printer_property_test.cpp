// SPDX-License-Identifier: Apache-2.0
// parse(print(config)) == config, for random configurations that a file can say.
// rapidcheck prints the seed of a failure; RC_PARAMS="seed=..." repeats it.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/config/parser.hpp"
#include "host/config/printer.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {
namespace {

template <class Number>
Number number(std::uint64_t min, std::uint64_t max) {
    return static_cast<Number>(*rc::gen::inRange<std::uint64_t>(min, max + 1));
}

bool coin() {
    return *rc::gen::arbitrary<bool>();
}

// Any bytes but NUL and line ends: quoting must carry all of them.
std::string text(std::size_t octets_max) {
    auto octet =
        rc::gen::map(rc::gen::inRange(1, 256), [](int value) { return static_cast<char>(value); });
    return *rc::gen::resize(static_cast<int>(octets_max), rc::gen::container<std::string>(octet));
}

std::string interface_name(const std::string& prefix) {
    return prefix + std::to_string(number<unsigned>(0, 99));
}

model::IpAddress address_of(model::Family family, std::uint32_t index) {
    if (family == model::Family::ipv4) {
        return model::Ipv4{0x0a000000 + index};
    }
    return model::Ipv6{{0xfe800000, 0, 0, index}};
}

model::VirtualAddress virtual_address(model::Family family, std::uint32_t index) {
    return {.address = address_of(family, index),
            .prefix_length = number<std::uint8_t>(0, family == model::Family::ipv4 ? 32 : 128),
            .interface = coin() ? interface_name("vlan") : ""};
}

model::Family family() {
    return coin() ? model::Family::ipv4 : model::Family::ipv6;
}

model::VrrpAnnouncements announcements() {
    model::VrrpAnnouncements result;
    for (std::uint32_t* const count :
         {&result.repeat, &result.refresh_repeat, &result.lower_priority_repeat}) {
        *count = number<std::uint32_t>(1, 1000);
    }
    for (std::uint32_t* const seconds :
         {&result.delay_s, &result.refresh_s, &result.lower_priority_delay_s}) {
        *seconds = number<std::uint32_t>(0, 86'400);
    }
    return result;
}

model::Script maybe_script();

model::VrrpNotify notify() {
    model::VrrpNotify result;
    for (model::Script* const script : {&result.any,
                                        &result.master,
                                        &result.backup,
                                        &result.fault,
                                        &result.stop,
                                        &result.deleted,
                                        &result.lower_priority}) {
        *script = maybe_script();
    }
    result.tells_deleted = result.deleted.given() || coin();
    result.tells_priority = coin();
    return result;
}

constexpr const char* kTrackFile = "the file";
constexpr const char* kScript = "the script";
constexpr const char* kProcess = "a process";

std::vector<model::VrrpTrack> tracks(bool weights) {
    std::vector<model::VrrpTrack> result;
    for (auto count = number<unsigned>(0, 4); count > 0; --count) {
        model::VrrpTrack track;
        track.kind = static_cast<model::TrackKind>(number<unsigned>(0, 3));
        constexpr const char* kNames[] = {"eth7", kScript, kTrackFile, kProcess};
        track.name = kNames[static_cast<int>(track.kind)];
        track.weight = {.factor = weights ? *rc::gen::inRange(-253, 254) : 0, .reverse = coin()};
        result.push_back(track);
    }
    return result;
}

model::VrrpScript vrrp_script() {
    return {.name = kScript,
            .script = {.arguments = {"/" + text(4), text(3)}, .user = "u" + text(3)},
            .interval_ms = number<std::uint32_t>(1, 5000),
            .timeout_ms = number<std::uint32_t>(0, 3),
            .rise = number<std::uint32_t>(1, 9),
            .fall = number<std::uint32_t>(1, 9),
            .weight = {.factor = *rc::gen::inRange(-253, 254), .reverse = coin()},
            .fails_at_first = coin()};
}

model::VrrpProcess vrrp_process() {
    model::VrrpProcess process{.name = kProcess, .command = {text(5)}};
    if (coin()) {
        process.command.push_back(text(3));
    }
    process.match = static_cast<model::ParameterMatch>(number<unsigned>(0, 2));
    process.match_parameters =
        process.command.size() > 1 || process.match != model::ParameterMatch::whole || coin();
    process.full_command = coin();
    process.quorum = number<std::uint32_t>(1, 5);
    process.quorum_max = coin() ? number<std::uint32_t>(5, 9) : model::VrrpProcess::kNoQuorumMax;
    process.fork_delay_ms = number<std::uint32_t>(0, 2500);
    process.terminate_delay_ms = number<std::uint32_t>(0, 2500);
    process.weight = {.factor = *rc::gen::inRange(-254, 255), .reverse = coin()};
    return process;
}

model::VrrpInstance vrrp_instance(unsigned index) {
    model::VrrpInstance instance;
    instance.name = text(12) + std::to_string(index);
    instance.interface = "eth" + std::to_string(index);
    instance.virtual_router_id = number<std::uint8_t>(1, 255);
    instance.priority = number<std::uint8_t>(1, 255);
    instance.family = family();
    instance.version = instance.family == model::Family::ipv6 || coin() ? 3 : 2;
    instance.advert_interval_cs = instance.version == 3 ? number<std::uint32_t>(1, 4095)
                                                        : number<std::uint32_t>(1, 255) * 100;
    instance.initial_master = coin();
    instance.preempt = instance.priority == 255 || coin();
    instance.preempt_delay_ms = instance.preempt ? number<std::uint32_t>(0, 1'000'000) : 0;
    instance.checksum_of_message_only = coin();
    instance.announcements = announcements();
    if (coin()) {
        instance.source = address_of(instance.family, 0x1000);
    }
    const auto peers = number<std::uint32_t>(0, 3);
    for (std::uint32_t i = 0; i < peers; ++i) {
        instance.unicast_peers.push_back(address_of(instance.family, 0x2000 + i));
    }
    instance.check_unicast_source = peers != 0 && coin();
    if (instance.version == 2 && coin()) {
        instance.authentication =
            coin() ? model::VrrpAuthentication::password : model::VrrpAuthentication::header;
        instance.password = text(8).substr(0, 8);
    }
    if (coin()) {
        instance.virtual_mac = {.interface = "v" + std::to_string(index),
                                .mac = {{2, 0, 0, 0, 0, number<std::uint8_t>(0, 255)}},
                                .adverts_from_base = peers != 0 || coin()};
    }
    instance.ignores_link = coin();
    instance.notify = notify();
    instance.tracks = tracks(true);
    const auto addresses = number<std::uint32_t>(0, 20);
    for (std::uint32_t i = 0; i < addresses; ++i) {
        instance.addresses.push_back(virtual_address(instance.family, i));
    }
    const auto excluded = number<std::uint32_t>(0, 3);
    for (std::uint32_t i = 0; i < excluded; ++i) {
        instance.excluded_addresses.push_back(virtual_address(family(), 0x3000 + i));
    }
    return instance;
}

// Of one line and not empty, as goes into a request.
std::string request_text() {
    const auto letters = number<std::size_t>(1, 8);
    std::string made;
    while (made.size() < letters) {
        made += *rc::gen::element('a', '/', '.', '%', '#', '"', '\'', '\\', '$', '{', '}', '!');
    }
    return made;
}

model::Script script() {
    model::Script script;
    for (auto words = number<unsigned>(1, 3); words > 0; --words) {
        script.arguments.push_back("/" + text(6));
    }
    if (coin()) {
        script.user = "u" + text(3);
        script.group = coin() ? "g" + text(3) : "";
    }
    return script;
}

model::Script maybe_script() {
    return coin() ? script() : model::Script{};
}

model::UrlCheck url() {
    model::UrlCheck url{.path = "/" + request_text(),
                        .virtual_host = coin() ? request_text() : "",
                        .digest = coin() ? std::string(32, 'b') : ""};
    if (coin()) {
        url.status_codes = {{.first = 200, .last = 200}, {.first = 300, .last = 399}};
    }
    if (coin()) {
        url.regex = model::RegexCheck{
            .pattern = *rc::gen::element<std::string>("a|b", "^ \\d+{", "\"[#!]$"),
            .must_not_match = coin()};
        if (coin()) {
            url.regex->options = {"caseless", "dotall"};
            url.regex->stack_start_bytes = 32;
            url.regex->stack_max_bytes = number<std::uint32_t>(32, 1 << 20);
            url.regex->min_offset = number<std::uint32_t>(0, 1000);
            url.regex->max_offset = number<std::uint32_t>(0, 1000);
        }
    }
    return url;
}

model::HttpCheck http_check() {
    model::HttpCheck check{
        .tls = coin(),
        .version = *rc::gen::element(
            model::HttpVersion::v1_0, model::HttpVersion::v1_0_close, model::HttpVersion::v1_1),
        .fast_recovery = coin()};
    check.server_name = check.tls && coin();
    check.tls_compliant = check.tls && coin();
    for (auto urls = number<unsigned>(1, 3); urls > 0; --urls) {
        check.urls.push_back(url());
    }
    return check;
}

model::UdpCheck udp_check() {
    model::UdpCheck check{.payload = {1, 0x2a, 0xff},
                          .reply_required = coin(),
                          .reply_bytes_min = number<std::uint16_t>(0, 9),
                          .reply_bytes_max = number<std::uint16_t>(9, UINT16_MAX)};
    if (check.reply_required && coin()) {
        check.reply = {{.value = 0xab, .mask = 0xff},
                       {.value = 0x0b, .mask = 0x0f},
                       {.value = 0xa0, .mask = 0xf0},
                       {.value = 0, .mask = 0}};
    }
    return check;
}

model::TrackWeight track_weight() {
    return {.factor = *rc::gen::inRange(-INT32_MAX, INT32_MAX), .reverse = coin()};
}

model::CheckDetail check_detail() {
    switch (number<unsigned>(0, 7)) {
        case 0:
            return http_check();
        case 1:
            return model::SmtpCheck{.helo_name = coin() ? request_text() : ""};
        case 2:
            return model::DnsCheck{.type = *rc::gen::element(model::DnsType::a, model::DnsType::mx),
                                   .name = "a.b."};
        case 3:
            return udp_check();
        case 4:
            return model::PingCheck{};
        case 5:
            return model::MiscCheck{.script = script(),
                                    .timeout_ms = number<std::uint32_t>(0, UINT32_MAX),
                                    .dynamic = coin()};
        default:
            return model::TcpCheck{};
    }
}

void connect_from_and_to(model::HealthCheck& check) {
    check.connect_timeout_ms = number<std::uint32_t>(1, UINT32_MAX);
    if (coin()) {
        check.connect_address = model::Ipv4{number<std::uint32_t>(0, UINT32_MAX)};
    }
    if (coin()) {
        check.connect_port = number<std::uint16_t>(1, UINT16_MAX);
    }
    if (coin()) {
        check.bind_address = model::Ipv4{number<std::uint32_t>(0, UINT32_MAX)};
        check.bind_port = number<std::uint16_t>(1, UINT16_MAX);
        check.bind_interface = interface_name("eth");
    }
    check.firewall_mark = coin() ? number<std::uint32_t>(1, UINT32_MAX) : 0;
}

model::HealthCheck health_check() {
    model::HealthCheck check;
    if (number<unsigned>(0, 7) == 0) {
        check.detail =
            model::FileCheck{.track_file = kTrackFile,
                             .weight = coin() ? std::optional(track_weight()) : std::nullopt};
        return check;
    }
    check.detail = check_detail();
    if (check.kind() != model::CheckKind::misc) {
        connect_from_and_to(check);
    }
    check.retries = number<std::uint32_t>(0, UINT32_MAX);
    check.delay_before_retry_ms = number<std::uint32_t>(0, UINT32_MAX);
    check.alpha = coin();
    if (coin()) {
        check.warmup_ms = number<std::uint32_t>(0, UINT32_MAX);
        check.log_all_failures = coin();
    }
    return check;
}

model::IpAddress address(model::Family family, std::uint32_t number) {
    return family == model::Family::ipv6 ? model::IpAddress(model::Ipv6{{0x20010db8, 0, 0, number}})
                                         : model::Ipv4{number};
}

model::Tunnel tunnel() {
    using Checksum = model::TunnelChecksum;
    switch (number<unsigned>(0, 2)) {
        case 0:
            return {};
        case 1:
            return {.kind = model::TunnelKind::gre,
                    .checksum = *rc::gen::element(Checksum::none, Checksum::checksum)};
        default:
            return {.kind = model::TunnelKind::gue,
                    .checksum = *rc::gen::element(
                        Checksum::none, Checksum::checksum, Checksum::remote_checksum),
                    .port = number<std::uint16_t>(1, UINT16_MAX)};
    }
}

model::RealServerConfig real_server(std::uint32_t index, const model::ServiceKey& service) {
    model::RealServerConfig server;
    server.settings.forwarding = *rc::gen::element(model::Forwarding::nat,
                                                   model::Forwarding::tunnel,
                                                   model::Forwarding::direct_routing,
                                                   model::Forwarding::full_nat);
    model::Family family = service.address.family;
    if (server.settings.forwarding == model::Forwarding::tunnel) {
        server.settings.tunnel = tunnel();
        family = coin() ? model::Family::ipv4 : model::Family::ipv6;
    }
    server.key.address = address(family, 0xc0000200 + index);
    const bool any_port = server.settings.forwarding == model::Forwarding::nat ||
                          server.settings.forwarding == model::Forwarding::full_nat;
    server.key.port = any_port && service.firewall_mark == 0 ? number<std::uint16_t>(0, UINT16_MAX)
                                                             : service.port;
    server.settings.weight = number<std::int32_t>(0, INT32_MAX);
    server.settings.upper_threshold = number<std::uint32_t>(0, UINT32_MAX);
    server.settings.lower_threshold = number<std::uint32_t>(0, server.settings.upper_threshold);
    for (auto checks = number<unsigned>(0, 2); checks > 0; --checks) {
        server.checks.push_back(health_check());
    }
    server.inhibit_on_failure = coin();
    server.notify_up = maybe_script();
    server.notify_down = maybe_script();
    return server;
}

// A check's own delay is one that differs from its service's.
void delay_checks(model::VirtualServiceConfig& service) {
    for (std::size_t i = 0; i < service.servers.size(); ++i) {
        for (model::HealthCheck& check : service.servers.edit(i).checks) {
            const auto own = number<std::uint32_t>(1, UINT32_MAX);
            if (check.kind() != model::CheckKind::file && own != service.delay_loop_ms && coin()) {
                check.delay_loop_ms = own;
            }
        }
    }
}

void pool(model::VirtualServiceConfig& service) {
    delay_checks(service);
    service.omega = coin();
    service.ha_suspend = coin();
    service.quorum.notify_up = maybe_script();
    service.quorum.notify_down = maybe_script();
    std::uint64_t weight = 0;
    for (const model::RealServerConfig& server : service.servers) {
        weight += static_cast<std::uint64_t>(server.settings.weight);
    }
    service.quorum.weight = number<std::uint32_t>(
        1, std::clamp<std::uint64_t>(weight, 1, static_cast<std::uint64_t>(INT32_MAX)));
    service.quorum.hysteresis = number<std::uint32_t>(0, service.quorum.weight - 1);
    if (coin()) {
        const model::RealServerConfig like = real_server(99, service.key);
        service.sorry_server = model::SorryServer{
            .key = like.key,
            .settings = {.forwarding = like.settings.forwarding, .tunnel = like.settings.tunnel},
            .inhibit = coin()};
    }
}

// Others that share its servers; their first address is the service's own.
void group(model::VirtualServiceConfig& service, std::uint32_t index) {
    service.group = "g" + std::to_string(index) + text(3);
    const auto marks = number<std::uint32_t>(0, 2);
    for (std::uint32_t i = 0; i < marks; ++i) {
        service.members.push_back({.address = model::IpAddress::any(service.key.address.family),
                                   .firewall_mark = 1000 + index * 10 + i});
    }
    if (service.key.firewall_mark != 0) {
        service.members.insert(service.members.begin(), service.key);
        return;
    }
    service.members.push_back(service.key);
    const auto addresses = number<std::uint32_t>(0, 2);
    for (std::uint32_t i = 0; i < addresses; ++i) {
        model::ServiceKey other = service.key;
        other.address.words[other.address.is_ipv4() ? 0 : 3] += 1000 + i * 100;
        service.members.push_back(other);
    }
}

model::VirtualServiceConfig virtual_service(std::uint32_t index) {
    model::VirtualServiceConfig service;
    const bool by_mark = coin() && coin();
    const model::Family family = coin() ? model::Family::ipv4 : model::Family::ipv6;
    if (by_mark) {
        service.key = {.address = model::IpAddress::any(family), .firewall_mark = index + 1};
    } else {
        service.key = {.address = address(family, 0xc6336400 + index),
                       .port = number<std::uint16_t>(0, UINT16_MAX),
                       .protocol = *rc::gen::element(
                           model::Protocol::tcp, model::Protocol::udp, model::Protocol::sctp)};
    }
    service.settings.scheduler = *rc::gen::element<std::string>("rr", "wlc", "mh", "sh", "twos");
    service.settings.hash_fallback = coin();
    service.settings.hash_port = coin();
    service.settings.third_flag = coin();
    service.settings.client_address = *rc::gen::element(
        model::ClientAddress::not_told, model::ClientAddress::toa, model::ClientAddress::proxy_v2);
    for (auto addresses = number<std::uint32_t>(0, 2); addresses > 0; --addresses) {
        service.local_addresses.push_back(address(family, 0x0a010000 + addresses));
    }
    if ((service.key.port == 0 && !by_mark) || coin()) {
        model::Persistence persistence{.timeout_s = number<std::uint32_t>(1, 2'678'400),
                                       .engine = coin() ? "sip" : ""};
        if (family == model::Family::ipv4) {
            persistence.client_mask = number<std::uint32_t>(1, UINT32_MAX);
        } else {
            persistence.client_prefix = number<std::uint8_t>(1, 128);
        }
        service.settings.persistence = persistence;
    }
    service.settings.one_packet =
        (by_mark || service.key.protocol == model::Protocol::udp) && coin();
    service.delay_loop_ms = number<std::uint32_t>(1, UINT32_MAX);
    const auto servers = number<std::uint32_t>(1, 4);
    for (std::uint32_t i = 0; i < servers; ++i) {
        service.servers.push_back(real_server(i, service.key));
    }
    pool(service);
    if (coin() && coin()) {
        group(service, index);
    }
    return service;
}

model::MarkRule mark_rule(std::uint32_t mark) {
    model::MarkRule rule{.mark = mark};
    if (coin()) {
        rule.destination = model::Prefix{.address = model::Ipv4{0x0a000000},
                                         .length = number<std::uint8_t>(8, 32)};
    } else if (coin()) {
        rule.source = model::Prefix{.address = model::Ipv6{{0x20010db8, 0, 0, 0}},
                                    .length = number<std::uint8_t>(32, 128)};
    }
    if (coin()) {
        rule.protocol =
            *rc::gen::element(model::Protocol::tcp, model::Protocol::udp, model::Protocol::sctp);
    }
    if (coin()) {
        rule.first_port = number<std::uint16_t>(1, UINT16_MAX);
        rule.last_port = number<std::uint16_t>(rule.first_port, UINT16_MAX);
    }
    rule.interface = coin() ? interface_name("ens") : "";
    if (coin()) {
        rule.vlan = number<std::uint16_t>(1, 4094);
    }
    return rule;
}

model::Announce announce() {
    model::Announce announce{.bgp_as = number<std::uint32_t>(1, UINT32_MAX)};
    if (coin()) {
        announce.route_map = interface_name("map");
        announce.vtysh = "/" + text(5);
        announce.vty_socket = "/" + text(5);
        announce.linger_ms = number<std::uint32_t>(0, 3'600'000);
        announce.look_interval_ms = number<std::uint32_t>(100, 3'600'000);
    }
    const auto addresses = number<std::uint32_t>(0, 3);
    for (std::uint32_t i = 0; i < addresses; ++i) {
        announce.always.emplace_back(model::Ipv4{0x0a000000 + i});
        announce.never.emplace_back(model::Ipv6{{0x20010db8, 0, 0, i}});
    }
    return announce;
}

model::Config random_config() {
    model::Config config;
    config.router_id = text(20);
    config.track_files = {{.name = kTrackFile, .path = "/" + text(5), .weight = track_weight()}};
    if (coin()) {
        config.scripts = {.user = "u" + text(3), .group = coin() ? "g" : "", .security = coin()};
        config.checkers = {.log_all_failures = coin(),
                           .notify_at_start = coin(),
                           .notify_fifo = coin() ? text(9) : ""};
        config.tls_client = {.password = text(4), .authorities = text(4), .key = text(4)};
        config.track_files.push_back({.name = text(5) + "2",
                                      .path = "/2",
                                      .initial = *rc::gen::inRange(-INT32_MAX, INT32_MAX),
                                      .overwrite = coin()});
    }
    config.vrrp_scripts.push_back(vrrp_script());
    config.vrrp_processes.push_back(vrrp_process());
    config.vrrp_fifos = {.vrrp = coin() ? text(6) : "", .all = text(4), .tells_on_reload = coin()};
    const auto instances = number<unsigned>(0, 3);
    for (unsigned i = 0; i < instances; ++i) {
        config.vrrp_instances.push_back(vrrp_instance(i));
    }
    if (instances > 1) {
        const bool weights = coin();
        config.vrrp_groups.push_back({.name = text(4),
                                      .members = {config.vrrp_instances[1].name},
                                      .tracks = tracks(true),
                                      .notify = notify(),
                                      .tracks_with_weights = weights});
        config.vrrp_instances[1].tracks = tracks(weights);
    }
    const auto services = number<std::uint32_t>(0, 4);
    for (std::uint32_t i = 0; i < services; ++i) {
        config.virtual_services.push_back(virtual_service(i));
    }
    const auto rules = number<std::uint32_t>(0, 3);
    for (std::uint32_t i = 0; i < rules; ++i) {
        config.mark_rules.push_back(mark_rule(i + 1));
        config.announce = announce();
        config.settings.push_back(
            {.name = "name" + std::to_string(i), .value = *rc::gen::arbitrary<std::int64_t>()});
    }
    return config;
}

RC_GTEST_PROP(Printer, WhatIsPrintedIsReadBackEqual, ()) {
    const model::Config config = random_config();
    const std::string printed = print(config);
    RC_LOG(printed);
    const auto parsed = parse(printed, "printed");
    if (!parsed) {
        RC_FAIL(parsed.error().text());
    }
    RC_ASSERT(parsed->config == config);
    RC_ASSERT(print(parsed->config) == printed);
}

TEST(Printer, TheLabsFile) {
    const auto lab = parse_file("tests/data/lab/lvs01.conf");
    ASSERT_TRUE(lab.has_value()) << lab.error().text();
    EXPECT_EQ(print(lab->config), R"(global_defs {
    router_id LVS01
}

vrrp_instance VI_1 {
    state MASTER
    interface ens160
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        192.168.113.100/32
    }
}

virtual_server 192.168.113.100 3306 {
    protocol TCP
    delay_loop 6
    lb_algo rr
    lb_kind DR
    persistence_timeout 50

    real_server 192.168.113.11 3306 {
        weight 1
        TCP_CHECK {
            connect_timeout 3
            retry 3
            delay_before_retry 3
        }
    }

    real_server 192.168.113.142 3306 {
        weight 1
        TCP_CHECK {
            connect_timeout 3
            retry 3
            delay_before_retry 3
        }
    }
}
)");
}

}  // namespace
}  // namespace fpvs::config
