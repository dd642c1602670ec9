// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/report/tally.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/conformance/report/golden_folder.hpp"

namespace fpvs::test {

std::size_t Tally::not_supported_count() const {
    std::size_t count = 0;
    for (const auto& [reason, items] : not_supported_) {
        count += items.size();
    }
    return count;
}

std::string Tally::line() const {
    std::string text = fmt::format("{:<20} {:>6} equal {:>5} different {:>5} not supported  {}",
                                   family_,
                                   equal_.size(),
                                   different_.size(),
                                   not_supported_count(),
                                   unit_);
    for (const auto& [what, count] : notes_) {
        text += fmt::format(", {} {}", count, what);
    }
    return text + "\n";
}

std::string Tally::details() const {
    std::string text;
    for (const auto& [reason, items] : not_supported_) {
        text += fmt::format(
            "not supported, {}: {} ({})\n", items.size(), reason, fmt::join(items, " "));
    }
    for (const auto& [item, how] : different_) {
        text += fmt::format("different: {}\n{}\n", item, how);
    }
    return text;
}

std::string Tally::beyond_what_is_known() const {
    if (golden_is_foreign()) {
        return {};
    }
    const auto known = load_golden("not_equal.json").value_or(nlohmann::json::object());
    const nlohmann::json reasons = known.value(family_, nlohmann::json::object());
    std::set<std::string> items;
    for (const auto& [item, how] : different_) {
        items.insert(item);
    }
    for (const auto& [reason, unsupported] : not_supported_) {
        items.insert(unsupported.begin(), unsupported.end());
    }
    const auto admits = [](const std::string& known_item, const std::string& item) {
        return known_item.ends_with('*')
                   ? item.starts_with(known_item.substr(0, known_item.size() - 1))
                   : item == known_item;
    };
    std::string text;
    for (const std::string& item : items) {
        const auto keys = reasons.items();
        if (std::none_of(keys.begin(), keys.end(), [&](const auto& entry) {
                return admits(entry.key(), item);
            })) {
            text += fmt::format("{}: {} is not equal\n", family_, item);
        }
    }
    for (const auto& [known_item, reason] : reasons.items()) {
        if (std::none_of(
                items.begin(), items.end(), [&key = known_item, &admits](const auto& item) {
                    return admits(key, item);
                })) {
            std::printf("%s: %s is equal now: strike it from tests/data/not_equal.json\n",
                        family_.c_str(),
                        known_item.c_str());
        }
    }
    return text;
}

std::string Tally::finish() const {
    std::printf("%s", line().c_str());
    const char* const folder = std::getenv("FPVS_CONFORMANCE_DIR");
    if (folder == nullptr) {
        std::printf("%s", details().c_str());
    } else {
        const std::filesystem::path path(folder);
        std::filesystem::create_directories(path);
        std::ofstream(path / (family_ + ".log")) << line() << details();
        std::ofstream(path / (family_ + ".tally")) << line();
    }
    return beyond_what_is_known();
}

}  // namespace fpvs::test
