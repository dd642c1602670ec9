// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/choose.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "host/util/check.hpp"
#include "sim/reference/siphash.hpp"

namespace fpvs::reference {
namespace {

// --- Turns: rr and wrr.

// Where the walk goes on after `last`.
[[nodiscard]] std::size_t after(const ServerList& servers, const Server* last) {
    if (last == nullptr) {
        return 0;
    }
    const auto place = std::find(servers.begin(), servers.end(), last);
    FPVS_CHECK(place != servers.end());
    return static_cast<std::size_t>(place - servers.begin()) + 1;
}

[[nodiscard]] Server* choose_rr(const ServerList& servers, Memory& memory) {
    ServerList turn = servers;
    std::rotate(
        turn.begin(), turn.begin() + static_cast<long>(after(servers, memory.last)), turn.end());
    for (Server* server : turn) {
        if (server->usable()) {
            memory.last = server;
            return server;
        }
    }
    return nullptr;
}

// Round after round, until a whole round at the lowest level has found nobody.
[[nodiscard]] Server* choose_wrr(const ServerList& servers, Memory& memory) {
    if (memory.top == 0) {
        return nullptr;
    }
    const Server* const start = memory.last;
    const bool began_in_lowest_round = start != nullptr && memory.level <= memory.step;
    bool from_head = start == nullptr;
    int lowest_rounds = 0;
    for (;;) {
        for (std::size_t i = after(servers, memory.last); i < servers.size(); ++i) {
            if (!servers[i]->overloaded && servers[i]->settings.weight >= memory.level) {
                memory.last = servers[i];
                return servers[i];
            }
        }
        memory.last = nullptr;
        const bool was_lowest = memory.level <= memory.step;
        lowest_rounds += was_lowest ? 1 : 0;
        if (was_lowest && began_in_lowest_round && lowest_rounds == 2) {
            // Back where it began, in the round in which it began.
            memory.last = start;
            return nullptr;
        }
        memory.level -= memory.step;
        if (memory.level <= 0) {
            memory.level = memory.top;
        }
        if (was_lowest && from_head) {
            return nullptr;
        }
        from_head = true;
    }
}

void measure_wrr(const ServerList& servers, bool started, Memory& memory) {
    int divisor = 0;
    int heaviest = 0;
    for (const Server* server : servers) {
        divisor = std::gcd(divisor, server->settings.weight);
        heaviest = std::max(heaviest, server->settings.weight);
    }
    memory.last = nullptr;
    memory.step = divisor == 0 ? 1 : divisor;
    memory.top = heaviest == 0 ? 0 : heaviest - (memory.step - 1);
    if (started || memory.level > memory.top || memory.level == 0) {
        memory.level = memory.top;
    } else if (memory.step > 1) {
        memory.level = memory.level / memory.step * memory.step + 1;
    }
}

// --- Least of something.

[[nodiscard]] long load(const Server& server) {
    return server.active * 256 + server.inactive;
}
[[nodiscard]] long delay(const Server& server) {
    return server.active + 1;
}

template <class Measure>
[[nodiscard]] Server* least(const ServerList& servers, Measure measure, bool weighted) {
    Server* best = nullptr;
    for (Server* server : servers) {
        if (!server->usable()) {
            continue;
        }
        const long own_weight = weighted ? server->settings.weight : 1;
        const long best_weight = best != nullptr && weighted ? best->settings.weight : 1;
        if (best == nullptr || measure(*server) * best_weight < measure(*best) * own_weight) {
            best = server;
        }
    }
    return best;
}

[[nodiscard]] Server* choose_nq(const ServerList& servers) {
    for (Server* server : servers) {
        if (server->usable() && server->active == 0) {
            return server;
        }
    }
    return least(servers, delay, true);
}

[[nodiscard]] Server* heaviest(const ServerList& servers, bool with_room) {
    Server* best = nullptr;
    for (Server* server : servers) {
        if (server->usable() && (!with_room || server->active <= server->settings.weight) &&
            (best == nullptr || server->settings.weight > best->settings.weight)) {
            best = server;
        }
    }
    return best;
}

// Two draws by weight; of the two servers the less loaded one, the first if they are equal.
[[nodiscard]] Server* choose_twos(const ServerList& servers, const Draw& draw) {
    std::uint32_t total = 0;
    for (const Server* server : servers) {
        total += server->usable() ? static_cast<std::uint32_t>(server->settings.weight) : 0;
    }
    if (total == 0) {
        return nullptr;
    }
    const auto drawn = [&](long left) -> Server* {
        for (Server* server : servers) {
            if (server->usable() && (left -= server->settings.weight) <= 0) {
                return server;
            }
        }
        return nullptr;
    };
    const std::uint32_t first_draw = draw(total);
    const std::uint32_t second_draw = draw(total);
    Server* const first = drawn(first_draw);
    Server* const second = drawn(second_draw);
    const bool second_has_less =
        second->settings.weight * load(*first) > first->settings.weight * load(*second);
    return second_has_less ? second : first;
}

// --- Hashes.

[[nodiscard]] std::uint32_t hash_256(std::uint32_t value) {
    const std::uint64_t product = std::uint64_t{value} * 0x61c88647u;
    return static_cast<std::uint32_t>(product % (std::uint64_t{1} << 32) >> 24);
}

[[nodiscard]] std::uint32_t hash_maglev(std::uint64_t key, std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return static_cast<std::uint32_t>(siphash(1, 3, {key, key}, bytes));
}

constexpr std::uint64_t kPlaceKey = 2654435761;
constexpr std::uint64_t kStrideKey = 2654446892;
constexpr std::uint32_t kMaglevPlaces = 4093;

void fill_hash(const ServerList& servers, bool by_weight, Memory& memory) {
    memory.buckets.clear();
    while (!servers.empty() && memory.buckets.size() < 256) {
        for (Server* server : servers) {
            const int share = by_weight ? std::max(server->settings.weight, 1) : 1;
            memory.buckets.insert(memory.buckets.end(), static_cast<std::size_t>(share), server);
        }
    }
    memory.buckets.resize(std::min<std::size_t>(memory.buckets.size(), 256));
}

// The places of a server's walk in their order: each is one stride from the one before.
[[nodiscard]] std::uint32_t nth_place(const Server& server, std::uint32_t n) {
    const std::uint32_t value = server.id.address.folded() + server.id.port;
    const std::uint64_t first = hash_maglev(kPlaceKey, value) % kMaglevPlaces;
    const std::uint64_t stride = hash_maglev(kStrideKey, value) % (kMaglevPlaces - 1) + 1;
    return static_cast<std::uint32_t>((first + n * stride) % kMaglevPlaces);
}

// How many places each server takes in a round.
[[nodiscard]] std::vector<int> maglev_turns(const ServerList& servers) {
    int divisor = 0;
    int most = 0;
    for (const Server* server : servers) {
        divisor = std::gcd(divisor, server->last_weight);
        most = std::max(most, server->last_weight);
    }
    std::vector<int> turns(servers.size(), 0);
    for (std::size_t i = 0; i < servers.size() && divisor > 0; ++i) {
        int shift = 0;
        while (most / divisor >> shift >= 64) {
            ++shift;
        }
        const int weight = servers[i]->last_weight;
        turns[i] = weight > 0 ? std::max(weight / divisor >> shift, 1) : 0;
    }
    return turns;
}

void fill_maglev(const ServerList& servers, Memory& memory) {
    const std::vector<int> turns = maglev_turns(servers);
    memory.buckets.clear();
    // Who is to take a place, one after the other.
    ServerList order;
    while (order.size() < kMaglevPlaces) {
        const std::size_t before = order.size();
        for (std::size_t i = 0; i < servers.size(); ++i) {
            order.insert(order.end(), static_cast<std::size_t>(turns[i]), servers[i]);
        }
        if (order.size() == before) {
            return;
        }
    }
    memory.buckets.assign(kMaglevPlaces, nullptr);
    std::map<const Server*, std::uint32_t> walked;
    for (std::size_t i = 0; i < kMaglevPlaces; ++i) {
        std::uint32_t& steps = walked[order[i]];
        while (memory.buckets[nth_place(*order[i], steps)] != nullptr) {
            ++steps;
        }
        memory.buckets[nth_place(*order[i], steps)] = order[i];
    }
}

// The bucket of the hash, and with fallback those of the hash with every offset from it.
template <class Hash>
[[nodiscard]] Server* choose_hash(const Memory& memory, bool fallback, Hash hash) {
    const auto size = static_cast<std::uint32_t>(memory.buckets.size());
    if (size == 0) {
        return nullptr;
    }
    const std::uint32_t home = hash(0) % size;
    if (memory.buckets[home]->usable()) {
        return memory.buckets[home];
    }
    for (std::uint32_t i = 0; fallback && i < size; ++i) {
        Server* server = memory.buckets[hash((home + i) % size) % size];
        if (server->usable()) {
            return server;
        }
    }
    return nullptr;
}

// --- Locality.

[[nodiscard]] bool has_too_much(const Server& server, const ServerList& servers) {
    return server.active > server.settings.weight &&
           std::any_of(servers.begin(), servers.end(), [](const Server* other) {
               return other->active * 2 < other->settings.weight;
           });
}

// The servers with these names that the service has now.
[[nodiscard]] ServerList present(const ServerList& servers, const std::vector<ServerId>& ids) {
    ServerList found;
    for (const ServerId& id : ids) {
        std::copy_if(
            servers.begin(), servers.end(), std::back_inserter(found), [&](const Server* server) {
                return server->id == id;
            });
    }
    return found;
}

[[nodiscard]] Server* choose_lblc(const ServerList& servers,
                                  const Address& destination,
                                  Memory& memory) {
    auto& known = memory.destinations[destination];
    for (Server* server : present(servers, known)) {
        if (server->settings.weight > 0 && !has_too_much(*server, servers)) {
            return server;
        }
    }
    Server* server = least(servers, load, true);
    if (server != nullptr) {
        known = {server->id};
    }
    return server;
}

[[nodiscard]] Server* choose_lblcr(const ServerList& servers,
                                   const Address& destination,
                                   Memory& memory) {
    auto& set = memory.destinations[destination];
    Server* server = least(present(servers, set), load, true);
    if (server != nullptr && !has_too_much(*server, servers)) {
        return server;
    }
    server = least(servers, load, true);
    if (server != nullptr && std::find(set.begin(), set.end(), server->id) == set.end()) {
        set.insert(set.begin(), server->id);
    }
    return server;
}

}  // namespace

void note_change(const ServiceSettings& settings,
                 const ServerList& servers,
                 Change change,
                 const Server* removed,
                 const Server* predecessor,
                 Memory& memory) {
    if (change == Change::started) {
        memory = {};
    }
    const std::string& name = settings.scheduler;
    if (name == "rr" && change == Change::removed && memory.last == removed) {
        memory.last = predecessor;
    } else if (name == "wrr") {
        measure_wrr(servers, change == Change::started, memory);
    } else if (name == "sh") {
        fill_hash(servers, true, memory);
    } else if (name == "dh" && change != Change::edited) {
        fill_hash(servers, false, memory);
    } else if (name == "mh") {
        fill_maglev(servers, memory);
    }
}

Server* choose(const ServiceSettings& settings,
               const ServerList& servers,
               const Question& question,
               Memory& memory,
               const Draw& draw) {
    const std::string& name = settings.scheduler;
    const std::uint32_t client =
        question.client.folded() + (settings.hash_port ? question.client_port : 0u);
    if (name == "rr") {
        return choose_rr(servers, memory);
    }
    if (name == "wrr") {
        return choose_wrr(servers, memory);
    }
    if (name == "lc" || name == "wlc") {
        return least(servers, load, name == "wlc");
    }
    if (name == "sed") {
        return least(servers, delay, true);
    }
    if (name == "nq") {
        return choose_nq(servers);
    }
    if (name == "fo" || name == "ovf") {
        return heaviest(servers, name == "ovf");
    }
    if (name == "twos") {
        return choose_twos(servers, draw);
    }
    if (name == "sh") {
        return choose_hash(memory, settings.hash_fallback, [&](std::uint32_t offset) {
            return hash_256(client) + offset;
        });
    }
    if (name == "dh") {
        return choose_hash(memory, false, [&](std::uint32_t offset) {
            return hash_256(question.destination.folded()) + offset;
        });
    }
    if (name == "mh") {
        return choose_hash(memory, settings.hash_fallback, [&](std::uint32_t offset) {
            return hash_maglev(kPlaceKey, client + offset);
        });
    }
    if (name == "lblc") {
        return choose_lblc(servers, question.destination, memory);
    }
    FPVS_CHECK(name == "lblcr", "no scheduler {}", name);
    return choose_lblcr(servers, question.destination, memory);
}

}  // namespace fpvs::reference
