// SPDX-License-Identifier: Apache-2.0
// Reads an xclbin and believes nothing of it.
//
// XRT's own parser takes counts, offsets and strings as they come, so a damaged file can crash the
// process that opens it.  What passes here is safe to hand to XRT: every section lies within the
// file, every table within its section, every name ends, every index names something.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/xrt/xclbin/seal.hpp"
#include "host/util/result.hpp"

namespace fpvs::xrt_card {

struct XclbinMemory {
    std::string tag;
    std::uint64_t base_address = 0;
    std::uint64_t size_bytes = 0;
    bool used = false;
};

struct XclbinIp {
    std::string name;  // kernel:instance
    std::uint64_t base_address = 0;
};

// A whole regular file of at most kXclbinBytesMax.
[[nodiscard]] Result<std::vector<char>> read_file(const std::string& path);

// A view: the image must outlive it.
class Xclbin {
  public:
    [[nodiscard]] static Result<Xclbin> parse(std::span<const char> image);

    [[nodiscard]] const std::string& platform() const { return platform_; }
    [[nodiscard]] std::string uuid_text() const;
    [[nodiscard]] const std::vector<XclbinIp>& ips() const { return ips_; }
    [[nodiscard]] const std::vector<XclbinMemory>& memories() const { return memories_; }
    // Empty where the file has none.
    [[nodiscard]] std::span<const char> bitstream() const;
    // What KEYVALUE_METADATA says of the abi; nothing where it says nothing.
    [[nodiscard]] std::optional<std::uint64_t> abi_hash() const { return abi_hash_; }

    [[nodiscard]] bool is_simulated() const;
    [[nodiscard]] bool has_kernel(std::string_view kernel) const;
    [[nodiscard]] const XclbinMemory* find_memory(std::string_view tag) const;
    // True when the uuid is that of the content (seal.hpp).
    [[nodiscard]] bool is_sealed() const;

  private:
    Xclbin() = default;

    [[nodiscard]] Status parse_header();
    [[nodiscard]] Status parse_sections(std::uint32_t count);
    [[nodiscard]] Status parse_memories();
    [[nodiscard]] Status parse_ips();
    [[nodiscard]] Status check_connectivity(std::uint32_t kind, std::uint32_t memory_kind) const;
    [[nodiscard]] Status check_metadata() const;
    [[nodiscard]] Status parse_key_values();
    [[nodiscard]] std::span<const char> section(std::uint32_t kind) const;

    std::span<const char> image_;
    std::map<std::uint32_t, std::span<const char>> sections_;  // First of each kind.
    std::string platform_;
    Uuid uuid_{};
    std::vector<XclbinIp> ips_;
    std::vector<XclbinMemory> memories_;
    std::optional<std::uint64_t> abi_hash_;
};

}  // namespace fpvs::xrt_card
