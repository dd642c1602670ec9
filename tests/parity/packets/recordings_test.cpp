// SPDX-License-Identifier: Apache-2.0
// The reference itself against what a real director was recorded to send (tests/data/pkt): what is
// to be a second opinion must know the facts.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "sim/reference/director.hpp"
#include "tests/conformance/packets/host_stack.hpp"
#include "tests/conformance/packets/masks.hpp"
#include "tests/conformance/packets/recording.hpp"
#include "tests/conformance/packets/scenarios.hpp"
#include "tests/kit/frame_diff.hpp"

namespace fpvs {
namespace {

using test::Recording;
using test::Side;

constexpr const char* kFolder = "tests/data/pkt";

[[nodiscard]] reference::Address to_reference(const model::IpAddress& address) {
    return address.is_ipv4() ? reference::ipv4_address(address.words[0])
                             : reference::ipv6_address(address.words);
}
[[nodiscard]] reference::Mac to_reference(const model::MacAddress& mac) {
    return mac.octets;
}

// "10.0.0.2:80" or "[fd00::1]:80".
[[nodiscard]] reference::Endpoint endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    std::string address = text.substr(0, colon);
    std::erase_if(address, [](char letter) { return letter == '[' || letter == ']'; });
    return {to_reference(*model::parse_address(address)),
            static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
}

// The few options of ipvsadm that the scenarios use.
class Commands {
  public:
    explicit Commands(reference::Ipvs& ipvs) : ipvs_(ipvs) {}

    void run(const std::string& line) {
        std::istringstream words(line);
        std::string word;
        std::string verb;
        while (words >> word) {
            if (word == "-A" || word == "-a" || word == "-C") {
                verb = word;
            } else if (word == "-t" || word == "-u") {
                const auto at = endpoint(next(words));
                service_ = {
                    .address = at.address,
                    .port = at.port,
                    .protocol = word == "-t" ? reference::Protocol::tcp : reference::Protocol::udp};
            } else if (word == "-s") {
                service_settings_.scheduler = next(words);
            } else if (word == "-r") {
                const auto at = endpoint(next(words));
                server_ = {at.address, at.port};
                server_settings_ = {};
            } else {
                read_method(word, words);
            }
        }
        if (verb == "-A") {
            EXPECT_EQ(ipvs_.add_service(service_, service_settings_), "") << line;
        } else if (verb == "-a") {
            EXPECT_EQ(ipvs_.add_server(service_, server_, server_settings_), "") << line;
        }
    }

  private:
    static std::string next(std::istringstream& words) {
        std::string word;
        words >> word;
        return word;
    }
    void read_method(const std::string& word, std::istringstream& words) {
        reference::Tunnel& tunnel = server_settings_.tunnel;
        if (word == "-m") {
            server_settings_.forwarding = reference::Forwarding::nat;
        } else if (word == "-g") {
            server_settings_.forwarding = reference::Forwarding::direct_routing;
        } else if (word == "-i") {
            server_settings_.forwarding = reference::Forwarding::tunnel;
        } else if (word == "--tun-type") {
            tunnel.kind =
                next(words) == "gre" ? reference::Tunnel::Kind::gre : reference::Tunnel::Kind::gue;
        } else if (word == "--tun-port") {
            tunnel.port = static_cast<std::uint16_t>(std::stoi(next(words)));
        } else if (word == "--tun-csum") {
            tunnel.checksum = reference::Tunnel::Checksum::full;
        } else if (word != "--tun-nocsum") {
            ADD_FAILURE() << "unknown word " << word;
        }
    }

    reference::Ipvs& ipvs_;
    reference::ServiceId service_;
    reference::ServiceSettings service_settings_;
    reference::ServerId server_;
    reference::ServerSettings server_settings_;
};

// One recording, and the reference in the place of the director that was recorded.
class Replay {
  public:
    Replay(const Recording& recording, const test::Scenario& scenario)
        : recording_(recording),
          scenario_(scenario),
          masks_(scenario.tunnel ? scenario.server_side : test::Scenario().server_side) {
        Commands commands(director_.ipvs);
        for (const std::string& line : scenario.commands) {
            commands.run(line);
        }
        apply(scenario.settings);
        for (const Side side : test::kSides) {
            auto& port = director_.ports[static_cast<int>(side)];
            port.mac = to_reference(recording.director[index(side)]);
            for (const auto& [family, address] : addresses(side)) {
                port.addresses.push_back(to_reference(address));
                host_stack_.own(address);
            }
        }
        for (const test::Station& station : scenario.stations) {
            director_.next_hops[to_reference(station.address)] = {
                .port = static_cast<int>(station.side),
                .mac = to_reference(station.mac),
                .source = to_reference(recording.director[index(station.side)]),
                .address = to_reference(addresses(station.side).at(station.address.family))};
        }
        for (const reference::ServiceView& service : director_.ipvs.services()) {
            own_virtual_address(service.id.address);
        }
    }

    void run() {
        for (;;) {
            pass_what_left(Side::client);
            pass_what_left(Side::server);
            if (const auto side = earliest(true)) {
                enter(*side);
            } else if (const auto blocked = earliest(false)) {
                expected(*blocked).push_back(frames(*blocked)[next(*blocked)++].bytes);
            } else {
                break;
            }
        }
        for (const Side side : test::kSides) {
            compare(side);
        }
    }

    std::size_t equal = 0;
    std::size_t held_back = 0;  // Errors that the kernel's limits kept from being sent.

