// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/replay.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "tests/conformance/packets/host_stack.hpp"
#include "tests/conformance/packets/masks.hpp"
#include "tests/kit/frame_diff.hpp"

namespace fpvs::test {
namespace {

class Replay {
  public:
    Replay(const Recording& recording,
           const Scenario& scenario,
           provider::Nanoseconds start,
           Director& director)
        : recording_(recording),
          scenario_(scenario),
          start_(start),
          director_(director),
          masks_(scenario.tunnel ? scenario.server_side : Scenario().server_side) {
        for (const auto* addresses : {&scenario.client_side, &scenario.server_side}) {
            for (const auto& [family, address] : *addresses) {
                host_stack_.own(address);
            }
        }
        for (const model::IpAddress& address : virtual_addresses()) {
            host_stack_.own(address);
        }
    }

    Comparison run() {
        play();
        for (const Side side : kSides) {
            compare(side);
            comparison_.recorded[index(side)] = std::move(lane(side).expected);
            comparison_.ours[index(side)] = std::move(lane(side).sent);
        }
        comparison_.masked = masks_.counts();
        return std::move(comparison_);
    }

  private:
    struct Lane {
        std::size_t next = 0;         // Of the recorded frames.
        std::size_t left = 0;         // Of ours, those that recorded ones were matched with.
        std::vector<Frame> sent;      // What left our director.
        std::vector<Frame> expected;  // What left the recorded one, but for the kernel's own.
    };

    [[nodiscard]] const std::vector<RecordedFrame>& recorded(Side side) const {
        return recording_.frames[index(side)];
    }
    [[nodiscard]] Lane& lane(Side side) { return lanes_[index(side)]; }

    // What clients sent to is an address of the director's.
    [[nodiscard]] std::vector<model::IpAddress> virtual_addresses() const {
        std::vector<model::IpAddress> addresses;
        for (const std::string& command : scenario_.commands) {
            for (const RecordedFrame& frame : recorded(Side::client)) {
                const auto ip = view_ip(frame.bytes);
                if (ip && frame.entered &&
                    command.find(to_string(ip->destination)) != std::string::npos) {
                    addresses.push_back(ip->destination);
                }
            }
        }
        return addresses;
    }

    // ---- In order.

    void play() {
        while (true) {
            for (const Side side : kSides) {
                pass_what_left(side);
            }
            if (const auto side = earliest(true)) {
                enter(*side);
            } else if (const auto blocked = earliest(false)) {
                skip(*blocked);  // It should have left; the comparison will say so.
            } else {
                return;
            }
        }
    }

    // Frames that left the recorded director and, as many, ours.
    void pass_what_left(Side side) {
        Lane& at = lane(side);
        while (at.next < recorded(side).size() && !recorded(side)[at.next].entered) {
            const Frame& frame = recorded(side)[at.next].bytes;
            if (at.left < at.sent.size()) {
                ++at.left;
                at.expected.push_back(frame);
            } else if (host_stack_.explains(frame)) {
                ++comparison_.frames_by_kernel;
            } else {
                return;
            }
            ++at.next;
        }
    }

    // The side whose next frame entered (or left) first.
    [[nodiscard]] std::optional<Side> earliest(bool entered) {
        std::optional<Side> found;
        provider::Nanoseconds time = provider::Nanoseconds::max();
        for (const Side side : kSides) {
            const Lane& at = lane(side);
            if (at.next < recorded(side).size() && recorded(side)[at.next].entered == entered &&
                recorded(side)[at.next].time < time) {
                found = side;
                time = recorded(side)[at.next].time;
            }
        }
        return found;
    }

    void enter(Side side) {
        ++entered_;
        for (const Change& change : scenario_.changes) {
            if (change.before_frame == entered_ && !director_.set(change.settings)) {
                comparison_.differences += "a setting that changes here is not there\n";
                ++comparison_.frames_different;
            }
        }
        const RecordedFrame& frame = recorded(side)[lane(side).next++];
        director_.advance_to(start_ + (frame.time - recording_.begin()));
        director_.receive(side, frame.bytes);
        for (const Side out : kSides) {
            for (Frame& sent : director_.sent(out)) {
                lane(out).sent.push_back(std::move(sent));
            }
            for (Frame& handed_over : director_.passed_to_host(out)) {
                host_stack_.handed_over(std::move(handed_over));
            }
        }
    }

