// SPDX-License-Identifier: Apache-2.0
// How servers are reached: the words after lb_kind and lvs_method.
//
//     lb_kind NAT | DR | TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]
//     lb_kind FULLNAT          FPVS's; FNAT, as DPVS calls it, is the same.
#pragma once

#include <optional>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::config {

struct Method {
    model::Forwarding forwarding = model::Forwarding::nat;
    model::Tunnel tunnel = {};
};

[[nodiscard]] std::optional<Method> read_method(const Statement& statement,
                                                Diagnostics& diagnostics);

}  // namespace fpvs::config
