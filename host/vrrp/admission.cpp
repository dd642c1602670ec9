// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/admission.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace fpvs::vrrp {
namespace {

constexpr std::uint32_t kCentisecondsPerSecond = 100;

std::uint8_t authentication_type_of(const model::VrrpInstance& instance) {
    // Version 3 has no authentication (RFC 9568 section 9).
    return instance.version == 2 ? static_cast<std::uint8_t>(instance.authentication) : 0;
}

Password password_of(const model::VrrpInstance& instance) {
    Password password{};
    if (authentication_type_of(instance) == kAuthenticationPassword) {
        std::copy_n(instance.password.begin(),
                    std::min(instance.password.size(), password.size()),
                    password.begin());
    }
    return password;
}

std::vector<model::IpAddress> addresses_of(const model::VrrpInstance& instance) {
    std::vector<model::IpAddress> addresses;
    for (const model::VirtualAddress& virtual_address : instance.addresses) {
        addresses.push_back(virtual_address.address);
    }
    return addresses;
}

// Order does not matter: two configurations may list the same addresses differently.
bool same_addresses(const model::VrrpInstance& instance, const Advert& advert) {
    const auto addresses = addresses_of(instance);
    return std::is_permutation(
        addresses.begin(), addresses.end(), advert.addresses.begin(), advert.addresses.end());
}

// Adverts to the group come from the segment itself; those between hosts may come from afar.
std::optional<Refusal> envelope_refusal(const model::VrrpInstance& instance,
                                        const Envelope& envelope) {
    if (instance.unicast_peers.empty()) {
        if (envelope.destination != group_of(instance.family)) {
            return Refusal::wrong_destination;
        }
        if (envelope.hop_limit != kHopLimit) {
            return Refusal::wrong_ttl;
        }
        return std::nullopt;
    }
    if (envelope.destination == group_of(instance.family)) {
        return Refusal::wrong_destination;
    }
    const auto& peers = instance.unicast_peers;
    if (instance.check_unicast_source &&
        std::find(peers.begin(), peers.end(), envelope.source) == peers.end()) {
        return Refusal::unknown_peer;
    }
    return std::nullopt;
}

}  // namespace

Advert advert_of(const model::VrrpInstance& instance, std::uint8_t priority) {
    return Advert{.version = instance.version,
                  .virtual_router_id = instance.virtual_router_id,
                  .priority = priority,
                  .interval_cs = instance.advert_interval_cs,
                  .authentication_type = authentication_type_of(instance),
                  .password = password_of(instance),
                  .addresses = addresses_of(instance)};
}

std::optional<Refusal> refusal_of(const model::VrrpInstance& instance,
                                  const ReceivedAdvert& received) {
    const Advert& advert = received.advert;
    if (const auto refusal = envelope_refusal(instance, received.envelope)) {
        return refusal;
    }
    if (advert.version != instance.version) {
        return Refusal::wrong_version;
    }
    const bool sealed = received.envelope.sequence.has_value();
    if (advert.authentication_type != authentication_type_of(instance) ||
        sealed != (advert.authentication_type == kAuthenticationHeader)) {
        return Refusal::wrong_authentication;
    }
    if (advert.authentication_type == kAuthenticationPassword &&
        advert.password != password_of(instance)) {
        return Refusal::wrong_password;
    }
    if (!same_addresses(instance, advert)) {
        return Refusal::wrong_addresses;
    }
    // Version 3 learns the master's interval (RFC 9568 6.1), but 0 would make a storm.
    const bool acceptable = instance.version == 2
                                ? advert.interval_cs == instance.advert_interval_cs
                                : advert.interval_cs != 0;
    if (!acceptable) {
        return Refusal::wrong_interval;
    }
    return std::nullopt;
}

std::string describe(Refusal refusal,
                     const model::VrrpInstance& instance,
                     const ReceivedAdvert& received) {
    const Advert& advert = received.advert;
    switch (refusal) {
        case Refusal::wrong_version:
            return fmt::format(
                "invalid version. Received {} and expect {}", advert.version, instance.version);
        case Refusal::wrong_authentication:
            return fmt::format("received a {} auth, expecting {}!",
                               advert.authentication_type,
                               authentication_type_of(instance));
        case Refusal::wrong_password:
            return "received an invalid passwd!";
        case Refusal::wrong_seal:
            return "IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad "
                   "password !";
        case Refusal::replayed:
            return fmt::format("IPSEC-AH : sequence number {} already processed. Packet dropped.",
                               received.envelope.sequence.value_or(0));
        case Refusal::wrong_addresses:
            return fmt::format("ip address associated with VRID {} not present in MASTER advert",
                               instance.virtual_router_id);
        case Refusal::wrong_interval:
            return fmt::format("advertisement interval mismatch mine={} sec rcv'd={} sec",
                               instance.advert_interval_cs / kCentisecondsPerSecond,
                               advert.interval_cs / kCentisecondsPerSecond);
        default:
            return fmt::format("refused an advert: {}", name(refusal));
    }
}

}  // namespace fpvs::vrrp
