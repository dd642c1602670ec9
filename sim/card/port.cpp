// SPDX-License-Identifier: Apache-2.0
#include "sim/card/port.hpp"

#include <optional>
#include <utility>

#include "sim/card/packet_port.hpp"
#include "sim/card/pcap_port.hpp"
#include "sim/card/tap_port.hpp"

namespace fpvs::sim::card {
namespace {

class NoPort final : public Port {
  public:
    NoPort() : Port("none") {}
    [[nodiscard]] int fd() const override { return -1; }
    [[nodiscard]] bool link_up() const override { return false; }
    [[nodiscard]] Receipt receive(Frame& /*frame*/) override { return Receipt::nothing; }
    void send(std::span<const std::uint8_t> /*frame*/, std::uint64_t /*time_ns*/) override {
        ++counters_.refused;
    }
};

// "a,b" -> a and b; without a comma, all and nothing.
std::pair<std::string, std::string> split_at(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) {
        return {std::string(text), {}};
    }
    return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

}  // namespace

Result<std::unique_ptr<Port>> open_port(std::string_view text) {
    if (text == "none") {
        return std::make_unique<NoPort>();
    }
    const auto [kind, rest] = split_at(text, ':');
    if (kind == "pcap") {
        const auto [in, out] = split_at(rest, ',');
        return PcapPort::open(std::string(text), in, out);
    }
    const auto [name, netns] = split_at(rest, '@');
    const bool names_netns = rest.find('@') != std::string::npos;
    if (name.empty() || (names_netns && netns.empty()) || (kind != "tap" && kind != "veth")) {
        return fail(Code::invalid_argument,
                    "'{}' is no port: tap:NAME[@NETNS], veth:NAME[@NETNS], pcap:IN,OUT or none",
                    text);
    }
    return kind == "tap" ? TapPort::open(std::string(text), name, netns)
                         : PacketPort::open(std::string(text), name, netns);
}

Result<std::vector<std::string>> split_ports(std::string_view text) {
    std::vector<std::string> ports;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(';'), text.size());
        ports.emplace_back(end == 0 ? "none" : text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (ports.size() > kPorts) {
        return fail(Code::invalid_argument,
                    "{} ports are named, the card has {}",
                    ports.size(),
                    static_cast<int>(kPorts));
    }
    ports.resize(kPorts, "none");
    return ports;
}

}  // namespace fpvs::sim::card
