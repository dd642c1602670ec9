// SPDX-License-Identifier: Apache-2.0
// How many ICMP errors may be sent: the kernel's limits with its defaults, 1000 a second in bursts
// of 50 to everybody (icmp_msgs_per_sec, icmp_msgs_burst) and one a second in bursts of 6 to one
// client (icmp_ratelimit).  Those that tell of a path's MTU are not counted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "host/model/address.hpp"
#include "host/provider/clock.hpp"

namespace fpvs::slowpath {

// A token bucket whose tokens are time: credit grows with the clock up to a burst, and each
// admission costs one interval.
class TokenBucket {
  public:
    [[nodiscard]] bool admit(provider::Nanoseconds now,
                             provider::Nanoseconds interval,
                             int burst) noexcept {
        spent_until_ = std::max(spent_until_, now - interval * burst);
        if (spent_until_ + interval > now) {
            return false;
        }
        spent_until_ += interval;
        return true;
    }

  private:
    provider::Nanoseconds spent_until_ = std::chrono::hours(-1);
};

class IcmpLimit {
  public:
    [[nodiscard]] bool admit(const model::IpAddress& client, provider::Nanoseconds now) noexcept {
        std::uint32_t hash = 0;
        for (const std::uint32_t word : client.words) {
            hash = (hash ^ word) * kHashFactor;
        }
        Client& slot = clients_[hash >> (32 - kClientsLog2)];
        if (slot.address != client) {
            slot = {.address = client, .bucket = {}};
        }
        const provider::Nanoseconds interval =
            client.is_ipv4() ? kClientInterval : kIpv6ClientInterval;
        return slot.bucket.admit(now, interval, kClientBurst) &&
               everybody_.admit(now, kInterval, kBurst);
    }

  private:
    // Clients share a slot when their hashes meet: the newer starts anew, and the common limit
    // still holds.
    static constexpr int kClientsLog2 = 10;
    static constexpr std::uint32_t kHashFactor = 0x9e3779b1;
    static constexpr provider::Nanoseconds kClientInterval = std::chrono::seconds(1);
    // The kernel is the more generous the wider the route to an IPv6 client is: as for a /64.
    static constexpr provider::Nanoseconds kIpv6ClientInterval = std::chrono::milliseconds(250);
    static constexpr int kClientBurst = 6;
    static constexpr provider::Nanoseconds kInterval = std::chrono::milliseconds(1);
    static constexpr int kBurst = 50;

    struct Client {
        model::IpAddress address;
        TokenBucket bucket;
    };

    std::array<Client, std::size_t{1} << kClientsLog2> clients_;
    TokenBucket everybody_;
};

}  // namespace fpvs::slowpath
