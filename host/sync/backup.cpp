// SPDX-License-Identifier: Apache-2.0
#include "host/sync/backup.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace fpvs::sync {
namespace {

using engine::Learning;

constexpr std::chrono::seconds kSweepInterval{1};
// What version 0 tells of does not say how long it is good for.
constexpr std::chrono::seconds kUnboundWithoutTimeout{180};

// One connection's name: both ends and the protocol, octet for octet.
std::string identity_of(const engine::SyncedConnection& connection) {
    std::string identity;
    const auto put = [&identity](std::uint32_t value, int octets) {
        for (int i = 0; i < octets; ++i) {
            identity.push_back(static_cast<char>(value >> (8 * i)));
        }
    };
    put(connection.protocol, 1);
    put(connection.is_template ? 1 : 0, 1);
    put(connection.client_port, 2);
    put(connection.virtual_port, 2);
    put(connection.firewall_mark, 4);
    for (const model::IpAddress* address :
         {&connection.client_address, &connection.virtual_address}) {
        put(static_cast<std::uint32_t>(address->family), 1);
        for (const std::uint32_t word : address->words) {
            put(word, 4);
        }
    }
    return identity;
}

}  // namespace

void Backup::hear(std::span<const std::uint8_t> datagram, Time now) {
    ++counters_.messages_heard;
    const auto message = decode(datagram, sync_id_);
    if (!message) {
        ++counters_.refusals[static_cast<std::size_t>(message.error())];
        return;
    }
    for (const Connection& connection : message->connections) {
        const auto told = from_wire(connection);
        if (!told) {
            ++counters_.objections[static_cast<std::size_t>(told.error())];
            continue;
        }
        batch_.push_back(*told);
        if (batch_.size() == kLearnedAtOnce) {
            finish(now);
        }
    }
}

void Backup::finish(Time now) {
    if (batch_.empty()) {
        return;
    }
    const Outcome outcome = learn_(batch_);
    for (std::size_t i = 0; i < outcome.size(); ++i) {
        ++counters_.learned[static_cast<std::size_t>(outcome[i])];
        if (outcome[i] == Learning::no_server) {
            keep(batch_[i], now);
        } else if (!unbound_.empty()) {
            unbound_.erase(identity_of(batch_[i]));
        }
    }
    batch_.clear();
}

void Backup::keep(const engine::SyncedConnection& connection, Time now) {
    std::string identity = identity_of(connection);
    if (unbound_.size() >= kUnboundMax && !unbound_.contains(identity)) {
        ++counters_.unbound_refused;
        return;
    }
    const auto timeout = connection.timeout_s != 0 ? std::chrono::seconds(connection.timeout_s)
                                                   : kUnboundWithoutTimeout;
    unbound_[std::move(identity)] = {.connection = connection, .deadline = now + timeout};
}

void Backup::step(std::uint32_t servers_added, Time now) {
    const bool may_bind = servers_added != servers_added_;
    servers_added_ = servers_added;
    if (unbound_.empty() || (!may_bind && now < swept_ + kSweepInterval)) {
        return;
    }
    swept_ = now;
    counters_.unbound_expired +=
        std::erase_if(unbound_, [now](const auto& entry) { return entry.second.deadline <= now; });
    if (!may_bind) {
        return;
    }
    std::vector<Unbound> waiting;
    waiting.reserve(unbound_.size());
    for (auto& entry : unbound_) {
        waiting.push_back(entry.second);
    }
    for (std::size_t first = 0; first < waiting.size(); first += kLearnedAtOnce) {
        batch_.clear();
        const std::size_t last = std::min(waiting.size(), first + kLearnedAtOnce);
        for (std::size_t i = first; i < last; ++i) {
            batch_.push_back(waiting[i].connection);
        }
        const Outcome outcome = learn_(batch_);
        for (std::size_t i = 0; i < outcome.size(); ++i) {
            if (outcome[i] != Learning::no_server) {
                ++counters_.learned[static_cast<std::size_t>(outcome[i])];
                unbound_.erase(identity_of(batch_[i]));
            }
        }
    }
    batch_.clear();
}

}  // namespace fpvs::sync
