// SPDX-License-Identifier: Apache-2.0
// The seam to the addresses of an interface: a master's virtual addresses come and go here.
#pragma once

#include <cstdint>
#include <string>

#include "host/model/address.hpp"
#include "host/util/result.hpp"

namespace fpvs::provider {

class AddressOwner {
  public:
    virtual ~AddressOwner() = default;
    // Both succeed where nothing is left to do.
    [[nodiscard]] virtual Status add(const std::string& interface,
                                     const model::IpAddress& address,
                                     std::uint8_t prefix_length) = 0;
    [[nodiscard]] virtual Status remove(const std::string& interface,
                                        const model::IpAddress& address,
                                        std::uint8_t prefix_length) = 0;
};

}  // namespace fpvs::provider
