// SPDX-License-Identifier: Apache-2.0
#include "host/cli/scanner.hpp"

#include <utility>

namespace fpvs::cli {
namespace {

const Spelling* find_letter(char letter) {
    for (const Spelling& spelling : spellings()) {
        if (spelling.letter == letter && letter != '\0') {
            return &spelling;
        }
    }
    return nullptr;
}

const Spelling* find_word(std::string_view word) {
    for (const Spelling& spelling : spellings()) {
        if (spelling.word == word && !word.empty()) {
            return &spelling;
        }
    }
    return nullptr;
}

}  // namespace

std::optional<ScannedOption> Scanner::next() {
    if (!bundle_.empty()) {
        return short_option();
    }
    while (position_ < words_.size()) {
        const std::string word = words_[position_++];
        if (word == "--") {
            while (position_ < words_.size()) {
                arguments_.push_back(words_[position_++]);
            }
            return std::nullopt;
        }
        if (word.size() < 2 || word[0] != '-') {
            arguments_.push_back(word);
            continue;
        }
        if (word[1] == '-') {
            return long_option(word);
        }
        bundle_ = word.substr(1);
        bundle_word_ = word;
        return short_option();
    }
    return std::nullopt;
}

ScannedOption Scanner::long_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    ScannedOption option{.spelling = find_word(std::string_view(word).substr(0, equals).substr(2)),
                         .word = word.substr(0, equals)};
    if (option.spelling == nullptr) {
        option.mistake = word + ": unknown option";
    } else if (equals == std::string::npos) {
        take_value(option, word);
    } else if (option.spelling->argument == Argument::none) {
        option.mistake = word + ": option does not take an argument";
    } else {
        option.value = word.substr(equals + 1);
    }
    return option;
}

ScannedOption Scanner::short_option() {
    const char letter = bundle_.front();
    bundle_.erase(0, 1);
    ScannedOption option{
        .spelling = is_full_nat(letter) ? find_word("fullnat") : find_letter(letter),
        .word = std::string("-") + letter};
    if (option.spelling == nullptr) {
        option.mistake = bundle_word_ + ": unknown option";
        bundle_.clear();
    } else if (option.spelling->argument != Argument::none && !bundle_.empty()) {
        // -p50 and -p=50 mean the same.
        option.value = bundle_.substr(bundle_.front() == '=' ? 1 : 0);
        bundle_.clear();
    } else {
        take_value(option, bundle_word_);
    }
    return option;
}

// With a value after it, -b is ipvsadm's, whose refusal scripts may expect.
bool Scanner::is_full_nat(char letter) const {
    const bool value_follows =
        !bundle_.empty() || (position_ < words_.size() && !words_[position_].starts_with('-'));
    return letter == kAmbiguousLetter && command_ && is_of_server(*command_) && !value_follows;
}

void Scanner::take_value(ScannedOption& option, const std::string& word) {
    const Argument argument = option.spelling->argument;
    const bool another_word = position_ < words_.size();
    if (argument == Argument::required) {
        if (another_word) {
            option.value = words_[position_++];
        } else {
            option.mistake = word + ": missing argument";
            option.spelling = nullptr;
        }
    } else if (argument == Argument::optional && another_word &&
               !words_[position_].starts_with('-')) {
        option.value = words_[position_++];
    }
}

}  // namespace fpvs::cli
