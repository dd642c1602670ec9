// SPDX-License-Identifier: Apache-2.0
// Packet cases for the card's tables: what each stage must answer.
//
// The director of all cases has two ports, virtual services on 10.0.0.100 and 2001:db8::100, and
// one known client.  A case's expected output is built from scratch by the frame builder, checksums
// and all, never taken from what a dataplane said.
#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "tests/cases/case.hpp"
#include "tests/cases/director.hpp"

namespace fpvs::cases {
namespace {

using abi::Reason;
using kit::FrameBytes;
using kit::FrameSpec;

// A frame of a service by direct routing that the card forwards through a hop.
Step forwarded(const std::string& what,
               const FrameSpec& in,
               const kit::NextHopSetup& next,
               std::uint16_t server,
               std::uint16_t service = kWeb) {
    return forwarded_as(what, in, sent_by(in, next), next, {service, server});
}

Step web_forwarded(const std::string& what, const FrameSpec& in) {
    return forwarded(what, in, director().next_hops[kTwoArmed], 5);
}

Case direct_routing() {
    const auto hops = director().next_hops;
    Case one{"direct_routing", director(), {}};
    one.steps = {
        web_forwarded("two-armed", web()),
        forwarded("one-armed", web(kFlowOneArmed), hops[kOneArmed], 6),
        forwarded("udp", dns(), hops[kTwoArmed], 0, kDns),
        forwarded("largest indices",
                  with(web(kFlowMysql), [](FrameSpec& s) { s.destination_port = 3306; }),
                  hops[kTwoArmed],
                  kServerMax,
                  kMysql),
        web_forwarded("smallest TTL", with(web(), [](FrameSpec& s) { s.ttl = 2; })),
        web_forwarded("largest TTL", with(web(), [](FrameSpec& s) { s.ttl = 255; })),
        web_forwarded("type of service kept", with(web(), [](FrameSpec& s) { s.tos = 0xb9; })),
        web_forwarded("may be fragmented", with(web(), [](FrameSpec& s) { s.fragment = 0; })),
        web_forwarded("no payload", with(web(), [](FrameSpec& s) { s.payload_bytes = 0; })),
        web_forwarded("padding cut, and the frame filled with zeros",
                      with(web(),
                           [](FrameSpec& s) {
                               s.payload_bytes = 0;
                               s.padding_bytes = 6;
                           })),
        web_forwarded("a second beat of padding cut",
                      with(web(),
                           [](FrameSpec& s) {
                               s.payload_bytes = 0;
                               s.padding_bytes = 100;
                           })),
    };
    return one;
}

// Every length around the ends of beats, and the largest frames.
Case lengths() {
    Case one{"lengths", director(), {}};
    for (std::size_t payload = 0; payload <= 150; ++payload) {
        one.steps.push_back(
            web_forwarded(fmt::format("payload {}", payload),
                          with(web(), [&](FrameSpec& s) { s.payload_bytes = payload; })));
    }
    one.steps.push_back(web_forwarded("as long as the MTU",
                                      with(web(), [](FrameSpec& s) { s.payload_bytes = 1460; })));
    const auto hops = director().next_hops;
    for (const std::size_t payload : {4000, 8960, 9541, 9542}) {
        one.steps.push_back(
            forwarded(fmt::format("jumbo, payload {}", payload),
                      with(web(kFlowJumbo), [&](FrameSpec& s) { s.payload_bytes = payload; }),
                      hops[3],
                      8));
    }
    return one;
}

std::uint16_t checksum_of(const FrameBytes& frame) {
    return static_cast<std::uint16_t>(frame.at(24) << 8 | frame.at(25));
}

// Every hundredth identification, and those that make the checksum a corner of the decrement: its
// carry and its two zeros.
Case checksums() {
    constexpr std::uint16_t kCorners[] = {
        0x0000, 0x0001, 0x00ff, 0x0100, 0xfefe, 0xfeff, 0xff00, 0xff01, 0xfffe};
    Case one{"checksums", director(), {}};
    for (int identification = 0; identification < 0x10000; ++identification) {
        const FrameSpec spec = with(web(), [&](FrameSpec& s) {
            s.identification = static_cast<std::uint16_t>(identification);
        });
        const std::uint16_t checksum = checksum_of(kit::build_frame(spec));
        const bool corner =
            std::find(std::begin(kCorners), std::end(kCorners), checksum) != std::end(kCorners);
        if (corner || identification % 251 == 0) {
            one.steps.push_back(web_forwarded(fmt::format("checksum {:04x}", checksum), spec));
        }
    }
    return one;
}

Case vlan() {
    const auto hops = director().next_hops;
    Case one{"vlan", director(), {}};
    const FrameSpec tagged = with(web(kFlowTagged), [](FrameSpec& s) { s.vlan_tci = 42; });
    const auto twice = [](FrameSpec& s) {
        s.vlan_tci = 42;
        s.outer_vlan_tci = 7;
    };
    one.steps = {
        forwarded("id replaced", tagged, hops[kTagged], 7),
        forwarded("priority goes",
                  with(tagged, [](FrameSpec& s) { s.vlan_tci = 0xb000 | 42; }),
                  hops[kTagged],
                  7),
        forwarded("tag added", web(kFlowTagged), hops[kTagged], 7),
        forwarded("tag added in two beats",
                  with(web(kFlowTagged), [](FrameSpec& s) { s.payload_bytes = 60; }),
                  hops[kTagged],
                  7),
        web_forwarded("tag removed", with(web(), [](FrameSpec& s) { s.vlan_tci = 42; })),
        web_forwarded("two tags removed", with(web(), twice)),
        forwarded("two tags become one", with(web(kFlowTagged), twice), hops[kTagged], 7),
        settled("three tags",
                with(web(),
                     [&](FrameSpec& s) {
                         twice(s);
                         s.ether_type = 0x8100;
                     }),
                Reason::vlan_stacked),
    };
    for (std::size_t payload = 0; payload <= 140; ++payload) {
        one.steps.push_back(forwarded(
            fmt::format("two tags become one, payload {}", payload),
            with(with(web(kFlowTagged), twice), [&](FrameSpec& s) { s.payload_bytes = payload; }),
            hops[kTagged],
            7));
    }
    return one;
}

Case ip_options() {
    Case one{"ip_options", director(), {}};
    const std::vector<std::uint8_t> router_alert = {0x94, 0x04, 0x00, 0x00};
    const std::vector<std::uint8_t> nops(40, 0x01);
    for (std::size_t count = 4; count <= 40; count += 4) {
        const std::vector<std::uint8_t> options(nops.begin(),
                                                nops.begin() + static_cast<long>(count));
        one.steps.push_back(web_forwarded(fmt::format("{} octets of no operation", count),
                                          with(web(), [&](FrameSpec& s) { s.options = options; })));
    }
    const auto odd = [&](const std::string& what, std::vector<std::uint8_t> options) {
        const FrameSpec spec = with(web(), [&](FrameSpec& s) { s.options = options; });
        one.steps.push_back(settled(what, spec, Reason::ip_options));
    };
    one.steps.push_back(web_forwarded(
        "router alert", with(web(), [&](FrameSpec& s) { s.options = router_alert; })));
    one.steps.push_back(web_forwarded("end of options",
                                      with(web(), [](FrameSpec& s) { s.options = {0, 0, 0, 0}; })));
    one.steps.push_back(web_forwarded("60-octet header and a VLAN tag do not fit one beat",
                                      with(web(), [&](FrameSpec& s) {
                                          s.options = nops;
                                          s.payload_bytes = 200;
                                      })));
    odd("record route", {7, 7, 4, 0, 0, 0, 0, 0});
    odd("timestamp", {68, 8, 5, 0, 0, 0, 0, 0});
    odd("loose source route", {131, 7, 4, 10, 0, 0, 1, 0});
    odd("something behind the end", {0, 0, 0, 0, 1, 1, 1, 1});
    odd("router alert with a value", {0x94, 0x04, 0x00, 0x01});
    odd("option beyond the header", {0x94, 0x28, 0x00, 0x00});
    return one;
}

Case not_for_the_card() {
    Case one{"not_for_the_card", director(), {}};
    const auto punt = [&](const std::string& what, Reason reason, auto change) {
        one.steps.push_back(settled(what, with(web(), change), reason));
    };
    punt("broadcast", Reason::group_address, [](FrameSpec& s) {
        s.destination_mac = 0xffffffffffff;
    });
    punt("multicast", Reason::group_address, [](FrameSpec& s) {
        s.destination_mac = 0x01005e000012;
    });
    punt("another station", Reason::other_host, [](FrameSpec& s) {
        s.destination_mac = 0x0200000000d1;
    });
    punt("ARP", Reason::not_ip, [](FrameSpec& s) { s.ether_type = 0x0806; });
    punt("IPv4 called IPv6", Reason::ip_header, [](FrameSpec& s) { s.ether_type = 0x86dd; });
    punt("802.3 length", Reason::not_ip, [](FrameSpec& s) { s.ether_type = 46; });
    punt("ICMP", Reason::icmp, [](FrameSpec& s) {
        s.protocol = 1;
        s.source_port = 0x0800;  // Type and code: an echo request.
    });
    punt("VRRP", Reason::protocol, [](FrameSpec& s) { s.protocol = 112; });
    punt("first fragment", Reason::fragment, [](FrameSpec& s) { s.fragment = 0x2000; });
    punt("middle fragment", Reason::fragment, [](FrameSpec& s) { s.fragment = 0x2010; });
    punt("last fragment", Reason::fragment, [](FrameSpec& s) { s.fragment = 0x1fff; });
    return one;
}

Case malformed() {
    Case one{"malformed", director(), {}};
    const auto bad = [&](const std::string& what, Reason reason, FrameSpec base, auto change) {
        one.steps.push_back(settled(what, with(base, change), reason));
    };
    bad("version 5", Reason::ip_header, web(), [](FrameSpec& s) { s.version = 5; });
    bad("header of 16 octets", Reason::ip_header, web(), [](FrameSpec& s) { s.header_words = 4; });
    bad("header longer than packet", Reason::ip_length, web(), [](FrameSpec& s) {
        s.header_words = 15;
        s.payload_bytes = 0;
    });
    bad("total length below header", Reason::ip_length, web(), [](FrameSpec& s) {
        s.total_length = 19;
    });
    bad("total length beyond frame", Reason::ip_length, web(), [](FrameSpec& s) {
        s.total_length = 47;
    });
    bad("total length far beyond frame", Reason::ip_length, web(), [](FrameSpec& s) {
        s.total_length = 65535;
    });
    bad("long frame is short of one octet", Reason::ip_length, web(), [](FrameSpec& s) {
        s.payload_bytes = 1000;
        s.total_length = 1041;
    });
    bad("checksum", Reason::ip_checksum, web(), [](FrameSpec& s) { s.ip_checksum = 0x1111; });
    bad("checksum of zero", Reason::ip_checksum, web(), [](FrameSpec& s) { s.ip_checksum = 0; });
    bad("TCP of 19 octets", Reason::transport_header, web(), [](FrameSpec& s) {
        s.total_length = 39;
    });
    bad("TCP header of 16", Reason::transport_header, web(), [](FrameSpec& s) {
        s.tcp_header_words = 4;
    });
    bad("TCP header beyond packet", Reason::transport_header, web(), [](FrameSpec& s) {
        s.tcp_header_words = 7;
    });
    bad("UDP of 7 octets", Reason::transport_header, dns(), [](FrameSpec& s) {
        s.total_length = 27;
    });
    bad("UDP length below its header", Reason::transport_header, dns(), [](FrameSpec& s) {
        s.udp_length = 7;
    });
    bad("UDP length beyond packet", Reason::transport_header, dns(), [](FrameSpec& s) {
        s.udp_length = 15;
    });
    return one;
}

// A frame cut at every byte of its headers.
Case truncated() {
    Case one{"truncated", director(), {}};
    const auto cut = [&](const std::string& what, const FrameBytes& whole, std::size_t l3) {
        for (std::size_t length = 1; length < whole.size(); ++length) {
            const FrameBytes frame(whole.begin(), whole.begin() + static_cast<long>(length));
            const Reason reason = length < 14        ? Reason::runt
                                  : length < l3      ? Reason::not_ip
                                  : length < l3 + 20 ? Reason::ip_header
                                                     : Reason::ip_length;
            one.steps.push_back(settled(fmt::format("{} cut to {}", what, length), frame, reason));
        }
    };
    cut("tcp", kit::build_frame(web()), 14);
    cut("udp", kit::build_frame(dns()), 14);
    cut("tagged", kit::build_frame(with(web(), [](FrameSpec& s) { s.vlan_tci = 42; })), 18);
    cut("options",
        kit::build_frame(with(web(),
                              [](FrameSpec& s) {
                                  s.vlan_tci = 42;
                                  s.options = std::vector<std::uint8_t>(40, 1);
                              })),
        18);
    return one;
}

Case misses() {
    Case one{"misses", director(), {}};
    const auto miss = [&](const std::string& what,
                          Reason reason,
                          std::optional<std::uint16_t> service,
                          FrameSpec base,
                          auto change) {
        one.steps.push_back(settled(what, with(base, change), reason, service));
    };
    miss("another address", Reason::service_miss, {}, web(), [](FrameSpec& s) {
        s.destination_address = kVip + 1;
    });
    miss("another port", Reason::service_miss, {}, web(), [](FrameSpec& s) {
        s.destination_port = 81;
    });
    miss("another protocol", Reason::service_miss, {}, dns(), [](FrameSpec& s) {
        s.destination_port = 80;
    });
    miss("same bucket, ports swapped", Reason::service_miss, {}, web(), [](FrameSpec& s) {
        s.destination_port = 80 << 8;
    });
    miss("another client", Reason::flow_miss, kWeb, web(), [](FrameSpec& s) {
        s.source_address = kClient + 1;
    });
    miss("another client port", Reason::flow_miss, kWeb, web(), [](FrameSpec& s) {
        s.source_port = 29999;
    });
    miss(
        "the client's flow to another service", Reason::flow_miss, kMysql, web(), [](FrameSpec& s) {
            s.destination_port = 3306;
        });
    miss("first packet", Reason::flow_miss, kWeb, web(1), [](FrameSpec& s) {
        s.tcp_flags = kit::tcp::kSyn;
    });
    miss("SYN on a known flow", Reason::tcp_syn, kWeb, web(), [](FrameSpec& s) {
        s.tcp_flags = kit::tcp::kSyn;
    });
    miss("TTL of one", Reason::ttl, kWeb, web(), [](FrameSpec& s) { s.ttl = 1; });
    miss("TTL of zero", Reason::ttl, kWeb, web(), [](FrameSpec& s) { s.ttl = 0; });
    miss("longer than the MTU", Reason::mtu, kWeb, web(), [](FrameSpec& s) {
        s.payload_bytes = 1461;
    });
    miss("the host's own", Reason::host_flow, kWeb, web(kFlowHost), [](FrameSpec&) {});
    miss("the director itself", Reason::method, kWeb, web(kFlowLocal), [](FrameSpec&) {});
    miss("server not there", Reason::server, kWeb, web(kFlowNoServer), [](FrameSpec&) {});
    miss("next hop not there", Reason::next_hop, kWeb, web(kFlowAbsent), [](FrameSpec&) {});
    return one;
}

Case flow_ends() {
    Case one{"flow_ends", director(), {}};
    const auto end = [&](const std::string& what, std::uint8_t flags, bool event) {
        Step step = web_forwarded(what, with(web(), [&](FrameSpec& s) { s.tcp_flags = flags; }));
        if (event) {
            step.end = kit::FlowNews{flags, kClient, kFlowWeb, kWeb, 5};
        }
        one.steps.push_back(step);
    };
    end("FIN", kit::tcp::kFin | kit::tcp::kAck, true);
    end("RST", kit::tcp::kRst, true);
    end("RST and ACK", kit::tcp::kRst | kit::tcp::kAck, true);
    end("data", kit::tcp::kPsh | kit::tcp::kAck, false);
    // The host sees a punted FIN itself.
    one.steps.push_back(settled("FIN that is punted",
                                with(web(),
                                     [](FrameSpec& s) {
                                         s.tcp_flags = kit::tcp::kFin;
                                         s.ttl = 1;
                                     }),
                                Reason::ttl,
                                kWeb));
    return one;
}

Case ports() {
    Case one{"ports", director(), {}};
    one.setup.ports[1].enabled = false;
    one.steps.push_back(settled(
        "disabled port",
        kit::build_frame(with(web(), [](FrameSpec& s) { s.destination_mac = kPortMac[1]; })),
        Reason::port_disabled,
        {},
        1));
    one.steps.push_back(settled(
        "broadcast to a disabled port",
        kit::build_frame(with(web(), [](FrameSpec& s) { s.destination_mac = 0xffffffffffff; })),
        Reason::port_disabled,
        {},
        1));
    one.steps.push_back(web_forwarded("out by a port that receives nothing", web()));
    return one;
}

Case second_port() {
    Case one{"second_port", director(), {}};
    const FrameSpec in =
        with(web(kFlowOneArmed), [](FrameSpec& s) { s.destination_mac = kPortMac[1]; });
    Step step = forwarded("in by port 1, out by port 0", in, director().next_hops[kOneArmed], 6);
    step.in.port = 1;
    one.steps = {step,
                 settled("punt names port 1",
                         kit::build_frame(with(in, [](FrameSpec& s) { s.protocol = 112; })),
                         Reason::protocol,
                         {},
                         1)};
    return one;
}

Case sizes_out_of_bounds() {
    Case one{"sizes_out_of_bounds", director(), {}};
    const FrameBytes largest =
        kit::build_frame(with(web(kFlowJumbo), [](FrameSpec& s) { s.payload_bytes = 9546; }));
    FrameBytes larger = largest;
    larger.push_back(0);
    FrameBytes much_larger = largest;
    much_larger.resize(16000);
    one.steps = {
        settled("largest frame, beyond the MTU", largest, Reason::mtu, kWeb),
        settled("one octet more", larger, Reason::oversize),
        web_forwarded("a frame behind it", web()),
        settled("far more", much_larger, Reason::oversize),
        web_forwarded("a frame behind that", web()),
        settled("one octet", FrameBytes{0x02}, Reason::runt),
        web_forwarded("a frame behind a runt", web()),
    };
    return one;
}

}  // namespace

std::vector<Case> catalogue() {
    std::vector<Case> all = {direct_routing(),
                             lengths(),
                             checksums(),
                             vlan(),
                             ip_options(),
                             not_for_the_card(),
                             malformed(),
                             truncated(),
                             misses(),
                             flow_ends(),
                             ports(),
                             second_port(),
                             sizes_out_of_bounds()};
    for (Case& one : method_cases()) {
        all.push_back(std::move(one));
    }
    for (Case& one : steer_cases()) {
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace fpvs::cases
