// SPDX-License-Identifier: Apache-2.0
#include "host/model/mark_rule_list.hpp"

#include <algorithm>
#include <utility>

#include "host/model/limits.hpp"

namespace fpvs::model {
namespace {

bool contains(const std::vector<MarkRule>& rules, const MarkRule& rule) {
    return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

Status too_many() {
    return fail(Code::exhausted, "More than {} rules for firewall marks", kMarkRulesMax);
}

}  // namespace

Status MarkRuleList::add(const MarkRule& rule) {
    if (contains(from_file_, rule) || contains(from_commands_, rule)) {
        return fail(Code::already_exists, "Rule already exists");
    }
    if (from_file_.size() + from_commands_.size() >= kMarkRulesMax) {
        return too_many();
    }
    from_commands_.push_back(rule);
    return {};
}

Status MarkRuleList::remove(const MarkRule& rule) {
    const std::size_t removed = std::erase(from_file_, rule) + std::erase(from_commands_, rule);
    return removed > 0 ? Status() : fail(Code::not_found, "No such rule");
}

Status MarkRuleList::replace_files(std::vector<MarkRule> rules) {
    std::vector<MarkRule> others = from_commands_;
    std::erase_if(others, [&](const MarkRule& rule) { return contains(rules, rule); });
    if (rules.size() + others.size() > kMarkRulesMax) {
        return too_many();
    }
    from_file_ = std::move(rules);
    from_commands_ = std::move(others);
    return {};
}

std::vector<MarkRule> MarkRuleList::all() const {
    std::vector<MarkRule> rules = from_file_;
    rules.insert(rules.end(), from_commands_.begin(), from_commands_.end());
    return rules;
}

}  // namespace fpvs::model
