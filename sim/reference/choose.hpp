// SPDX-License-Identifier: Apache-2.0
// IPVS's schedulers, each as directly as its rule can be said.  Slow, and that does not matter.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/reference/types.hpp"

namespace fpvs::reference {

struct Server {
    ServerId id;
    ServerSettings settings;
    int last_weight = 0;
    bool overloaded = false;
    bool listed = false;  // Else it is in the trash.
    long active = 0;
    long inactive = 0;
    long templates = 0;
    Counters counters;
    std::uint64_t idle_since_ms = 0;  // In the trash: since when nothing refers to it.

    [[nodiscard]] bool usable() const { return settings.weight > 0 && !overloaded; }
};

using ServerList = std::vector<Server*>;  // The newest first.

// What a service's scheduler remembers from one connection to the next.
struct Memory {
    const Server* last = nullptr;  // rr, wrr: who was chosen; null: the head of the list.
    long level = 0;                // wrr.
    long top = 0;
    long step = 1;
    std::vector<Server*> buckets;                           // sh, dh, mh.
    std::map<Address, std::vector<ServerId>> destinations;  // lblc, lblcr.
};

struct Question {
    Address client;
    Address destination;
    std::uint16_t client_port = 0;
};

// A number from 0 to the given one, each as likely as the others: twos draws two of them.
using Draw = std::function<std::uint32_t(std::uint32_t)>;

enum class Change : std::uint8_t { started, added, removed, edited };

// The list is as it is after the change; `removed` and `predecessor` are set for a removal.
void note_change(const ServiceSettings& settings,
                 const ServerList& servers,
                 Change change,
                 const Server* removed,
                 const Server* predecessor,
                 Memory& memory);

[[nodiscard]] Server* choose(const ServiceSettings& settings,
                             const ServerList& servers,
                             const Question& question,
                             Memory& memory,
                             const Draw& draw);

}  // namespace fpvs::reference
