// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/flow.hpp"

#include <fmt/core.h>

#include <sstream>

#include "host/util/check.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::test {
namespace {

constexpr std::size_t kSideAndColon = 2;

std::uint8_t flags_of(const std::string& event) {
    using namespace kit::tcp;
    const std::string name = event.substr(kSideAndColon);
    if (name == "SYN") {
        return kSyn;
    }
    if (name == "SYNACK") {
        return kSyn | kAck;
    }
    if (name == "FIN") {
        return kFin | kAck;
    }
    if (name == "RST") {
        return kRst;
    }
    FPVS_CHECK(name == "ACK" || name == "UDP", "the event {} is not known", event);
    return kAck;
}

// "00:59" or "14:59"
int seconds_in(const std::string& text) {
    const std::size_t colon = text.find(':');
    return std::stoi(text.substr(0, colon)) * 60 + std::stoi(text.substr(colon + 1));
}

}  // namespace

Status FlowPlayer::set_up(const FlowEnds& ends,
                          const std::string& protocol,
                          const std::string& method) {
    const auto end = [](const model::IpAddress& address, std::uint16_t port) {
        return fmt::format("{}:{}", to_string(address), port);
    };
    director_.reach({ends.client, ends.server}, addresses_);
    const std::string service = protocol + " " + end(ends.service, ends.service_port);
    FPVS_TRY_STATUS(director_.run("-C"));
    FPVS_TRY_STATUS(director_.run(fmt::format("-A {} -s rr", service)));
    return director_.run(
        fmt::format("-a {} -r {} {}", service, end(ends.server.address, ends.server_port), method));
}

void FlowPlayer::send(const FlowEnds& ends, const std::string& event) {
    const bool from_client = event.starts_with("c:");
    const Side side = from_client ? Side::client : Side::server;
    const Station& sender = from_client ? ends.client : ends.server;
    const model::IpAddress& target = from_client ? ends.service : ends.client.address;
    constexpr std::uint8_t kTcpNumber = 6;
    constexpr std::uint8_t kUdpNumber = 17;
    kit::FrameSpec spec;
    spec.destination_mac = director_.mac(side).value();
    spec.source_mac = sender.mac.value();
    spec.protocol = event.ends_with("UDP") ? kUdpNumber : kTcpNumber;
    spec.source_address = sender.address.ipv4().value;
    spec.destination_address = target.ipv4().value;
    spec.source_port = from_client ? ends.client_port : ends.server_port;
    spec.destination_port = from_client ? ends.service_port : ends.client_port;
    spec.tcp_flags = flags_of(event);
    spec.payload_bytes = 0;
    director_.receive(side, kit::build_frame(spec));
}

std::optional<ConnectionRow> FlowPlayer::connection(const FlowEnds& ends) const {
    const std::string client =
        fmt::format("{}:{}", to_string(ends.client.address), ends.client_port);
    std::istringstream lines(director_.listing("-Lnc"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        ConnectionRow row;
        std::string expires;
        std::string source;
        std::string service;
        words >> row.protocol >> expires >> row.state >> source >> service >> row.server;
        if (source == client) {
            row.expires_s = seconds_in(expires);
            return row;
        }
    }
    return std::nullopt;
}

ServerRow FlowPlayer::server() const {
    ServerRow row;
    std::istringstream lines(director_.listing("-Ln"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string arrow;
        std::string address;
        std::string method;
        int weight = 0;
        ServerRow found;
        if (words >> arrow >> address >> method >> weight >> found.active >> found.inactive &&
            arrow == "->") {
            row = found;
        }
    }
    return row;
}

}  // namespace fpvs::test
