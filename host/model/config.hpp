// SPDX-License-Identifier: Apache-2.0
// Everything a configuration file says, after it was read and found right.
#pragma once

#include <string>
#include <vector>

#include "host/model/virtual_service.hpp"
#include "host/model/vrrp_instance.hpp"

namespace fpvs::model {

struct Config {
    std::string router_id;
    std::vector<VrrpInstance> vrrp_instances;
    std::vector<VirtualServiceConfig> virtual_services;

    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace fpvs::model
