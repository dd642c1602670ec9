// SPDX-License-Identifier: Apache-2.0
#include "host/config/writer.hpp"

namespace fpvs::config {
namespace {

bool needs_quotes(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' ||
            std::string_view("{}#!\"'\\$").find(c) != std::string_view::npos) {
            return true;
        }
    }
    return text.empty() || text.front() == '@' || text.front() == '~';
}

// An argument as split_command() reads it back.
std::string argument_text(std::string_view argument) {
    if (!argument.empty() && argument.find_first_of(" \t\"'\\") == std::string_view::npos) {
        return std::string(argument);
    }
    std::string text = "\"";
    for (const char c : argument) {
        if (c == '"' || c == '\\') {
            text += '\\';
        }
        text += c;
    }
    return text + '"';
}

}  // namespace

std::string quoted(std::string_view text) {
    if (!needs_quotes(text)) {
        return std::string(text);
    }
    std::string word = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            word += '\\';
            word += c;
        } else if (byte < ' ' || c == '\x7f' || c == '$') {
            word += fmt::format("\\{:03o}", byte);
        } else {
            word += c;
        }
    }
    return word + '"';
}

std::string command_word(const model::Script& script) {
    std::string command;
    for (const std::string& argument : script.arguments) {
        command += (command.empty() ? "" : " ") + argument_text(argument);
    }
    return quoted(command);
}

std::string user_words(const std::string& user, const std::string& group) {
    std::string words;
    if (!user.empty()) {
        words += " " + quoted(user);
        words += group.empty() ? "" : " " + quoted(group);
    }
    return words;
}

void write_script(Writer& out, std::string_view keyword, const model::Script& script) {
    if (script.given()) {
        out.line("{} {}{}", keyword, command_word(script), user_words(script.user, script.group));
    }
}

std::string weight_words(const model::TrackWeight& weight) {
    return fmt::format("{}{}", weight.factor, weight.reverse ? " reverse" : "");
}

std::string seconds(std::uint32_t milliseconds) {
    const std::uint32_t rest = milliseconds % 1000;
    return rest == 0 ? fmt::format("{}", milliseconds / 1000)
                     : fmt::format("{}.{:03}", milliseconds / 1000, rest);
}

}  // namespace fpvs::config
