// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/sched/player.hpp"

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

#include "host/cli/run.hpp"

namespace fpvs::test {
namespace {

using nlohmann::json;

// The scenario's beginning on the engine's clock.
constexpr std::chrono::milliseconds kStart(1'000'000);
constexpr std::chrono::milliseconds kSampleInterval(2000);

Moment moment_of(const json& seconds) {
    return Moment(std::llround(seconds.get<double>() * 1000));
}

const std::map<std::string, std::uint8_t>& flags_by_op() {
    using namespace engine::tcp_flag;
    constexpr std::uint8_t kPsh = 0x08;
    static const std::map<std::string, std::uint8_t> kFlags = {{"open", kSyn},
                                                               {"syn", kSyn},
                                                               {"fin", kFin | kAck},
                                                               {"rst", kRst},
                                                               {"ack", kAck},
                                                               {"data", kPsh | kAck},
                                                               {"udp", std::uint8_t{0}}};
    return kFlags;
}

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(" \n");
    const std::size_t last = text.find_last_not_of(" \n");
    return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::string apart(const std::string& what, const json& recorded, const json& ours) {
    return recorded == ours
               ? ""
               : fmt::format("  {}: recorded {}, ours {}\n", what, recorded.dump(), ours.dump());
}

}  // namespace

Player::Player(const json& scenario, Moment sampled) : scenario_(scenario) {
    for (const auto& [name, address] : scenario.at("servers").items()) {
        names_[address.get<std::string>()] = name;
    }
    const auto phase = sampled % kSampleInterval;
    advance(phase - kSampleInterval);
}

std::string Player::set_up() {
    // What the kernel refused it refused with these words.
    json recorded = scenario_.value("setup_errors", json::array());
    for (const auto& command : scenario_.at("setup")) {
        const Reply reply = run(command);
        if (reply.exit_code == 0) {
            continue;
        }
        if (recorded.empty() || recorded.front() != trimmed(reply.text)) {
            return trimmed(reply.text);
        }
        recorded.erase(recorded.begin());
    }
    watch();
    return recorded.empty() ? "" : "it was refused: " + recorded.front().get<std::string>();
}

Player::Reply Player::run(const std::string& command) {
    std::istringstream stream(command);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    words.erase(words.begin());  // The program's name.
    std::istringstream in;
    std::ostringstream out;
    cli::Environment environment{
        .socket_path = server_.path(), .names = table_names_, .in = in, .out = out, .err = out};
    const int exit_code = cli::run(words, environment);
    return {exit_code, out.str()};
}

std::string Player::play(const json& step) {
    advance(moment_of(step.at("t")));
    const auto op = step.at("op").get<std::string>();
    std::string differences;
    if (op == "cmd") {
        const Reply reply = run(step.at("cmd"));
        differences = apart("exit code", step.at("rc"), reply.exit_code) +
                      apart("output", step.at("out"), trimmed(reply.text));
    } else if (op == "sysctl") {
        const auto set =
            operations_.engine.set(step.at("key").get<std::string>(), step.at("value").get<int>());
        differences = set ? "" : "  " + set.error().message + "\n";
    } else if (op == "conns") {
        differences = connections_apart(step.at("conns"));
    } else if (op != "wait") {
        differences = send_all(op, step);
    }
    watch();
    return differences + apart("table", step.at("table"), table());
}

void Player::advance(Moment moment) {
    constexpr std::size_t kBudget = 1000;
    constexpr std::chrono::milliseconds kStep(500);  // A worker never sleeps for longer.
    const provider::Nanoseconds target =
        std::max<provider::Nanoseconds>(operations_.now, kStart + moment);
    do {
        operations_.now = operations_.now < kStart - kSampleInterval
                              ? target
                              : std::min<provider::Nanoseconds>(operations_.now + kStep, target);
        while (operations_.engine.expire(operations_.now, kBudget)) {
        }
    } while (operations_.now < target);
}

// The kernel got an opening's two packets one after the other; its table was read after them.
std::string Player::send_all(const std::string& op, const json& step) {
    if (flags_by_op().count(op) == 0) {
        return fmt::format("  the operation {} is not known\n", op);
    }
    std::string differences = apart("server", step.at("server"), send(step, flags_by_op().at(op)));
    if (op == "open") {
        watch();
        constexpr Moment kBetween(1);
        const json server = step.value("ack_server", step.at("server"));
        advance(moment_of(step.at("t")) + kBetween);
        differences += apart("server of the ACK", server, send(step, flags_by_op().at("ack")));
    }
    return differences;
}

json Player::send(const json& step, std::uint8_t flags) {
    constexpr int kIpv4Bytes = 20;
    constexpr int kIpv6Bytes = 40;
    constexpr int kTcpBytes = 20;
    constexpr int kUdpBytes = 13;  // With "hello".
    const bool is_udp = scenario_.at("proto") == "udp";
    const std::string destination = step.contains("dip") ? step.at("dip") : scenario_.at("vip");
    const int port = step.contains("dport") ? step.at("dport") : scenario_.at("vport");
    const auto source = model::parse_address(step.at("cip").get<std::string>()).value();
    const auto& mark = scenario_.at("fwmark");
    const int length =
        (source.is_ipv4() ? kIpv4Bytes : kIpv6Bytes) + (is_udp ? kUdpBytes : kTcpBytes);
    const engine::Verdict verdict =
        operations_.engine.handle({.protocol = is_udp ? model::Protocol::udp : model::Protocol::tcp,
                                   .tcp_flags = flags,
                                   .ip_length_bytes = static_cast<std::uint16_t>(length),
                                   .source_address = source,
                                   .source_port = step.at("cport").get<std::uint16_t>(),
                                   .destination_address = model::parse_address(destination).value(),
                                   .destination_port = static_cast<std::uint16_t>(port),
                                   .firewall_mark = mark.is_null() ? 0 : mark.get<std::uint32_t>()},
                                  operations_.now);
    if (verdict.action != engine::Action::forward) {
        return nullptr;
    }
    return names_.at(to_string(verdict.server_address));
}

json Player::table() const {
    json rows = json::array();
    for (const auto& service : operations_.engine.services()) {
        for (const auto& server : service.servers) {
            rows.push_back({names_.at(to_string(server.key.address)),
                            server.settings.weight,
                            server.active_connections,
                            server.inactive_connections});
        }
    }
    return rows;
}

// A line a connection, and its seconds.
std::map<std::string, int> Player::connections() {
    std::map<std::string, int> lines;
    for (std::uint64_t cursor = 0;;) {
        constexpr std::size_t kPage = 7;  // Small, so that pages are tried too.
        const auto page = operations_.engine.connections(cursor, kPage, operations_.now);
        for (const auto& c : page.connections) {
            const bool by_mark = c.firewall_mark != 0;
            const model::IpAddress virtual_address =
                by_mark ? model::IpAddress(model::Ipv4{c.firewall_mark}) : c.virtual_address;
            lines[fmt::format("{} {}:{} {}:{} {}:{} {}",
                              by_mark                              ? "IP"
                              : c.protocol == model::Protocol::tcp ? "TCP"
                                                                   : "UDP",
                              to_string(c.client_address),
                              c.client_port,
                              to_string(virtual_address),
                              c.virtual_port,
                              to_string(c.server_address),
                              c.server_port,
                              c.state)] = static_cast<int>(c.expires_s);
        }
        cursor = page.next_cursor;
        if (cursor == 0) {
            return lines;
        }
    }
}

// The kernel's remaining seconds were read some time after its packets.
std::string Player::connections_apart(const json& recorded) {
    constexpr int kSlackSeconds = 1;
    std::map<std::string, int> ours = connections();
    std::string differences;
    for (const auto& c : recorded) {
        const auto line = fmt::format("{} {}:{} {}:{} {}:{} {}",
                                      c.at("proto").get<std::string>(),
                                      c.at("cip").get<std::string>(),
                                      c.at("cport").get<int>(),
                                      c.at("vip").get<std::string>(),
                                      c.at("vport").get<int>(),
                                      c.at("dip").get<std::string>(),
                                      c.at("dport").get<int>(),
                                      c.at("state").get<std::string>());
        const auto found = ours.find(line);
        if (found == ours.end()) {
            differences += "  no connection " + line + "\n";
            continue;
        }
        if (std::abs(found->second - c.at("expires").get<int>()) > kSlackSeconds) {
            differences += fmt::format("  {}: recorded {} s, ours {} s\n",
                                       line,
                                       c.at("expires").get<int>(),
                                       found->second);
        }
        ours.erase(found);
    }
    for (const auto& [line, seconds] : ours) {
        differences += "  not recorded: connection " + line + "\n";
    }
    return differences;
}

void Player::watch() {
    if (!watching_) {
        return;
    }
    std::string exact = run("ipvsadm -Ln --stats --exact").text;
    if (totals_.empty() || totals_.back().exact != exact) {
        // What is sampled at the moment of a packet is sampled before it.
        const auto now = std::chrono::duration_cast<Moment>(operations_.now) - kStart;
        totals_.push_back({now + Moment(1), std::move(exact), run("ipvsadm -Ln --stats").text});
    }
}

}  // namespace fpvs::test
