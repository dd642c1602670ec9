// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/card/matrix.hpp"

#include <fmt/core.h>

#include "tests/kit/frame_builder.hpp"

namespace fpvs::parity {
namespace {

using reference::Forwarding;
using reference::Protocol;
using reference::Tunnel;

constexpr std::uint16_t kClientPortNumber = 40000;
constexpr std::uint16_t kGuePort = 6080;
constexpr std::uint8_t kSctpInit = 1;
constexpr std::uint8_t kSctpCookieEcho = 10;

struct Method {
    const char* name;
    Forwarding forwarding;
    Tunnel tunnel = {};
    bool other_family = false;
};

const Method kMethods[] = {
    {"direct_routing", Forwarding::direct_routing},
    {"nat", Forwarding::nat},
    {"ipip", Forwarding::tunnel},
    {"ipip_other_family", Forwarding::tunnel, {}, true},
    {"gue", Forwarding::tunnel, {Tunnel::Kind::gue, kGuePort, Tunnel::Checksum::none}},
    {"gue_checksum", Forwarding::tunnel, {Tunnel::Kind::gue, kGuePort, Tunnel::Checksum::full}},
    {"gre", Forwarding::tunnel, {Tunnel::Kind::gre, 0, Tunnel::Checksum::none}},
    {"gre_checksum", Forwarding::tunnel, {Tunnel::Kind::gre, 0, Tunnel::Checksum::full}},
    {"local", Forwarding::local},
};

struct Kind {
    const Method& method;
    int family;
    Protocol protocol;
    bool tagged;  // The client's side; the server's is what the client's is not.
};

[[nodiscard]] World world_of(const Kind& kind) {
    World world;
    world.interfaces = {{10, kClientPort, std::nullopt, 1500},
                        {11, kServerPort, std::nullopt, 1500},
                        {12, kServerPort, std::uint16_t{100}, 1400},
                        {13, kClientPort, std::uint16_t{200}, 1300}};
    const int server_family = kind.method.other_family ? 10 - kind.family : kind.family;
    const auto client = client_address(kind.family, 0);
    const auto server = server_address(server_family, 0);
    world.stations = {
        {client, {0x02, 0, 0, 0, 1, 0}, kind.tagged ? 3u : 0u},
        {server, {0x02, 0, 0, 1, 1, 0}, kind.tagged ? 1u : 2u},
    };
    const reference::ServiceId service = {
        .address = virtual_address(kind.family), .port = kService, .protocol = kind.protocol};
    world.services = {service};
    const bool nat = kind.method.forwarding == Forwarding::nat;
    reference::ServerSettings settings;
    settings.forwarding = kind.method.forwarding;
    settings.tunnel = kind.method.tunnel;
    world.servers = {{service, {server, nat ? kNatService : kService}, settings}};
    return world;
}

[[nodiscard]] kit::Address to_kit(const reference::Address& address) {
    if (address.family == 4) {
        return address.word(0);
    }
    return {std::uint64_t{address.word(0)} << 32 | address.word(1),
            std::uint64_t{address.word(2)} << 32 | address.word(3)};
}

[[nodiscard]] std::uint64_t to_kit(const reference::Mac& mac) {
    std::uint64_t number = 0;
    for (const std::uint8_t octet : mac) {
        number = number << 8 | octet;
    }
    return number;
}

// Frames of one connection, and what is odd about some of them.
class Conversation {
  public:
    explicit Conversation(const Kind& kind) : kind_(kind), world_(world_of(kind)) {}

    [[nodiscard]] kit::FrameSpec from_client() const { return base(0, kClientPort); }
    // As the server of NAT answers.
    [[nodiscard]] kit::FrameSpec from_server() const {
        kit::FrameSpec spec = base(1, kServerPort);
        set_ends(spec, world_.servers[0].server.address, client_address(kind_.family, 0));
        spec.source_port = world_.servers[0].server.port;
        spec.destination_port = kClientPortNumber;
        return spec;
    }
    void add(const std::string& what, int port, const kit::FrameSpec& spec) {
        kit::FrameBytes frame = kit::build_frame(spec);
        if (frame.size() < 60) {
            frame.resize(60);
        }
        operations_.push_back(
            {.port = port, .bytes = std::move(frame), .pause_ms = 1, .what = what});
    }
    template <class Change>
    void client(const std::string& what, Change change) {
        kit::FrameSpec spec = from_client();
        change(spec);
        add(what, kClientPort, spec);
    }
    template <class Change>
    void server(const std::string& what, Change change) {
        kit::FrameSpec spec = from_server();
        change(spec);
        add(what, kServerPort, spec);
    }
    [[nodiscard]] const Kind& kind() const { return kind_; }
    [[nodiscard]] MatrixCase finish(const std::string& name, const std::string& about) {
        return {name, about, world_, std::move(operations_)};
    }

  private:
    [[nodiscard]] kit::FrameSpec base(std::size_t station, int port) const {
        const Station& from = world_.stations[station];
        kit::FrameSpec spec;
        spec.destination_mac = to_kit(own_mac(port));
        spec.source_mac = to_kit(from.mac);
        spec.vlan_tci = world_.interfaces[from.interface].vlan;
        spec.protocol = static_cast<std::uint8_t>(kind_.protocol);
        spec.transport_checksum.reset();
        spec.source_port = kClientPortNumber;
        spec.destination_port = kService;
        set_ends(spec, client_address(kind_.family, 0), virtual_address(kind_.family));
        return spec;
    }
    static void set_ends(kit::FrameSpec& spec,
                         const reference::Address& source,
                         const reference::Address& destination) {
        spec.ipv6 = source.family == 6;
        spec.source = to_kit(source);
        spec.destination = to_kit(destination);
        spec.source_address = source.word(0);
        spec.destination_address = destination.word(0);
    }

