// SPDX-License-Identifier: Apache-2.0
// fpvs-mkxclbin: packs a simulator into the xclbin of a simulated card.
#include <fmt/core.h>
#include <getopt.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "drivers/xrt/xclbin/packer.hpp"
#include "drivers/xrt/xclbin/reader.hpp"
#include "hw/abi/abi_hash.hpp"

namespace fpvs::xrt_card {
namespace {

constexpr const char* kUsage =
    "usage: fpvs-mkxclbin --platform NAME --bitstream FILE --output FILE [--abi-hash HEX]\n"
    "\n"
    "Writes an xclbin whose bitstream is FILE, for a card whose platform is NAME (fpvs_sim_1).\n"
    "  --abi-hash HEX   the contract the card was built for; this program's own by default\n";

struct Options {
    std::string platform;
    std::string bitstream;
    std::string output;
    std::uint64_t abi_hash = abi::kAbiHash;
    bool help = false;
};

Status parse_hash(std::string_view text, std::uint64_t& hash) {
    std::string_view digits = text;
    if (digits.starts_with("0x")) {
        digits.remove_prefix(2);
    }
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, hash, 16);
    if (error != std::errc() || stop != end) {
        return fail(Code::invalid_argument, "'{}' is not a hexadecimal hash", text);
    }
    return {};
}

Result<Options> parse(int count, char** words) {
    static const option kOptions[] = {{"platform", required_argument, nullptr, 'p'},
                                      {"bitstream", required_argument, nullptr, 'b'},
                                      {"output", required_argument, nullptr, 'o'},
                                      {"abi-hash", required_argument, nullptr, 'a'},
                                      {"help", no_argument, nullptr, 'h'},
                                      {nullptr, 0, nullptr, 0}};
    Options options;
    for (int c = 0; (c = ::getopt_long(count, words, "p:b:o:a:h", kOptions, nullptr)) != -1;) {
        switch (c) {
            case 'p':
                options.platform = optarg;
                break;
            case 'b':
                options.bitstream = optarg;
                break;
            case 'o':
                options.output = optarg;
                break;
            case 'a':
                FPVS_TRY_STATUS(parse_hash(optarg, options.abi_hash));
                break;
            case 'h':
                options.help = true;
                return options;
            default:
                return fail(Code::invalid_argument, "see fpvs-mkxclbin --help");
        }
    }
    if (optind != count || options.platform.empty() || options.bitstream.empty() ||
        options.output.empty()) {
        return fail(Code::invalid_argument,
                    "a platform, a bitstream and an output are needed, see fpvs-mkxclbin --help");
    }
    return options;
}

// Whoever opens the output sees the old file or the new one, never a part of it.
Status write_file(const std::string& path, const std::vector<char>& bytes) {
    const std::string part = path + ".part";
    std::FILE* file = std::fopen(part.c_str(), "wb");
    const bool written =
        file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    const bool closed = file != nullptr && std::fclose(file) == 0;
    if (!written || !closed || std::rename(part.c_str(), path.c_str()) != 0) {
        return fail(
            Error{Code::unavailable, fmt::format("cannot write: {}", std::strerror(errno)), path});
    }
    return {};
}

Status run(const Options& options) {
    FPVS_TRY(const auto bitstream, read_file(options.bitstream));
    FPVS_TRY(
        const auto image,
        pack({.platform = options.platform, .abi_hash = options.abi_hash, .bitstream = bitstream}));
    FPVS_TRY_STATUS(write_file(options.output, image));
    FPVS_TRY(const auto xclbin, Xclbin::parse(image));
    fmt::print("{}: {} bytes, platform {}, uuid {}, abi hash {:#018x}\n",
               options.output,
               image.size(),
               xclbin.platform(),
               xclbin.uuid_text(),
               options.abi_hash);
    return {};
}

int mkxclbin(int count, char** words) {
    const auto options = parse(count, words);
    if (options && options->help) {
        fmt::print("{}", kUsage);
        return 0;
    }
    const Status done = options ? run(*options) : Status(fail(options.error()));
    if (!done) {
        fmt::print(stderr, "fpvs-mkxclbin: {}\n", done.error().text());
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace fpvs::xrt_card

int main(int count, char** words) {
    return fpvs::xrt_card::mkxclbin(count, words);
}
