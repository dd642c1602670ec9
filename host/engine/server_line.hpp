// SPDX-License-Identifier: Apache-2.0
// What packets of known connections need of their server, and leave with it: one cache line, of
// which each worker has its own.
//
// Only the worker counts in its line; anybody may read what it counted.  What the line says of the
// server is told by edits, while packets pass: each word is whole, and old or new.  Address and
// service are told once, before any connection can have the server.
#pragma once

#include <bit>
#include <cstdint>

#include "host/engine/packet.hpp"
#include "host/model/address.hpp"
#include "host/model/view.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::engine {

// A word with one writer and any number of readers at any time.  Plain enough for tables that
// begin as zero bytes, which std::atomic is not.
template <class T>
class SharedWord {
  public:
    [[nodiscard]] T get() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
    void set(T value) { __atomic_store_n(&value_, value, __ATOMIC_RELAXED); }
    // For a writer that is the only one: costs what an ordinary addition does.
    void add(T value) { set(get() + value); }

  private:
    T value_ = 0;
};

class alignas(64) ServerLine {
  public:
    // False in the trash, and of an index that no server has.
    [[nodiscard]] bool available() const { return flags_.get() & kAvailable; }
    // Its weight is 0.
    [[nodiscard]] bool quiesced() const { return flags_.get() & kQuiesced; }
    [[nodiscard]] model::ClientAddress client_address() const {
        return static_cast<model::ClientAddress>(client_address_.get());
    }
    [[nodiscard]] model::Tunnel tunnel() const {
        return std::bit_cast<model::Tunnel>(tunnel_.get());
    }
    [[nodiscard]] const model::IpAddress& address() const { return address_; }
    [[nodiscard]] ServiceIndex service() const { return service_; }

    void introduce(const model::IpAddress& address, ServiceIndex service) {
        address_ = address;
        service_ = service;
    }
    void tell(bool available, bool quiesced) {
        flags_.set(
            static_cast<std::uint8_t>((available ? kAvailable : 0) | (quiesced ? kQuiesced : 0)));
    }
    void tell(model::ClientAddress client_address) {
        client_address_.set(static_cast<std::uint8_t>(client_address));
    }
    void tell(const model::Tunnel& tunnel) { tunnel_.set(std::bit_cast<std::uint32_t>(tunnel)); }

    [[gnu::always_inline]] void count_in(std::uint64_t packets, std::uint64_t bytes) {
        packets_in_.add(packets);
        bytes_in_.add(bytes);
    }
    [[gnu::always_inline]] void count_out(std::uint64_t packets, std::uint64_t bytes) {
        packets_out_.add(packets);
        bytes_out_.add(bytes);
    }
    // What was counted ever since, of whichever servers had the index.
    void add_to(model::TrafficCounters& counters) const {
        counters.packets_in += packets_in_.get();
        counters.bytes_in += bytes_in_.get();
        counters.packets_out += packets_out_.get();
        counters.bytes_out += bytes_out_.get();
    }

  private:
    static constexpr std::uint8_t kAvailable = 1;
    static constexpr std::uint8_t kQuiesced = 2;

    model::IpAddress address_ = {};
    ServiceIndex service_ = kNoIndex;
    SharedWord<std::uint32_t> tunnel_;  // A model::Tunnel.
    SharedWord<std::uint8_t> flags_;
    SharedWord<std::uint8_t> client_address_;
    SharedWord<std::uint64_t> packets_in_;
    SharedWord<std::uint64_t> bytes_in_;
    SharedWord<std::uint64_t> packets_out_;
    SharedWord<std::uint64_t> bytes_out_;
};
static_assert(sizeof(ServerLine) == 64);

}  // namespace fpvs::engine
