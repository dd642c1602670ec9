// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration file: no crash, no endless loop, and what is accepted prints to a
// file that means the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/config/parser.hpp"
#include "host/config/printer.hpp"
#include "host/util/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = fpvs::config::parse({reinterpret_cast<const char*>(data), size}, "fuzzed");
    if (!parsed) {
        FPVS_CHECK(parsed.error().where.starts_with("fuzzed:"), "{}", parsed.error().text());
        return 0;
    }
    const auto again = fpvs::config::parse(fpvs::config::print(parsed->config), "printed");
    FPVS_CHECK(again.has_value(), "{}", again.error().text());
    FPVS_CHECK(again->config == parsed->config, "the printed file means something else");
    return 0;
}