  private:
    [[nodiscard]] const std::map<model::Family, model::IpAddress>& addresses(Side side) const {
        return side == Side::client ? scenario_.client_side : scenario_.server_side;
    }
    [[nodiscard]] const std::vector<test::RecordedFrame>& frames(Side side) const {
        return recording_.frames[index(side)];
    }
    std::size_t& next(Side side) { return next_[index(side)]; }
    std::vector<test::Frame>& expected(Side side) { return expected_[index(side)]; }
    std::vector<test::Frame>& sent(Side side) { return sent_[index(side)]; }

    void own_virtual_address(const reference::Address& address) {
        for (const test::RecordedFrame& frame : frames(Side::client)) {
            const auto ip = test::view_ip(frame.bytes);
            if (ip && frame.entered && to_reference(ip->destination) == address) {
                host_stack_.own(ip->destination);
                return;
            }
        }
    }

    void apply(const test::Settings& settings) {
        for (const auto& [name, value] : settings) {
            if (name == "pmtu_disc") {
                director_.path_mtu_discovery = value != 0;
            } else if (name == "nat_icmp_send") {
                director_.ipvs.switches.nat_icmp_send = value != 0;
            } else {
                ADD_FAILURE() << "unknown setting " << name;
            }
        }
    }

    // A recorded frame is passed when the reference has sent as many.
    void pass_what_left(Side side) {
        while (next(side) < frames(side).size() && !frames(side)[next(side)].entered) {
            const test::Frame& frame = frames(side)[next(side)].bytes;
            if (expected(side).size() < sent(side).size()) {
                expected(side).push_back(frame);
            } else if (!host_stack_.explains(frame)) {
                return;
            }
            ++next(side);
        }
    }

    [[nodiscard]] std::optional<Side> earliest(bool entered) {
        std::optional<Side> found;
        for (const Side side : test::kSides) {
            if (next(side) < frames(side).size() && frames(side)[next(side)].entered == entered &&
                (!found || frames(side)[next(side)].time < frames(*found)[next(*found)].time)) {
                found = side;
            }
        }
        return found;
    }

    void enter(Side side) {
        ++entered_;
        for (const test::Change& change : scenario_.changes) {
            if (change.before_frame == entered_) {
                apply(change.settings);
            }
        }
        const test::RecordedFrame& frame = frames(side)[next(side)++];
        const auto now =
            std::chrono::duration_cast<std::chrono::milliseconds>(frame.time - recording_.begin());
        const reference::Outcome outcome = director_.receive(
            static_cast<int>(side), frame.bytes, static_cast<std::uint64_t>(now.count()));
        if (outcome.fate == reference::Fate::host) {
            host_stack_.handed_over(frame.bytes);
        }
        for (const reference::Frame& out : outcome.sent) {
            sent(static_cast<Side>(out.port)).push_back(out.bytes);
        }
    }

    // Theirs must be among ours in the same order; what is ours alone may only be an error that the
    // kernel held back.
    void compare(Side side) {
        auto ours = sent(side).begin();
        for (const test::Frame& theirs : expected(side)) {
            const auto found = std::find_if(ours, sent(side).end(), [&](const test::Frame& frame) {
                return frame == theirs || masks_.adapted(theirs, frame) == frame;
            });
            if (found == sent(side).end()) {
                if (host_stack_.explains(theirs)) {
                    continue;
                }
                ADD_FAILURE() << recording_.name << ": " << test::describe(theirs)
                              << (ours == sent(side).end()
                                      ? "\n"
                                      : "\n  ours: " + test::describe(*ours) + "\n" +
                                            kit::frame_diff(masks_.adapted(theirs, *ours), *ours));
                continue;
            }
            for (; ours != found; ++ours) {
                check_held_back(*ours);
            }
            masks_.settle(theirs, *found);
            ++equal;
            ++ours;
        }
        for (; ours != sent(side).end(); ++ours) {
            check_held_back(*ours);
        }
    }
    void check_held_back(const test::Frame& frame) {
        const auto ip = test::view_ip(frame);
        const bool is_error = ip && ip->is_icmp() && ip->ttl == 64;
        EXPECT_TRUE(is_error) << recording_.name << ": only ours: " << test::describe(frame);
        ++held_back;
    }

    const Recording& recording_;
    const test::Scenario& scenario_;
    reference::Director director_;
    test::Masks masks_;
    test::HostStack host_stack_;
    std::array<std::size_t, 2> next_{};
    std::array<std::vector<test::Frame>, 2> expected_;
    std::array<std::vector<test::Frame>, 2> sent_;
    std::size_t entered_ = 0;
};

TEST(ReferenceRecordings, reference_sends_what_a_real_director_sent) {
    const test::ScenarioTable table(kFolder);
    std::size_t equal = 0;
    std::size_t held_back = 0;
    const auto recordings = test::load_recordings(kFolder, table.director());
    for (const Recording& recording : recordings) {
        const auto scenario = table.scenario_of(recording);
        ASSERT_TRUE(scenario) << scenario.error().text();
        Replay replay(recording, *scenario);
        replay.run();
        equal += replay.equal;
        held_back += replay.held_back;
    }
    std::printf("%zu recordings, %zu frames equal, %zu errors that the kernel held back\n",
                recordings.size(),
                equal,
                held_back);
    EXPECT_GT(recordings.size(), 30U);
    EXPECT_GT(equal, 500U);
}

}  // namespace
}  // namespace fpvs
