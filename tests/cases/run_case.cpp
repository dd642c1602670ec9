// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <map>

#include "tests/cases/case.hpp"
#include "tests/kit/frame_diff.hpp"
#include "tests/kit/reason_name.hpp"

namespace fpvs::cases {
namespace {

using kit::Count;
using kit::Counts;

template <class Key>
std::map<Key, Count> change(const std::map<Key, Count>& before, const std::map<Key, Count>& after) {
    std::map<Key, Count> result;
    for (const auto& [key, count] : after) {
        const auto old = before.find(key);
        const Count base = old == before.end() ? Count{} : old->second;
        const Count delta{count.packets - base.packets, count.bytes - base.bytes};
        if (delta != Count{}) {
            result[key] = delta;
        }
    }
    return result;
}

// The length of the IP packet in a frame whose lengths are right.
std::uint64_t ip_bytes_of(const kit::FrameBytes& frame) {
    constexpr std::size_t kIpv6Bytes = 40;
    std::size_t type = 12;
    const auto number_at = [&](std::size_t at) { return frame.at(at) << 8 | frame.at(at + 1); };
    while (number_at(type) == 0x8100 || number_at(type) == 0x88a8) {
        type += kit::kVlanBytes;
    }
    const std::size_t ip = type + 2;
    return static_cast<std::uint64_t>(number_at(type) == 0x86dd ? number_at(ip + 4) + kIpv6Bytes
                                                                : number_at(ip + 2));
}

template <class Key>
void add(std::map<Key, Count>& counts, Key key, std::uint64_t bytes) {
    counts[key].packets += 1;
    counts[key].bytes += bytes;
}

Counts expected_counts(const Case& one) {
    Counts counts;
    for (const Step& step : one.steps) {
        add(counts.reasons, step.reason, step.in.frame.size());
        if (step.server) {
            auto& table = step.reason == abi::Reason::replied ? counts.replies : counts.servers;
            add(table, *step.server, ip_bytes_of(step.in.frame));
        }
        if (step.service) {
            add(counts.services, *step.service, ip_bytes_of(step.in.frame));
        }
    }
    return counts;
}

std::string compare_punted(const Step& step, const kit::Observed& observed) {
    if (observed.punted.size() != 1) {
        return fmt::format("expected a punted frame, {} were\n", observed.punted.size());
    }
    const kit::Punted& punted = observed.punted[0];
    std::string text;
    if (punted.reason != step.reason) {
        text += fmt::format("punted for {}, expected {}\n",
                            kit::reason_name(punted.reason),
                            kit::reason_name(step.reason));
    }
    if (punted.control != abi::is_control(step.reason)) {
        text += fmt::format("punted by the stream of {}\n", punted.control ? "control" : "data");
    }
    if (punted.port != step.in.port) {
        text += fmt::format("punt header names port {}\n", punted.port);
    }
    if (punted.service != step.service) {
        text += fmt::format("punt header names service {}, expected {}\n",
                            punted.service ? *punted.service : -1,
                            step.service ? *step.service : -1);
    }
    return text + kit::frame_diff(step.in.frame, punted.frame);
}

std::string text_of(const kit::FlowNews& news) {
    return fmt::format("client {:x}:{:x} port {} service {} server {} flags {:02x}{}",
                       news.client.high,
                       news.client.low,
                       news.client_port,
                       news.service,
                       news.server,
                       news.tcp_flags,
                       news.from_server ? " from the server" : "");
}

std::string compare_news(const std::string& what,
                         const std::optional<kit::FlowNews>& expected,
                         const std::vector<kit::FlowNews>& observed) {
    const auto wanted =
        expected ? std::vector<kit::FlowNews>{*expected} : std::vector<kit::FlowNews>{};
    if (observed == wanted) {
        return {};
    }
    std::string text = fmt::format("events, {}:\n", what);
    for (const kit::FlowNews& news : wanted) {
        text += "  expected " + text_of(news) + "\n";
    }
    for (const kit::FlowNews& news : observed) {
        text += "  got      " + text_of(news) + "\n";
    }
    return text;
}

std::string compare_step(const Step& step, const kit::Observed& observed) {
    const abi::Verdict verdict = abi::verdict_of(step.reason);
    std::string text;
    if (verdict == abi::Verdict::punt) {
        text += compare_punted(step, observed);
    } else if (!observed.punted.empty()) {
        text += fmt::format("punted for {}\n", kit::reason_name(observed.punted[0].reason));
    }
    if (verdict != abi::Verdict::forward) {
        if (!observed.sent.empty()) {
            text += fmt::format("sent by port {}\n", observed.sent[0].port);
        }
    } else if (observed.sent.size() != 1) {
        text += fmt::format("expected a sent frame, {} were\n", observed.sent.size());
    } else {
        if (observed.sent[0].port != step.out->port) {
            text += fmt::format("sent by port {}\n", observed.sent[0].port);
        }
        text += kit::frame_diff(step.out->frame, observed.sent[0].frame);
    }
    text += compare_news("end of a connection", step.end, observed.ends);
    text += compare_news("learned", step.learned, observed.learned);
    return text;
}

template <class Key, class Name>
std::string compare_counts(const std::map<Key, Count>& expected,
                           const std::map<Key, Count>& actual,
                           Name name) {
    std::string text;
    const auto line = [&](const Key& key) {
        const auto want = expected.find(key);
        const auto got = actual.find(key);
        const Count want_count = want == expected.end() ? Count{} : want->second;
        const Count got_count = got == actual.end() ? Count{} : got->second;
        text += fmt::format("counter of {}: expected {} packets {} bytes, got {} and {}\n",
                            name(key),
                            want_count.packets,
                            want_count.bytes,
                            got_count.packets,
                            got_count.bytes);
    };
    for (const auto& [key, count] : expected) {
        const auto got = actual.find(key);
        if (got == actual.end() || got->second != count) {
            line(key);
        }
    }
    for (const auto& [key, count] : actual) {
        if (expected.find(key) == expected.end()) {
            line(key);
        }
    }
    return text;
}

}  // namespace

std::string run_case(kit::Dataplane& dataplane, const Case& one) {
    dataplane.configure(one.setup);
    const Counts before = dataplane.counts();
    std::string text;
    for (const Step& step : one.steps) {
        const std::string wrong = compare_step(step, dataplane.run({step.in}));
        if (!wrong.empty()) {
            text += fmt::format("{}, {}, {}:\n{}in:       {}\n",
                                dataplane.name(),
                                one.name,
                                step.what,
                                wrong,
                                kit::scapy_line(step.in.frame));
        }
    }
    const Counts after = dataplane.counts();
    const Counts expected = expected_counts(one);
    text +=
        compare_counts(expected.reasons, change(before.reasons, after.reasons), kit::reason_name);
    const auto compare = [&](const char* what, auto member) {
        text += compare_counts(expected.*member,
                               change(before.*member, after.*member),
                               [&](std::uint16_t key) { return fmt::format("{} {}", what, key); });
    };
    compare("server", &Counts::servers);
    compare("replies of server", &Counts::replies);
    compare("service", &Counts::services);
    return text;
}

}  // namespace fpvs::cases
