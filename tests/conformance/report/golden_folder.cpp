// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/report/golden_folder.hpp"

#include <cstdlib>
#include <fstream>

#include "host/util/check.hpp"

namespace fpvs::test {

bool golden_is_foreign() {
    return std::getenv("GOLDEN") != nullptr;
}

std::filesystem::path golden_path(std::string_view relative) {
    const char* const golden = std::getenv("GOLDEN");
    return std::filesystem::path(golden != nullptr ? golden : "tests/data") / relative;
}

std::optional<nlohmann::json> load_golden(std::string_view relative) {
    const std::filesystem::path path = golden_path(relative);
    std::ifstream file(path);
    if (!file.good()) {
        // Our own recordings are all there; a test that finds none would pass without a word.
        FPVS_CHECK(golden_is_foreign(), "{} cannot be read", path.string());
        return std::nullopt;
    }
    nlohmann::json content = nlohmann::json::parse(file, nullptr, false);
    FPVS_CHECK(!content.is_discarded(), "{} is no JSON", path.string());
    return content;
}

}  // namespace fpvs::test
