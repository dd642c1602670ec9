// SPDX-License-Identifier: Apache-2.0
// What the numbers of services, servers and local addresses mean, in memory that can be kept
// (kept_memory.hpp): connections name their server by a number, and so do the entries of a card.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "host/engine/mapped_array.hpp"
#include "host/engine/packet.hpp"
#include "host/model/limits.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::engine {

struct ServiceName {
    model::ServiceKey key;
    std::uint8_t in_use = 0;
};

struct ServerName {
    model::ServerKey key;
    ServiceIndex service = 0;
    std::uint8_t in_use = 0;
};

struct LocalAddressName {
    model::IpAddress address;
    std::uint8_t in_use = 0;
};

struct Names {
    Names()
        : services(model::kVirtualServicesMax),
          servers(model::kRealServersMax),
          local_addresses(model::kLocalAddressesMax) {}
    Names(std::span<std::byte> services,
          std::span<std::byte> servers,
          std::span<std::byte> local_addresses)
        : services(services), servers(servers), local_addresses(local_addresses) {}

    MappedArray<ServiceName> services;  // By ServiceIndex,
    MappedArray<ServerName> servers;    // by ServerIndex,
    MappedArray<LocalAddressName> local_addresses;
};

// A name is in use only while all of it is there, whenever the process ends.
template <class Name>
void set_name(Name& place, Name name) {
    place.in_use = 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    name.in_use = 0;
    place = name;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    place.in_use = 1;
}

}  // namespace fpvs::engine