    Kind kind_;
    World world_;
    std::vector<FrameOperation> operations_;
};

void begin(Conversation& talk) {
    const bool nat = talk.kind().method.forwarding == Forwarding::nat;
    switch (talk.kind().protocol) {
        case Protocol::tcp:
            talk.client("data before its SYN", [](kit::FrameSpec&) {});
            talk.client("SYN", [](kit::FrameSpec& s) { s.tcp_flags = kit::tcp::kSyn; });
            if (nat) {
                talk.server("SYN and ACK", [](kit::FrameSpec& s) {
                    s.tcp_flags = kit::tcp::kSyn | kit::tcp::kAck;
                });
            }
            talk.client("ACK", [](kit::FrameSpec&) {});
            break;
        case Protocol::udp:
            talk.client("first packet", [](kit::FrameSpec&) {});
            break;
        case Protocol::sctp:
            talk.client("INIT", [](kit::FrameSpec& s) { s.sctp_chunk = kSctpInit; });
            talk.client("COOKIE ECHO", [](kit::FrameSpec& s) { s.sctp_chunk = kSctpCookieEcho; });
            break;
    }
}

void talk_in_all_sizes(Conversation& talk) {
    const bool nat = talk.kind().method.forwarding == Forwarding::nat;
    for (const std::size_t payload : {0, 1, 6, 7, 26, 70, 71, 520, 1180, 1230, 1330, 1420}) {
        const auto sized = [&](kit::FrameSpec& s) { s.payload_bytes = payload; };
        talk.client(fmt::format("{} bytes", payload), sized);
        if (nat) {
            talk.server(fmt::format("{} bytes back", payload), sized);
        }
    }
}

void be_odd(Conversation& talk) {
    talk.client("may be cut", [](kit::FrameSpec& s) {
        s.fragment = 0;
        s.payload_bytes = 1420;
    });
    talk.client("type of service, congestion experienced", [](kit::FrameSpec& s) { s.tos = 0xbb; });
    talk.client("TTL 2", [](kit::FrameSpec& s) { s.ttl = 2; });
    talk.client("TTL 1", [](kit::FrameSpec& s) { s.ttl = 1; });
    talk.client("padding", [](kit::FrameSpec& s) { s.padding_bytes = 30; });
    talk.client("wrong transport checksum",
                [](kit::FrameSpec& s) { s.transport_checksum = 0x1234; });
    talk.client("another port", [](kit::FrameSpec& s) { s.destination_port = 4711; });
    if (talk.kind().protocol == Protocol::udp && talk.kind().family == 4) {
        talk.client("no checksum", [](kit::FrameSpec& s) { s.transport_checksum = 0; });
    }
    if (talk.kind().family == 4) {
        talk.client("options of no operation", [](kit::FrameSpec& s) { s.options = {1, 1, 1, 0}; });
        talk.client("a source route", [](kit::FrameSpec& s) { s.options = {131, 3, 4, 0}; });
        talk.client("wrong header checksum", [](kit::FrameSpec& s) { s.ip_checksum = 0x4242; });
        talk.client("longer than its frame", [](kit::FrameSpec& s) { s.total_length = 900; });
    } else {
        talk.client("destination options",
                    [](kit::FrameSpec& s) { s.extension = {0, 0, 1, 4, 0, 0, 0, 0}; });
        talk.client("longer than its frame", [](kit::FrameSpec& s) { s.total_length = 900; });
    }
}

void end(Conversation& talk) {
    if (talk.kind().protocol == Protocol::tcp) {
        talk.client("SYN again", [](kit::FrameSpec& s) { s.tcp_flags = kit::tcp::kSyn; });
        talk.client("FIN",
                    [](kit::FrameSpec& s) { s.tcp_flags = kit::tcp::kFin | kit::tcp::kAck; });
        talk.client("RST", [](kit::FrameSpec& s) { s.tcp_flags = kit::tcp::kRst; });
        talk.client("data after it", [](kit::FrameSpec&) {});
    }
}

[[nodiscard]] MatrixCase conversation(const Kind& kind) {
    constexpr const char* kProtocolNames[] = {"tcp", "udp", "sctp"};
    const char* protocol = kProtocolNames[kind.protocol == Protocol::tcp   ? 0
                                          : kind.protocol == Protocol::udp ? 1
                                                                           : 2];
    Conversation talk(kind);
    begin(talk);
    talk_in_all_sizes(talk);
    be_odd(talk);
    end(talk);
    return talk.finish(
        fmt::format("{}-ipv{}-{}-{}",
                    kind.method.name,
                    kind.family,
                    protocol,
                    kind.tagged ? "tag-removed" : "tag-added"),
        fmt::format("One connection of {} over IPv{} by {}: its begin, all sizes, what is odd, "
                    "its end.  The VLAN tag of one side is {}.",
                    protocol,
                    kind.family,
                    kind.method.name,
                    kind.tagged ? "removed" : "added"));
}

}  // namespace

std::vector<MatrixCase> matrix_cases() {
    std::vector<MatrixCase> cases;
    bool tagged = false;
    for (const Method& method : kMethods) {
        for (const int family : {4, 6}) {
            for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
                tagged = !tagged;
                cases.push_back(conversation({method, family, protocol, tagged}));
            }
        }
    }
    return cases;
}

}  // namespace fpvs::parity
