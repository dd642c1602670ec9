// SPDX-License-Identifier: Apache-2.0
// Does a well-formed advert come from a peer that is configured as we are?
#pragma once

#include <optional>
#include <string>

#include "host/model/vrrp_instance.hpp"
#include "host/vrrp/packet.hpp"

namespace fpvs::vrrp {

// What the instance puts into its own adverts.
[[nodiscard]] Advert advert_of(const model::VrrpInstance& instance, std::uint8_t priority);

// None: it may take part in the election.  Whatever is refused does not count as a sign of life,
// so peers that disagree both become master; that is what keepalived does, and it is logged.
[[nodiscard]] std::optional<Refusal> refusal_of(const model::VrrpInstance& instance,
                                                const ReceivedAdvert& received);

// For the log, in keepalived's words where it has some.
[[nodiscard]] std::string describe(Refusal refusal,
                                   const model::VrrpInstance& instance,
                                   const ReceivedAdvert& received);

}  // namespace fpvs::vrrp
