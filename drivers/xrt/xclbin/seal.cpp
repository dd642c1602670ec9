// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt/xclbin/seal.hpp"

#include <uuid/uuid.h>
#include <xclbin.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "host/util/check.hpp"

namespace fpvs::xrt_card {
namespace {

constexpr std::size_t kUuidOffset = offsetof(axlf, m_header) + offsetof(axlf_header, uuid);

// The namespace that our names live in: fixed, random once.
constexpr Uuid kNamespace = {
    0x6b, 0x1d, 0x0f, 0x3c, 0x52, 0x9e, 0x4a, 0x77, 0x8c, 0x21, 0xd4, 0x60, 0x9b, 0x3a, 0xe5, 0x18};

}  // namespace

Uuid content_uuid(std::span<const char> image) {
    FPVS_CHECK(image.size() >= offsetof(axlf, m_sections), "{} bytes", image.size());
    std::vector<char> content(image.begin(), image.end());
    std::memset(content.data() + kUuidOffset, 0, sizeof(Uuid));
    Uuid uuid{};
    ::uuid_generate_sha1(uuid.data(), kNamespace.data(), content.data(), content.size());
    return uuid;
}

void seal(std::span<char> image) {
    const Uuid uuid = content_uuid(image);
    std::memcpy(image.data() + kUuidOffset, uuid.data(), uuid.size());
}

}  // namespace fpvs::xrt_card
