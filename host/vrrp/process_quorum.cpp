// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/process_quorum.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace fpvs::vrrp {
namespace {

constexpr std::size_t kKernelNameMax = 15;

bool same_parameters(const model::VrrpProcess& wanted, const provider::Process& process) {
    const std::span<const std::string> mine = std::span(wanted.command).subspan(1);
    const std::span<const std::string> its = std::span(process.command).subspan(1);
    switch (wanted.match) {
        case model::ParameterMatch::whole:
            return std::equal(mine.begin(), mine.end(), its.begin(), its.end());
        case model::ParameterMatch::partial:
            return its.size() >= mine.size() && std::equal(mine.begin(), mine.end(), its.begin());
        case model::ParameterMatch::initial:
            break;
    }
    return its.size() == mine.size() &&
           (mine.empty() || (std::equal(mine.begin(), mine.end() - 1, its.begin()) &&
                             its.back().starts_with(mine.back())));
}

bool is_quorum(const model::VrrpProcess& wanted, std::size_t count) {
    // A maximum below the quorum, which is 0: none may run at all.
    return count <= wanted.quorum_max &&
           (count >= wanted.quorum || wanted.quorum_max < wanted.quorum);
}

}  // namespace

bool needs_command(const model::VrrpProcess& wanted) {
    return wanted.full_command || wanted.match_parameters;
}

bool matches(const model::VrrpProcess& wanted, const provider::Process& process) {
    if (!needs_command(wanted)) {
        return process.name == std::string_view(wanted.command.front()).substr(0, kKernelNameMax);
    }
    return !process.command.empty() && process.command.front() == wanted.command.front() &&
           (!wanted.match_parameters || same_parameters(wanted, process));
}

bool ProcessQuorum::look(provider::Nanoseconds now, std::span<const provider::Process> processes) {
    const auto count = static_cast<std::size_t>(
        std::count_if(processes.begin(), processes.end(), [&](const auto& process) {
            return matches(wanted_, process);
        }));
    const bool enough = is_quorum(wanted_, count);
    if (well_ == enough) {
        change_at_.reset();
        return false;
    }
    if (well_) {
        const std::chrono::milliseconds delay(enough ? wanted_.fork_delay_ms
                                                     : wanted_.terminate_delay_ms);
        change_at_ = change_at_.value_or(now + delay);
        if (now < *change_at_) {
            return false;
        }
    }
    change_at_.reset();
    well_ = enough;
    return true;
}

}  // namespace fpvs::vrrp
