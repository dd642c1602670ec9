// SPDX-License-Identifier: Apache-2.0
// The identity of a connection in two words, and its keyed hash.
//
//   bits of `addresses`   0-31 client's address      32-63 virtual (or server's) address
//           `rest`        0-15 client's port         16-31 virtual (or server's) port
//                        32-39 protocol              40-47 kind      48-55 family
//
// IPv6 addresses do not fit: `addresses` has a keyed digest of both there, and who finds a key of
// IPv6 compares the addresses themselves as well.
#pragma once

#include <array>
#include <cstdint>

#include "host/model/address.hpp"

namespace fpvs::engine {

struct FlowKey {
    enum class Kind : std::uint8_t {
        connection,      // Client's end and virtual end.
        template_entry,  // Masked client, port 0; by firewall mark protocol 0 and the mark.
        reply,           // Client's end (FULLNAT: the director's) and the server's.
    };

    std::uint64_t addresses = 0;
    std::uint64_t rest = 0;

    [[nodiscard]] static constexpr std::uint64_t pack(std::uint16_t client_port,
                                                      std::uint16_t virtual_port,
                                                      std::uint8_t protocol,
                                                      Kind kind,
                                                      model::Family family) {
        return std::uint64_t{client_port} | std::uint64_t{virtual_port} << 16 |
               std::uint64_t{protocol} << 32 | static_cast<std::uint64_t>(kind) << 40 |
               static_cast<std::uint64_t>(family) << 48;
    }

    [[nodiscard]] std::uint32_t client_address() const {  // IPv4.
        return static_cast<std::uint32_t>(addresses);
    }
    [[nodiscard]] std::uint32_t virtual_address() const {  // IPv4.
        return static_cast<std::uint32_t>(addresses >> 32);
    }
    [[nodiscard]] std::uint16_t client_port() const { return static_cast<std::uint16_t>(rest); }
    [[nodiscard]] std::uint16_t virtual_port() const {
        return static_cast<std::uint16_t>(rest >> 16);
    }
    [[nodiscard]] std::uint8_t protocol() const { return static_cast<std::uint8_t>(rest >> 32); }
    [[nodiscard]] Kind kind() const { return static_cast<Kind>(rest >> 40 & 0xff); }
    [[nodiscard]] bool is_template() const { return kind() == Kind::template_entry; }
    [[nodiscard]] model::Family family() const {
        return static_cast<model::Family>(rest >> 48 & 0xff);
    }

    friend bool operator==(const FlowKey&, const FlowKey&) = default;
};
static_assert(sizeof(FlowKey) == 16);

// Both addresses of an IPv6 key in full.
struct WideAddresses {
    std::array<std::uint32_t, 4> client;
    std::array<std::uint32_t, 4> virtual_end;

    friend bool operator==(const WideAddresses&, const WideAddresses&) = default;
};

// Keyed by a seed that nobody outside knows: clients cannot choose addresses that collide.
class FlowHash {
  public:
    explicit FlowHash(std::uint64_t seed) : seed_(seed) {}

    // Two multiplications of 64 x 64 to 128 bits, folded: every bit of key and seed reaches every
    // bit.
    [[nodiscard, gnu::always_inline]] std::uint64_t operator()(const FlowKey& key) const {
        const std::uint64_t folded = mix(key.addresses ^ seed_, key.rest ^ kOdd);
        return mix(folded ^ kOdd, (key.addresses + key.rest) ^ ~seed_);
    }

    [[nodiscard]] std::uint64_t digest(const WideAddresses& addresses) const {
        const auto word = [](const std::array<std::uint32_t, 4>& words, std::size_t i) {
            return std::uint64_t{words[i]} << 32 | words[i + 1];
        };
        const std::uint64_t client =
            mix(word(addresses.client, 0) ^ seed_, word(addresses.client, 2) ^ kOdd);
        const std::uint64_t far =
            mix(word(addresses.virtual_end, 0) ^ ~seed_, word(addresses.virtual_end, 2) ^ client);
        return mix(client ^ kOdd, far ^ seed_);
    }

  private:
    static constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio.

    [[nodiscard, gnu::always_inline]] static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
        const auto product = static_cast<unsigned __int128>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t seed_;
};

}  // namespace fpvs::engine
