// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/sched/golden.hpp"

#include <algorithm>
#include <fstream>

#include "host/util/check.hpp"
#include "tests/conformance/report/golden_folder.hpp"

namespace fpvs::test {
namespace {

[[nodiscard]] nlohmann::json load(const std::filesystem::path& path) {
    std::ifstream file(path);
    FPVS_CHECK(file.good(), "cannot read {}", path.string());
    return nlohmann::json::parse(file);
}

}  // namespace

std::vector<nlohmann::json> load_scenarios() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(golden_path("sched"))) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
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
    return load(golden_path("pkt/tcp-state-machine.json"));
}

nlohmann::json load_seed_run() {
    return load(golden_path("seed/seed-run.json"));
}

}  // namespace fpvs::test
