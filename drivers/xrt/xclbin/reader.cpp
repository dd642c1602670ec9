// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt/xclbin/reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>
#include <xclbin.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "drivers/kernel/unique_fd.hpp"
#include "drivers/xrt/xclbin/format.hpp"

namespace fpvs::xrt_card {
namespace {

constexpr std::size_t kSectionTable = offsetof(axlf, m_sections);
constexpr char kMagic[8] = "xclbin2";

template <class... Args>
tl::unexpected<Error> damaged(fmt::format_string<Args...> format, Args&&... args) {
    return fail(Code::invalid_argument,
                "the xclbin is damaged: {}",
                fmt::format(format, std::forward<Args>(args)...));
}

// The structs of a file are at any alignment.
template <class T>
T load(std::span<const char> bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

template <class Char, std::size_t size>
std::optional<std::string> terminated(const Char (&field)[size]) {
    const void* end = std::memchr(field, 0, size);
    if (end == nullptr) {
        return std::nullopt;
    }
    return std::string(reinterpret_cast<const char*>(field));
}

// A section that is a count and that many entries, the first at `entries_offset`.
template <class Entry>
Result<std::vector<Entry>> load_table(std::span<const char> section,
                                      std::size_t entries_offset,
                                      std::int32_t count_max,
                                      const char* name) {
    if (section.size() < entries_offset) {
        return damaged("section {} has {} bytes", name, section.size());
    }
    const auto count = load<std::int32_t>(section, 0);
    if (count < 0 || count > count_max) {
        return damaged("section {} counts {} entries, {} are possible", name, count, count_max);
    }
    const auto entries = static_cast<std::size_t>(count);
    if (entries > (section.size() - entries_offset) / sizeof(Entry)) {
        return damaged("section {} counts {} entries in {} bytes", name, count, section.size());
    }
    std::vector<Entry> table;
    table.reserve(entries);
    for (std::size_t i = 0; i < entries; ++i) {
        table.push_back(load<Entry>(section, entries_offset + i * sizeof(Entry)));
    }
    return table;
}

// The text between the quotes that follow `marker`, searched from `position`, which moves on.
std::optional<std::string_view> quoted_after(std::string_view text,
                                             std::string_view marker,
                                             std::size_t& position) {
    position = text.find(marker, position);
    if (position == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t begin = text.find('"', position + marker.size());
    const std::size_t end = text.find('"', begin == std::string_view::npos ? begin : begin + 1);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    position = end + 1;
    return text.substr(begin + 1, end - begin - 1);
}

}  // namespace

Result<std::vector<char>> read_file(const std::string& path) {
    const kernel::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid()) {
        const Code code = errno == ENOENT ? Code::not_found : Code::unavailable;
        return fail(Error{code, fmt::format("cannot open: {}", std::strerror(errno)), path});
    }
    struct stat status{};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return fail(Error{Code::invalid_argument, "not a regular file", path});
    }
    if (static_cast<std::size_t>(status.st_size) > kXclbinBytesMax) {
        return fail(
            Error{Code::exhausted,
                  fmt::format("{} bytes, at most {} are possible", status.st_size, kXclbinBytesMax),
                  path});
    }
    std::vector<char> image(static_cast<std::size_t>(status.st_size));
    std::size_t filled = 0;
    while (filled < image.size()) {
        const ssize_t got = ::read(file.get(), image.data() + filled, image.size() - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(Error{
                Code::unavailable, fmt::format("cannot read: {}", std::strerror(errno)), path});
        }
        if (got == 0) {  // Somebody is writing it just now.
            image.resize(filled);
        }
        filled += static_cast<std::size_t>(got);
    }
    return image;
}

Result<Xclbin> Xclbin::parse(std::span<const char> image) {
    Xclbin xclbin;
    xclbin.image_ = image;
    FPVS_TRY_STATUS(xclbin.parse_header());
    FPVS_TRY_STATUS(xclbin.parse_memories());
    FPVS_TRY_STATUS(xclbin.parse_ips());
    FPVS_TRY_STATUS(xclbin.check_connectivity(CONNECTIVITY, MEM_TOPOLOGY));
    FPVS_TRY_STATUS(xclbin.check_connectivity(ASK_GROUP_CONNECTIVITY, ASK_GROUP_TOPOLOGY));
    FPVS_TRY_STATUS(xclbin.check_metadata());
    FPVS_TRY_STATUS(xclbin.parse_key_values());
    return xclbin;
}

Status Xclbin::parse_header() {
    if (image_.size() < sizeof kMagic || std::memcmp(image_.data(), kMagic, sizeof kMagic) != 0) {
        return fail(Code::invalid_argument,
                    "not an xclbin: the file does not begin with 'xclbin2'");
    }
    if (image_.size() < kSectionTable) {
        return damaged("cut off in its header, after {} bytes", image_.size());
    }
    const auto header = load<axlf_header>(image_, offsetof(axlf, m_header));
    if (header.m_length > image_.size()) {
        return damaged(
            "the header says {} bytes, the file ends after {}", header.m_length, image_.size());
    }
    const auto platform = terminated(header.m_platformVBNV);
    if (!platform || !terminated(header.m_debug_bin)) {
        return damaged("a name in the header has no end");
    }
    platform_ = *platform;
    std::memcpy(uuid_.data(), header.uuid, uuid_.size());
    return parse_sections(header.m_numSections);
}

Status Xclbin::parse_sections(std::uint32_t count) {
    const auto header = load<axlf_header>(image_, offsetof(axlf, m_header));
    const std::uint64_t table_end =
        kSectionTable + std::uint64_t{count} * sizeof(axlf_section_header);
    if (count > kSectionsMax || table_end > header.m_length) {
        return damaged("the header counts {} sections in {} bytes", count, header.m_length);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto entry = load<axlf_section_header>(
            image_, kSectionTable + std::size_t{i} * sizeof(axlf_section_header));
        if (!terminated(entry.m_sectionName)) {
            return damaged("the name of section {} has no end", i);
        }
        if (entry.m_sectionOffset < table_end || entry.m_sectionOffset > header.m_length ||
            entry.m_sectionSize > header.m_length - entry.m_sectionOffset) {
            return damaged("section {} (kind {}) lies outside of the file", i, entry.m_sectionKind);
        }
        const auto bytes = image_.subspan(entry.m_sectionOffset, entry.m_sectionSize);
        const bool first = sections_.emplace(entry.m_sectionKind, bytes).second;
        // Only soft kernels come in several; of a table XRT might read another than was checked.
        if (!first && entry.m_sectionKind != SOFT_KERNEL) {
            return damaged("there are two sections of kind {}", entry.m_sectionKind);
        }
    }
    return {};
}

std::span<const char> Xclbin::section(std::uint32_t kind) const {
    const auto found = sections_.find(kind);
    return found == sections_.end() ? std::span<const char>() : found->second;
}

std::span<const char> Xclbin::bitstream() const {
    return section(BITSTREAM);
}

Status Xclbin::parse_memories() {
    constexpr std::size_t kEntries = offsetof(mem_topology, m_mem_data);
    for (const std::uint32_t kind : {MEM_TOPOLOGY, ASK_GROUP_TOPOLOGY}) {
        if (!sections_.contains(kind)) {
            continue;
        }
        FPVS_TRY(const auto entries,
                 load_table<mem_data>(section(kind), kEntries, kMemoriesMax, "MEM_TOPOLOGY"));
        for (const mem_data& entry : entries) {
            const auto tag = terminated(entry.m_tag);
            if (!tag) {
                return damaged("the name of a memory has no end");
            }
            if (kind == MEM_TOPOLOGY) {
                memories_.push_back({.tag = *tag,
                                     .base_address = entry.m_base_address,
                                     .size_bytes = entry.m_size * 1024,
                                     .used = entry.m_used != 0});
            }
        }
    }
    return {};
}

Status Xclbin::parse_ips() {
    if (!sections_.contains(IP_LAYOUT)) {
        return {};
    }
    constexpr std::size_t kEntries = offsetof(ip_layout, m_ip_data);
    FPVS_TRY(const auto entries,
             load_table<ip_data>(section(IP_LAYOUT), kEntries, kIpsMax, "IP_LAYOUT"));
    for (const ip_data& entry : entries) {
        const auto name = terminated(entry.m_name);
        if (!name) {
            return damaged("the name of an IP has no end");
        }
        ips_.push_back({.name = *name, .base_address = entry.m_base_address});
    }
    return {};
}

Status Xclbin::check_connectivity(std::uint32_t kind, std::uint32_t memory_kind) const {
    if (!sections_.contains(kind)) {
        return {};
    }
    constexpr std::size_t kEntries = offsetof(connectivity, m_connection);
    FPVS_TRY(const auto entries,
             load_table<connection>(section(kind), kEntries, kConnectionsMax, "CONNECTIVITY"));
    std::int32_t memories = 0;
    if (const auto topology = section(memory_kind); !topology.empty()) {
        memories = load<std::int32_t>(topology, 0);
    }
    for (const connection& entry : entries) {
        // XRT makes a table of all arguments up to the highest.
        if (entry.arg_index < 0 || entry.arg_index >= kArgumentsMax) {
            return damaged(
                "a connection names argument {}, {} are possible", entry.arg_index, kArgumentsMax);
        }
        if (entry.m_ip_layout_index < 0 ||
            static_cast<std::size_t>(entry.m_ip_layout_index) >= ips_.size() ||
            entry.mem_data_index < 0 || entry.mem_data_index >= memories) {
            return damaged("a connection joins IP {} and memory {}, there are {} and {}",
                           entry.m_ip_layout_index,
                           entry.mem_data_index,
                           ips_.size(),
                           memories);
        }
    }
    return {};
}

// Its XML is parsed by XRT, which reports mistakes; here it is only bounded.
Status Xclbin::check_metadata() const {
    const auto metadata = section(EMBEDDED_METADATA);
    if (metadata.size() > kMetadataBytesMax) {
        return damaged("{} bytes of metadata, {} are possible", metadata.size(), kMetadataBytesMax);
    }
    return {};
}

// {"keyvalue_metadata": {"key_values": [{"key": "...", "value": "..."}, ...]}}
Status Xclbin::parse_key_values() {
    const auto bytes = section(KEYVALUE_METADATA);
    if (bytes.size() > kKeyValueBytesMax) {
        return damaged(
            "{} bytes of keys and values, {} are possible", bytes.size(), kKeyValueBytesMax);
    }
    const std::string_view text(bytes.data(), bytes.size());
    std::size_t position = 0;
    while (const auto key = quoted_after(text, "\"key\"", position)) {
        const auto value = quoted_after(text, "\"value\"", position);
        if (*key != kAbiHashKey) {
            continue;
        }
        std::uint64_t number = 0;
        if (!value || !value->starts_with("0x") || value->size() > 18) {
            return damaged("{} is not a hexadecimal number", kAbiHashKey);
        }
        const char* end = value->data() + value->size();
        const auto [stop, error] = std::from_chars(value->data() + 2, end, number, 16);
        if (error != std::errc() || stop != end) {
            return damaged("{} is not a hexadecimal number", kAbiHashKey);
        }
        abi_hash_ = number;
    }
    return {};
}

std::string Xclbin::uuid_text() const {
    char text[UUID_STR_LEN];
    ::uuid_unparse_lower(uuid_.data(), text);
    return text;
}

bool Xclbin::is_simulated() const {
    return platform_.starts_with(kSimulatedPlatformPrefix);
}

bool Xclbin::has_kernel(std::string_view kernel) const {
    return std::ranges::any_of(ips_, [kernel](const XclbinIp& ip) {
        return std::string_view(ip.name).substr(0, ip.name.find(':')) == kernel;
    });
}

const XclbinMemory* Xclbin::find_memory(std::string_view tag) const {
    const auto found = std::ranges::find(memories_, tag, &XclbinMemory::tag);
    return found == memories_.end() ? nullptr : &*found;
}

bool Xclbin::is_sealed() const {
    return content_uuid(image_) == uuid_;
}

}  // namespace fpvs::xrt_card
