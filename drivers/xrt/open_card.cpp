// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt/open_card.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/xrt/contract.hpp"
#include "drivers/xrt/driver_choice.hpp"
#include "drivers/xrt/xclbin/format.hpp"
#include "drivers/xrt/xclbin/reader.hpp"
#include "drivers/xrt/xrt_card.hpp"

namespace fpvs::xrt_card {
namespace {

// Is this a card of ours, as far as the file can tell?
Status check_ours(const Xclbin& xclbin) {
    const std::string_view platform = xclbin.platform();
    const bool real = std::ranges::any_of(
        kCardPlatformPrefixes, [platform](auto prefix) { return platform.starts_with(prefix); });
    if (!real && !xclbin.is_simulated()) {
        return fail(Code::invalid_argument,
                    "the xclbin is for platform '{}'; FPVS runs on {}* and {}*",
                    platform,
                    fmt::join(kCardPlatformPrefixes, "*, "),
                    kSimulatedPlatformPrefix);
    }
    if (xclbin.is_simulated() && !xclbin.is_sealed()) {
        return fail(Code::invalid_argument,
                    "the xclbin is damaged: its content is not what its uuid {} was made from",
                    xclbin.uuid_text());
    }
    if (!xclbin.has_kernel(kKernelName)) {
        return fail(Code::invalid_argument, "the xclbin has no IP named {}", kKernelName);
    }
    if (xclbin.find_memory(kHostMemoryTag) == nullptr) {
        return fail(Code::invalid_argument,
                    "the xclbin gives the card no host memory ({} in its memory topology)",
                    kHostMemoryTag);
    }
    if (xclbin.is_simulated() && xclbin.bitstream().empty()) {
        return fail(Code::invalid_argument, "the xclbin carries no simulator");
    }
    return xclbin.abi_hash() ? check_abi_hash(*xclbin.abi_hash()) : Status();
}

Result<std::unique_ptr<provider::Card>> open(const OpenOptions& options) {
    FPVS_TRY(const auto image, read_file(options.path));
    FPVS_TRY(const auto xclbin, Xclbin::parse(image));
    FPVS_TRY_STATUS(check_ours(xclbin));
    FPVS_TRY_STATUS(xclbin.is_simulated() ? choose_simulated(options.shim) : choose_real());
    FPVS_TRY(auto card,
             XrtCard::open(options.device,
                           image,
                           {.path = options.path,
                            .platform = xclbin.platform(),
                            .uuid = xclbin.uuid_text(),
                            .simulated = xclbin.is_simulated()}));
    return card;
}

Status check(const std::string& path) {
    FPVS_TRY(const auto image, read_file(path));
    FPVS_TRY(const auto xclbin, Xclbin::parse(image));
    return check_ours(xclbin);
}

}  // namespace

Status check_file(const std::string& path) {
    Status status = check(path);
    if (!status && status.error().where.empty()) {
        status.error().where = path;
    }
    return status;
}

Result<std::unique_ptr<provider::Card>> open_card(const OpenOptions& options) {
    auto card = open(options);
    if (!card && card.error().where.empty()) {
        card.error().where = options.path;
    }
    return card;
}

}  // namespace fpvs::xrt_card
