// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/sched/golden.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "host/util/check.hpp"

namespace fpvs::test {
namespace {

[[nodiscard]] nlohmann::json load(const std::filesystem::path& path) {
    std::ifstream file(path);
    FPVS_CHECK(file.good(), "cannot read {}", path.string());
    return nlohmann::json::parse(file);
}

}  // namespace

std::vector<nlohmann::json> load_scenarios() {
    const char* golden = std::getenv("GOLDEN");
    std::vector<std::filesystem::path> files;
    if (golden == nullptr) {
        files.emplace_back("tests/data/sched/scripted.json");
    } else {
        const auto folder = std::filesystem::path(golden) / "sched";
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() == ".json") {
                files.push_back(entry.path());
            }
        }
        std::sort(files.begin(), files.end());
    }
    std::vector<nlohmann::json> scenarios;
    for (const auto& file : files) {
        nlohmann::json recording = load(file);
        for (auto& scenario : recording.at("scenarios")) {
            scenarios.push_back(std::move(scenario));
        }
    }
    FPVS_CHECK(!scenarios.empty(), "no scenarios found");
    return scenarios;
}

nlohmann::json load_tcp_state_machine() {
    const char* golden = std::getenv("GOLDEN");
    return load(golden == nullptr ? std::filesystem::path("tests/data/sched/tcp-state-machine.json")
                                  : std::filesystem::path(golden) / "pkt/tcp-state-machine.json");
}

}  // namespace fpvs::test