    void skip(Side side) {
        Lane& at = lane(side);
        at.expected.push_back(recorded(side)[at.next++].bytes);
    }

    // ---- Byte for byte.

    void compare(Side side) {
        const std::vector<Frame>& theirs = lane(side).expected;
        const std::vector<Frame>& ours = lane(side).sent;
        std::size_t i = 0;
        std::size_t j = 0;
        for (const auto& [same_i, same_j] : in_common(theirs, ours)) {
            tell_apart(side, theirs, i, same_i, ours, j, same_j);
            i = same_i;
            j = same_j;
            // In order, fragments must also have the identification of those before them.
            if (are_equal(theirs[i], ours[j])) {
                masks_.settle(theirs[i++], ours[j++]);
                ++comparison_.frames_equal;
            } else {
                tell_apart(side, theirs, i, i + 1, ours, j, j + 1);
                ++i;
                ++j;
            }
        }
        tell_apart(side, theirs, i, theirs.size(), ours, j, ours.size());
    }

    [[nodiscard]] bool are_equal(const Frame& theirs, const Frame& ours) {
        return theirs == ours || masks_.adapted(theirs, ours) == ours;
    }

    // The longest sequence of equal frames, as pairs of indices.
    [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> in_common(
        const std::vector<Frame>& theirs, const std::vector<Frame>& ours) {
        const std::size_t width = ours.size() + 1;
        std::vector<std::size_t> longest((theirs.size() + 1) * width, 0);
        std::vector<bool> equal(theirs.size() * width, false);
        for (std::size_t i = theirs.size(); i-- > 0;) {
            for (std::size_t j = ours.size(); j-- > 0;) {
                equal[i * width + j] = are_equal(theirs[i], ours[j]);
                longest[i * width + j] =
                    equal[i * width + j]
                        ? longest[(i + 1) * width + j + 1] + 1
                        : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
            }
        }
        std::vector<std::pair<std::size_t, std::size_t>> pairs;
        for (std::size_t i = 0, j = 0; i < theirs.size() && j < ours.size();) {
            if (equal[i * width + j] &&
                longest[i * width + j] == longest[(i + 1) * width + j + 1] + 1) {
                pairs.emplace_back(i++, j++);
            } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
                ++i;
            } else {
                ++j;
            }
        }
        return pairs;
    }

    // Frames between two equal ones: those of one side alone, and pairs that differ.
    void tell_apart(Side side,
                    const std::vector<Frame>& theirs,
                    std::size_t i,
                    std::size_t i_end,
                    const std::vector<Frame>& ours,
                    std::size_t j,
                    std::size_t j_end) {
        const char* const where = side == Side::client ? "client side" : "server side";
        for (; i < i_end || j < j_end; ++i, ++j) {
            if (i < i_end && j >= j_end && host_stack_.explains(theirs[i])) {
                ++comparison_.frames_by_kernel;
                continue;
            }
            ++comparison_.frames_different;
            if (i < i_end && j < j_end) {
                comparison_.differences +=
                    fmt::format("  {}, frame {}: {}\n            we sent: {}\n{}",
                                where,
                                i,
                                describe(theirs[i]),
                                describe(ours[j]),
                                kit::field_diff(masks_.adapted(theirs[i], ours[j]), ours[j]));
            } else if (i < i_end) {
                comparison_.differences +=
                    fmt::format("  {}, frame {} is missing: {}\n", where, i, describe(theirs[i]));
            } else {
                comparison_.differences +=
                    fmt::format("  {}, not in the recording: {}\n", where, describe(ours[j]));
            }
        }
    }

    const Recording& recording_;
    const Scenario& scenario_;
    provider::Nanoseconds start_;
    Director& director_;
    Masks masks_;
    HostStack host_stack_;
    std::array<Lane, 2> lanes_;
    std::size_t entered_ = 0;
    Comparison comparison_;
};

}  // namespace

Comparison replay(const Recording& recording,
                  const Scenario& scenario,
                  provider::Nanoseconds start,
                  Director& director) {
    return Replay(recording, scenario, start, director).run();
}

}  // namespace fpvs::test
