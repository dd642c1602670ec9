// SPDX-License-Identifier: Apache-2.0
#include "host/config/script_reader.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/config/values.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// Reads a command line from its front, one argument after the other.
class CommandLine {
  public:
    explicit CommandLine(std::string_view text) : rest_(text) {}

    // Nothing at the end, or in a quote that nobody closes.
    [[nodiscard]] std::optional<std::string> next() {
        while (!rest_.empty() && is_blank(rest_.front())) {
            rest_.remove_prefix(1);
        }
        if (rest_.empty()) {
            return std::nullopt;
        }
        std::string argument;
        while (!rest_.empty() && (quote_ != '\0' || !is_blank(rest_.front()))) {
            take_into(argument);
        }
        return quote_ == '\0' ? std::optional(std::move(argument)) : std::nullopt;
    }
    [[nodiscard]] bool quote_is_open() const { return quote_ != '\0'; }

  private:
    void take_into(std::string& argument) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (quote_ == '\0' && (c == '"' || c == '\'')) {
            quote_ = c;
        } else if (c == quote_) {
            quote_ = '\0';
        } else if (c == '\\' && quote_ != '\'' && !rest_.empty()) {
            argument += rest_.front();
            rest_.remove_prefix(1);
        } else {
            argument += c;
        }
    }

    std::string_view rest_;
    char quote_ = '\0';
};

}  // namespace

std::vector<std::string> split_command(const Word& word, Diagnostics& diagnostics) {
    CommandLine line(word.text);
    std::vector<std::string> arguments;
    while (auto argument = line.next()) {
        arguments.push_back(std::move(*argument));
    }
    if (line.quote_is_open()) {
        diagnostics.error(word.position, "a quote within this command is not closed");
        return {};
    }
    if (arguments.empty() || arguments.front().empty()) {
        diagnostics.error(word.position, "this names no program");
        return {};
    }
    if (arguments.size() > model::kScriptArgumentsMax) {
        diagnostics.error(
            word.position, "a command of more than {} words", model::kScriptArgumentsMax);
        return {};
    }
    return arguments;
}

model::Script read_script(const Statement& statement, Diagnostics& diagnostics) {
    if (statement.words.size() < 2) {
        diagnostics.error(
            statement.keyword().position, "'{}' needs a command", statement.keyword().text);
        return {};
    }
    model::Script script{.arguments = split_command(statement.words[1], diagnostics)};
    if (statement.words.size() > 2) {
        script.user = statement.words[2].text;
    }
    if (statement.words.size() > 3) {
        script.group = statement.words[3].text;
    }
    if (statement.words.size() > 4) {
        diagnostics.warning(statement.words[4].position,
                            "'{}' takes a command, a user and a group; '{}' is ignored",
                            statement.keyword().text,
                            statement.words[4].text);
    }
    return script;
}

void read_user(const Statement& statement,
               std::string& user,
               std::string& group,
               Diagnostics& diagnostics) {
    if (statement.words.size() < 2) {
        diagnostics.error(
            statement.keyword().position, "'{}' needs a user", statement.keyword().text);
        return;
    }
    user = statement.words[1].text;
    group = statement.words.size() > 2 ? statement.words[2].text : "";
    if (statement.words.size() > 3) {
        diagnostics.warning(statement.words[3].position,
                            "'{}' takes a user and a group; '{}' is ignored",
                            statement.keyword().text,
                            statement.words[3].text);
    }
}

}  // namespace fpvs::config
