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

// A file of the recordings; tests/data/sched holds them all in one folder.
[[nodiscard]] std::filesystem::path golden_file(const std::filesystem::path& path) {
    const char* golden = std::getenv("GOLDEN");
    return golden == nullptr ? std::filesystem::path("tests/data/sched") / path.filename()
                             : std::filesystem::path(golden) / path;
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
    return load(golden_file("pkt/tcp-state-machine.json"));
}

nlohmann::json load_seed_run() {
    return load(golden_file("seed/seed-run.json"));
}

}  // namespace fpvs::test
