// SPDX-License-Identifier: Apache-2.0
#include "sim/card/pcap_port.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace fpvs::sim::card {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kEthernet = 1;
constexpr std::uint32_t kSnapLength = 65535;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

struct FileHeader {
    std::uint32_t magic = kNanoseconds;
    std::uint16_t version_major = 2;
    std::uint16_t version_minor = 4;
    std::uint32_t zone = 0;
    std::uint32_t accuracy = 0;
    std::uint32_t snap_length = kSnapLength;
    std::uint32_t link_type = kEthernet;
};
static_assert(sizeof(FileHeader) == 24);

struct RecordHeader {
    std::uint32_t seconds = 0;
    std::uint32_t fraction = 0;
    std::uint32_t captured_bytes = 0;
    std::uint32_t original_bytes = 0;
};
static_assert(sizeof(RecordHeader) == 16);

template <class Header>
bool read(std::istream& file, Header& header) {
    return static_cast<bool>(file.read(reinterpret_cast<char*>(&header), sizeof header));
}

// A capture is written in its writer's byte order; the magic tells which.
std::uint32_t ordered(std::uint32_t value, bool swapped) {
    return swapped ? __builtin_bswap32(value) : value;
}

Result<std::vector<Frame>> read_frames(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(
            Error{Code::not_found, fmt::format("cannot open: {}", std::strerror(errno)), path});
    }
    FileHeader header;
    if (!read(file, header)) {
        return fail(Error{Code::invalid_argument, "too short for a capture file", path});
    }
    const bool swapped = header.magic == __builtin_bswap32(kMicroseconds) ||
                         header.magic == __builtin_bswap32(kNanoseconds);
    const std::uint32_t magic = ordered(header.magic, swapped);
    if (magic != kMicroseconds && magic != kNanoseconds) {
        return fail(Error{Code::invalid_argument,
                          "not a pcap file (pcapng: convert with `tcpdump -r IN -w OUT`)",
                          path});
    }
    if (ordered(header.link_type, swapped) != kEthernet) {
        return fail(Error{Code::invalid_argument, "not a capture of Ethernet frames", path});
    }
    std::vector<Frame> frames;
    RecordHeader record;
    while (read(file, record)) {
        const std::uint32_t captured = ordered(record.captured_bytes, swapped);
        if (captured != ordered(record.original_bytes, swapped) || captured == 0 ||
            captured > abi::kFrameBytesMax) {
            return fail(Error{Code::invalid_argument,
                              fmt::format("frame {} was cut when it was captured, or is longer "
                                          "than a MAC takes",
                                          frames.size() + 1),
                              path});
        }
        Frame frame(captured);
        if (!file.read(reinterpret_cast<char*>(frame.data()), captured)) {
            return fail(Error{Code::invalid_argument,
                              fmt::format("ends within frame {}", frames.size() + 1),
                              path});
        }
        frames.push_back(std::move(frame));
    }
    return frames;
}

Result<kernel::UniqueFd> create(const std::string& path) {
    kernel::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    const FileHeader header;
    if (!file.valid() || ::write(file.get(), &header, sizeof header) != sizeof header) {
        return fail(
            Error{Code::unavailable, fmt::format("cannot write: {}", std::strerror(errno)), path});
    }
    return file;
}

}  // namespace

Result<std::unique_ptr<Port>> PcapPort::open(std::string text,
                                             const std::string& in,
                                             const std::string& out) {
    std::vector<Frame> frames;
    kernel::UniqueFd file;
    if (!in.empty()) {
        FPVS_TRY(frames, read_frames(in));
    }
    if (!out.empty()) {
        FPVS_TRY(file, create(out));
    }
    return std::unique_ptr<Port>(new PcapPort(std::move(text), std::move(frames), std::move(file)));
}

Port::Receipt PcapPort::receive(Frame& frame) {
    if (next_ == frames_.size()) {
        return Receipt::nothing;
    }
    frame = frames_[next_++];
    ++counters_.received;
    return Receipt::frame;
}

void PcapPort::send(std::span<const std::uint8_t> frame, std::uint64_t time_ns) {
    const auto bytes = static_cast<std::uint32_t>(frame.size());
    RecordHeader record{.seconds = static_cast<std::uint32_t>(time_ns / kNanosecondsPerSecond),
                        .fraction = static_cast<std::uint32_t>(time_ns % kNanosecondsPerSecond),
                        .captured_bytes = bytes,
                        .original_bytes = bytes};
    const iovec parts[] = {{&record, sizeof record},
                           {const_cast<std::uint8_t*>(frame.data()), frame.size()}};
    const auto wanted = static_cast<ssize_t>(sizeof record + frame.size());
    const bool taken = out_.valid() && ::writev(out_.get(), parts, std::size(parts)) == wanted;
    ++(taken ? counters_.sent : counters_.refused);
}

}  // namespace fpvs::sim::card
