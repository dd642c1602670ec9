// SPDX-License-Identifier: Apache-2.0
// One recording of a real director: what was on its interface to the clients (d0) and on the one to
// the servers (d1), both directions, in order.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "host/provider/clock.hpp"
#include "tests/conformance/packets/frame_view.hpp"

namespace fpvs::test {

enum class Side : std::uint8_t { client, server };
constexpr std::array<Side, 2> kSides = {Side::client, Side::server};
constexpr std::size_t index(Side side) {
    return static_cast<std::size_t>(side);
}

struct RecordedFrame {
    provider::Nanoseconds time{};  // When the frame was read, at the latest.
    bool entered = false;          // Else it left the director.
    Frame bytes;
};

struct Recording {
    std::string name;
    std::array<model::MacAddress, 2> director;  // Its interfaces, by side.
    std::array<std::vector<RecordedFrame>, 2> frames;
    // Frames that the capture showed rewritten, because it shared their memory with the kernel, and
    // that were put back as they came.
    std::size_t restored = 0;

    [[nodiscard]] provider::Nanoseconds begin() const;
};

// The X.client-side.pcap and X.server-side.pcap of a folder, in the order in which they were made.
// `known` are the director's MAC addresses where a recording leaves them open.
[[nodiscard]] std::vector<Recording> load_recordings(const std::filesystem::path& folder,
                                                     const std::array<model::MacAddress, 2>& known);

}  // namespace fpvs::test
