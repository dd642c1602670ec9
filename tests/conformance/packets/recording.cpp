// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/recording.hpp"

#include <algorithm>
#include <map>

#include "tests/kit/pcap_reader.hpp"

namespace fpvs::test {
namespace {

constexpr std::array<std::string_view, 2> kSuffixes = {".client-side.pcap", ".server-side.pcap"};

// The director is the station that the most frames come from or go to.
model::MacAddress director_of(const std::vector<kit::TimedFrame>& frames,
                              Side side,
                              model::MacAddress known) {
    std::map<model::MacAddress, std::size_t> seen;
    for (const auto& frame : frames) {
        ++seen[source_mac(frame.bytes)];
        ++seen[destination_mac(frame.bytes)];
    }
    if (frames.empty() || seen.count(known) != 0) {
        return known;
    }
    // What begins a recording comes from a client, and goes on to a server.
    const Frame& first = frames.front().bytes;
    model::MacAddress director = side == Side::client ? destination_mac(first) : source_mac(first);
    for (const auto& [station, count] : seen) {
        if (count > seen[director]) {
            director = station;
        }
    }
    return director;
}

// Whose fragment it is.
struct DatagramKey {
    model::IpAddress source;
    std::uint16_t identification = 0;
    std::uint8_t protocol = 0;

    friend auto operator<=>(const DatagramKey&, const DatagramKey&) = default;
};

// A fragment that waits for the others shares its memory with the capture, and the kernel rewrites
// it there: what entered is read with the new MAC addresses, destination and TTL.  Another fragment
// of the datagram that was captured untouched tells what they were.
class Restorer {
  public:
    explicit Restorer(model::MacAddress director) : director_(director) {}

    // Remembers an untouched frame, or repairs a touched one; true for that.
    bool handle(Frame& frame) {
        const auto ip = view_ip(frame);
        if (!ip || ip->is_ipv6 || !ip->is_fragment()) {
            return false;
        }
        const DatagramKey key{ip->source, ip->identification, ip->protocol};
        if (destination_mac(frame) == director_ || source_mac(frame) == director_) {
            if (destination_mac(frame) == director_) {
                untouched_[key] = frame;
            }
            return false;
        }
        const auto found = untouched_.find(key);
        if (found == untouched_.end()) {
            return false;
        }
        const Frame& like = found->second;
        constexpr std::size_t kTtl = kEthernetBytes + 8;
        constexpr std::size_t kChecksum = kEthernetBytes + 10;
        constexpr std::size_t kDestination = kEthernetBytes + 16;
        std::copy_n(like.begin(), kEthernetBytes, frame.begin());
        std::copy_n(like.begin() + kDestination, 4, frame.begin() + kDestination);
        frame[kTtl] = like[kTtl];
        put_be16(frame, kChecksum, 0);
        put_be16(frame,
                 kChecksum,
                 checksum_of(std::span(frame).subspan(ip->offset, ip->payload - ip->offset)));
        return true;
    }

  private:
    model::MacAddress director_;
    std::map<DatagramKey, Frame> untouched_;
};

void add_side(Recording& recording,
              Side side,
              const std::vector<kit::TimedFrame>& frames,
              model::MacAddress known) {
    const model::MacAddress director = director_of(frames, side, known);
    recording.director[index(side)] = director;
    Restorer restorer(director);
    for (const auto& frame : frames) {
        RecordedFrame recorded{.time = frame.time, .bytes = frame.bytes};
        recording.restored += restorer.handle(recorded.bytes) ? 1 : 0;
        recorded.entered = source_mac(recorded.bytes) != director;
        recording.frames[index(side)].push_back(std::move(recorded));
    }
}

}  // namespace

provider::Nanoseconds Recording::begin() const {
    provider::Nanoseconds first = provider::Nanoseconds::max();
    for (const auto& side : frames) {
        if (!side.empty()) {
            first = std::min(first, side.front().time);
        }
    }
    return first;
}

std::vector<Recording> load_recordings(const std::filesystem::path& folder,
                                       const std::array<model::MacAddress, 2>& known) {
    if (!std::filesystem::is_directory(folder)) {
        return {};
    }
    std::map<std::string, std::array<std::vector<kit::TimedFrame>, 2>> captures;
    std::array<std::vector<kit::TimedFrame>, 2> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string file = entry.path().filename().string();
        for (const Side side : kSides) {
            const std::string_view suffix = kSuffixes[index(side)];
            if (file.ends_with(suffix)) {
                auto frames = kit::read_timed_pcap(entry.path().string());
                all[index(side)].insert(all[index(side)].end(), frames.begin(), frames.end());
                captures[file.substr(0, file.size() - suffix.size())][index(side)] =
                    std::move(frames);
            }
        }
    }
    std::vector<Recording> recordings;
    for (const auto& [name, sides] : captures) {
        Recording recording{.name = name, .director = {}, .frames = {}};
        for (const Side side : kSides) {
            // A recording alone may be too short to tell.
            const auto usual = director_of(all[index(side)], side, known[index(side)]);
            add_side(recording, side, sides[index(side)], usual);
        }
        if (recording.begin() != provider::Nanoseconds::max()) {
            recordings.push_back(std::move(recording));
        }
    }
    std::sort(recordings.begin(), recordings.end(), [](const auto& one, const auto& other) {
        return std::pair(one.begin(), one.name) < std::pair(other.begin(), other.name);
    });
    return recordings;
}

}  // namespace fpvs::test
