// SPDX-License-Identifier: Apache-2.0
#include "host/engine/sync_rules.hpp"

#include <algorithm>

namespace fpvs::engine {
namespace {

using model::Protocol;

constexpr std::uint64_t kMsPerSecond = 1000;
// What was told is told again after this share of the refresh period, up to `retries` times.
constexpr std::uint64_t kRetryShare = 8;
// A refresh is not due before so much has changed, however short the timeout is.
constexpr std::uint64_t kRefreshLeastMs = 10 * kMsPerSecond;
// Of templates that are damped where IPVS would tell them with every packet: a message may be lost.
constexpr int kTemplateRetries = 3;

struct Refresh {
    std::uint64_t period_ms = 0;
    int retries = 0;
};

[[nodiscard]] Refresh refresh_of(const Settings& settings, bool is_template) {
    const bool damped = is_template && settings.sync_refresh_period == 0;
    return {.period_ms = static_cast<std::uint64_t>(damped ? settings.sync_template_refresh
                                                           : settings.sync_refresh_period) *
                         kMsPerSecond,
            .retries =
                damped ? std::max(settings.sync_retries, kTemplateRetries) : settings.sync_retries};
}

// True: what would be told is what was told, for all that matters.
[[nodiscard]] bool is_repetition(const Connection& record,
                                 const Refresh& refresh,
                                 std::uint64_t now_ms,
                                 const SyncNote& note) {
    if (!note.told || refresh.period_ms == 0) {
        return false;
    }
    const std::uint64_t end_ms = now_ms + record.timeout_ms;
    const std::uint64_t change_ms =
        std::max(end_ms, note.told_end_ms) - std::min(end_ms, note.told_end_ms);
    const std::uint64_t least_ms = std::max<std::uint64_t>(record.timeout_ms / 2, kRefreshLeastMs);
    return change_ms < std::min(refresh.period_ms, least_ms);
}

}  // namespace

bool is_told(const Connection& record) {
    if (record.key.is_template()) {
        return true;
    }
    switch (static_cast<Protocol>(record.key.protocol())) {
        case Protocol::tcp:
            switch (record.tcp_state()) {
                case TcpState::established:
                case TcpState::fin_wait:
                case TcpState::close:
                case TcpState::close_wait:
                case TcpState::time_wait:
                    return true;
                default:
                    return false;
            }
        case Protocol::sctp:
            switch (record.sctp_state()) {
                case SctpState::established:
                case SctpState::shutdown_sent:
                case SctpState::shutdown_received:
                case SctpState::shutdown_ack_sent:
                case SctpState::closed:
                    return true;
                default:
                    return false;
            }
        case Protocol::udp:
            break;
    }
    return true;
}

bool sync_is_due(const Connection& record,
                 const Settings& settings,
                 std::uint64_t now_ms,
                 SyncNote& note) {
    const bool is_template = record.key.is_template();
    if (!is_told(record) ||
        (!is_template && settings.sync_persist_mode != 0 && record.control != kNoIndex)) {
        return false;
    }
    const std::uint8_t state = is_template ? std::uint8_t{record.assured} : record.state;
    const bool changed = !note.told || note.told_state != state;
    const bool established =
        record.key.protocol() == static_cast<std::uint8_t>(Protocol::tcp)
            ? record.tcp_state() == TcpState::established
            : record.key.protocol() != static_cast<std::uint8_t>(Protocol::sctp) ||
                  record.sctp_state() == SctpState::established;
    const Refresh refresh = refresh_of(settings, is_template);
    const bool at_once = changed && (is_template ? refresh.period_ms != 0 : !established);
    bool repeats = false;
    if (!at_once) {
        if (is_repetition(record, refresh, now_ms, note)) {
            const std::uint64_t told_ms = note.told_end_ms - record.timeout_ms;
            repeats = true;
            if (note.repeats >= refresh.retries ||
                now_ms < told_ms + refresh.period_ms / kRetryShare) {
                return false;
            }
        }
        const auto threshold = static_cast<std::uint32_t>(settings.sync_threshold);
        const auto period = static_cast<std::uint32_t>(settings.sync_period);
        if (period != 0 ? !is_template && note.packets % period != threshold
                        : refresh.period_ms == 0 && note.packets != threshold) {
            return false;
        }
    }
    const auto repeated = static_cast<std::uint8_t>(repeats ? note.repeats + 1 : 0);
    note_told(record, now_ms, note);
    note.repeats = repeated;
    return true;
}

void note_told(const Connection& record, std::uint64_t now_ms, SyncNote& note) {
    note.told = true;
    note.told_state = record.key.is_template() ? std::uint8_t{record.assured} : record.state;
    note.told_end_ms = now_ms + record.timeout_ms;
    note.repeats = 0;
}

std::uint64_t template_pause_ms(const Settings& settings) {
    return refresh_of(settings, true).period_ms / kRetryShare;
}

}  // namespace fpvs::engine
