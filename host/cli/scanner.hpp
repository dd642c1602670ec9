// SPDX-License-Identifier: Apache-2.0
// The words of a command line as options and arguments, by popt's rules: letters may be bundled
// (-Lnc), a value may be joined (-t10.0.0.1:80, -t=..., --weight=3) or follow, `--` ends options.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/cli/option.hpp"

namespace fpvs::cli {

struct ScannedOption {
    const Spelling* spelling = nullptr;  // Null: see `mistake`.
    std::optional<std::string> value = {};
    std::string word = {};     // As it was written: "-n" or "--numeric".
    std::string mistake = {};  // "--foo: unknown option".
};

class Scanner {
  public:
    explicit Scanner(std::vector<std::string> words) : words_(std::move(words)) {}

    // The command that the first option was: it decides what -b means.
    void set_command(CommandKind command) { command_ = command; }
    // The next option; nothing when there are no more.  Words that are no options are set aside.
    [[nodiscard]] std::optional<ScannedOption> next();
    // Whether there is no word at all.
    [[nodiscard]] bool is_empty() const { return words_.empty(); }
    // What was set aside, in order.
    [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }

  private:
    [[nodiscard]] ScannedOption long_option(const std::string& word);
    [[nodiscard]] ScannedOption short_option();
    void take_value(ScannedOption& option, const std::string& word);
    [[nodiscard]] bool is_full_nat(char letter) const;

    std::vector<std::string> words_;
    std::vector<std::string> arguments_;
    std::size_t position_ = 0;
    std::optional<CommandKind> command_;
    // Letters left of a bundle such as -Lnc, and the word they came in.
    std::string bundle_;
    std::string bundle_word_;
};

}  // namespace fpvs::cli
