// SPDX-License-Identifier: Apache-2.0
// The engine's word for a forwarding method, in the card's.
#pragma once

#include "host/model/virtual_service.hpp"
#include "hw/abi/entries.hpp"

namespace fpvs::offload {

[[nodiscard]] inline abi::Method method_of(model::Forwarding forwarding) {
    using model::Forwarding;
    switch (forwarding) {
        case Forwarding::nat:
            return abi::Method::nat;
        case Forwarding::local:
            return abi::Method::local;
        case Forwarding::tunnel:
            return abi::Method::tunnel;
        case Forwarding::direct_routing:
            return abi::Method::direct_routing;
        case Forwarding::full_nat:
            return abi::Method::full_nat;
    }
    return abi::Method::host;
}

}  // namespace fpvs::offload
