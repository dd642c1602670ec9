// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/misc_probe.hpp"

#include <fmt/core.h>

#include <utility>

namespace fpvs::probe {
namespace {

using How = provider::ScriptEnd::How;

class ScriptAttempt final : public provider::Probe::Attempt {
  public:
    explicit ScriptAttempt(std::unique_ptr<provider::ScriptRunner::Run> run)
        : run_(std::move(run)) {}

  private:
    std::unique_ptr<provider::ScriptRunner::Run> run_;
};

}  // namespace

provider::ProbeReport judge_script(const model::MiscCheck& check,
                                   std::int32_t server_weight,
                                   const provider::ScriptEnd& end) {
    constexpr int kFirstWeight = 2;
    switch (end.how) {
        case How::not_started:
            return {.success = false, .result = end.reason};
        case How::killed:
            return {.success = false, .result = fmt::format("killed by signal {}", end.number)};
        case How::exited:
            break;
    }
    provider::ProbeReport report{.result = fmt::format("exited with status {}", end.number)};
    if (end.number == 0) {
        report.success = true;
        report.weight_change = 0;
    } else if (check.dynamic && end.number >= kFirstWeight) {
        report.success = true;
        report.weight_change = std::int64_t{end.number} - kFirstWeight - server_weight;
    }
    return report;
}

std::unique_ptr<provider::Probe::Attempt> begin_misc(provider::ScriptRunner& scripts,
                                                     const provider::ProbeRequest& request,
                                                     provider::Probe::Done done) {
    const auto& check = std::get<model::MiscCheck>(request.check.detail);
    return std::make_unique<ScriptAttempt>(scripts.start(
        check.script,
        [&check, weight = request.server_weight, done = std::move(done)](
            const provider::ScriptEnd& end) { done(judge_script(check, weight, end)); }));
}

}  // namespace fpvs::probe
