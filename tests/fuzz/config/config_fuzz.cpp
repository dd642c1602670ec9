// SPDX-License-Identifier: Apache-2.0
// Any bytes as configuration files: no crash, no endless loop, and what is accepted prints to a
// file that means the same.  A line "%%" ends a file: the first is read, then the second in its
// place by a reader that remembers the first; the others can be included as /2, /3 and so on.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/files.hpp"
#include "host/config/parser.hpp"
#include "host/config/printer.hpp"
#include "host/util/check.hpp"

namespace fpvs::config {
namespace {

constexpr std::size_t kFilesMax = 5;
constexpr std::size_t kExpandedBytesMax = 1u << 16;  // So that an input takes milliseconds.

class FuzzedFiles final : public Files {
  public:
    explicit FuzzedFiles(std::string_view data) {
        while (texts_.size() + 1 < kFilesMax) {
            const std::size_t end = data.find("\n%%\n");
            if (end == std::string_view::npos) {
                break;
            }
            texts_.emplace_back(data.substr(0, end + 1));
            data.remove_prefix(end + 4);
        }
        texts_.emplace_back(data);
    }

    Result<std::string> read(const std::string& path) const override {
        const std::size_t number = path == "/0" ? first_ : number_of(path);
        if (number >= texts_.size()) {
            return fail({.code = Code::unavailable, .message = "cannot be read", .where = path});
        }
        return texts_[number];
    }
    std::vector<std::string> match(const std::string& pattern) const override {
        std::vector<std::string> paths;
        for (std::size_t i = 2; i < texts_.size(); ++i) {
            const std::string path = "/" + std::to_string(i);
            if (path == pattern || pattern.find('*') != std::string::npos) {
                paths.push_back(path);
            }
        }
        return paths;
    }
    std::string folder(const std::string&) const override { return ""; }

    [[nodiscard]] bool read_second() {
        first_ = 1;
        return texts_.size() > 1;
    }

  private:
    static std::size_t number_of(const std::string& path) {
        return path.size() == 2 ? static_cast<std::size_t>(path[1] - '0') : kFilesMax;
    }

    std::vector<std::string> texts_;
    std::size_t first_ = 0;
};

void check_printed(const model::Config& config) {
    const auto again = parse(print(config), "printed", {.instance = "fuzz"});
    FPVS_CHECK(again.has_value(), "{}", again.error().text());
    FPVS_CHECK(again->config == config, "the printed file means something else");
}

void check_remembered(const Result<ParsedConfig>& remembered, const Result<ParsedConfig>& fresh) {
    FPVS_CHECK(remembered.has_value() == fresh.has_value());
    if (!fresh) {
        FPVS_CHECK(remembered.error().text() == fresh.error().text(),
                   "{} / {}",
                   remembered.error().text(),
                   fresh.error().text());
        return;
    }
    FPVS_CHECK(remembered->config == fresh->config, "a reader that remembers reads otherwise");
    FPVS_CHECK(remembered->warnings == fresh->warnings, "it warns otherwise");
}

void read(std::string_view data) {
    FuzzedFiles files(data);
    const ReadOptions options{
        .instance = "fuzz", .files = &files, .expanded_bytes_max = kExpandedBytesMax};
    ConfigReader reader(options);
    const auto first = reader.read("/0");
    if (first) {
        check_printed(first->config);
    }
    if (files.read_second()) {
        const auto second = reader.read("/0");
        check_remembered(second, parse_file("/0", options));
    }
}

}  // namespace
}  // namespace fpvs::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fpvs::config::read({reinterpret_cast<const char*>(data), size});
    return 0;
}
