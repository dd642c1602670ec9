// SPDX-License-Identifier: Apache-2.0
// The rules for firewall marks that are in force, in order: those of the configuration file, then
// those of commands.
#pragma once

#include <vector>

#include "host/model/mark_rule.hpp"
#include "host/util/result.hpp"

namespace fpvs::model {

class MarkRuleList {
  public:
    // Code::already_exists, exhausted at kMarkRulesMax.
    [[nodiscard]] Status add(const MarkRule& rule);
    // Code::not_found.  One of the file's is gone until the file is read again.
    [[nodiscard]] Status remove(const MarkRule& rule);
    // The file's rules are these from now on; a command's that is among them is the file's.
    [[nodiscard]] Status replace_files(std::vector<MarkRule> rules);

    [[nodiscard]] std::vector<MarkRule> all() const;

  private:
    std::vector<MarkRule> from_file_;
    std::vector<MarkRule> from_commands_;
};

}  // namespace fpvs::model
