// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/cli/recording.hpp"

#include <sstream>

#include "host/cli/run.hpp"
#include "host/util/check.hpp"
#include "tests/conformance/report/golden_folder.hpp"

namespace fpvs::test {
namespace {

constexpr std::string_view kProgram = "ipvsadm";

// printf -- 'a\nb\n' | ipvsadm -R
std::string piped_in(const std::string& command) {
    const std::size_t first = command.find('\'');
    const std::size_t last = command.rfind('\'');
    std::string text;
    for (std::size_t i = first + 1; i < last; ++i) {
        if (command[i] == '\\' && command[i + 1] == 'n') {
            text += '\n';
            ++i;
        } else {
            text += command[i];
        }
    }
    return text;
}

}  // namespace

std::vector<Invocation> load_invocations() {
    const auto recording = load_golden("cli/cli.json");
    if (!recording) {
        return {};
    }
    std::vector<Invocation> invocations;
    for (const nlohmann::json& entry : recording->at("log")) {
        invocations.push_back({.index = invocations.size(),
                               .command = entry.at("cmd"),
                               .note = entry.value("note", ""),
                               .exit_code = entry.at("rc"),
                               .out = entry.at("out"),
                               .err = entry.at("err")});
    }
    return invocations;
}

std::vector<std::string> words_of(const std::string& command) {
    const std::size_t pipe = command.find("| ");
    std::istringstream stream(pipe == std::string::npos ? command : command.substr(pipe + 2));
    std::vector<std::string> words;
    std::string word;
    stream >> word;
    FPVS_CHECK(word == kProgram, "{}", command);
    while (stream >> word && word != "<") {
        words.push_back(word);
    }
    return words;
}

Outcome play(const Invocation& invocation,
             const std::string& socket_path,
             const std::string& saved,
             cli::Names& names) {
    const std::string& command = invocation.command;
    std::istringstream in(command.find("| ") != std::string::npos ? piped_in(command) : saved);
    std::ostringstream out;
    std::ostringstream err;
    cli::Environment environment{
        .socket_path = socket_path, .names = names, .in = in, .out = out, .err = err};
    const int exit_code = cli::run(words_of(command), environment);
    return {.exit_code = exit_code, .out = out.str(), .err = err.str()};
}

}  // namespace fpvs::test
