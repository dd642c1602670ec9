// SPDX-License-Identifier: Apache-2.0
#include "host/announce/wanted.hpp"

#include <algorithm>

namespace fpvs::announce {

Plan plan_addresses(const model::Config& config, const QuorumOf& has_quorum) {
    Plan plan;
    if (!config.announce) {
        return plan;
    }
    const auto has = [](const std::vector<model::IpAddress>& list,
                        const model::IpAddress& address) {
        return std::find(list.begin(), list.end(), address) != list.end();
    };
    for (const model::VirtualServiceConfig& service : config.virtual_services) {
        const model::IpAddress& address = service.key.address;
        if (service.key.firewall_mark != 0 || has(config.announce->never, address)) {
            continue;
        }
        plan.known.insert(address);
        if (has(config.announce->always, address) || has_quorum(service.key)) {
            plan.wanted.insert(address);
        }
    }
    return plan;
}

}  // namespace fpvs::announce
