// SPDX-License-Identifier: Apache-2.0
// Scripts that run when and as a test says.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/provider/script_runner.hpp"

namespace fpvs::vrrp {

inline std::string joined(const model::Script& script) {
    std::string line;
    for (const std::string& argument : script.arguments) {
        line += (line.empty() ? "" : " ") + argument;
    }
    return line;
}

class FakeScripts final : public provider::ScriptRunner {
  public:
    [[nodiscard]] std::unique_ptr<Run> start(const model::Script& script, Done done) override {
        ++starts;
        running[joined(script)] = std::move(done);
        return std::make_unique<FakeRun>(*this, joined(script));
    }
    void tell(const model::Script& script) override { told.push_back(joined(script)); }
    void use(const model::ScriptDefaults&) override {}

    void end(const std::string& script, int status) {
        const Done done = std::exchange(running[script], nullptr);
        running.erase(script);
        done({.how = provider::ScriptEnd::How::exited, .number = status});
    }

    int starts = 0;
    std::map<std::string, Done> running;
    std::vector<std::string> told;

  private:
    struct FakeRun final : Run {
        FakeRun(FakeScripts& fake, std::string name) : scripts(fake), script(std::move(name)) {}
        ~FakeRun() override { scripts.running.erase(script); }
        FakeScripts& scripts;
        const std::string script;
    };
};

}  // namespace fpvs::vrrp
