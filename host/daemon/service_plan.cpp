// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/service_plan.hpp"

#include <algorithm>

namespace fpvs::daemon {
namespace {

// Finds items by their key.  The items must stay where they are.
template <class Item>
class ByKey {
  public:
    explicit ByKey(const std::vector<Item>& items) {
        sorted_.reserve(items.size());
        for (const Item& item : items) {
            sorted_.push_back(&item);
        }
        std::sort(sorted_.begin(), sorted_.end(), [](const Item* left, const Item* right) {
            return left->key < right->key;
        });
    }

    template <class Key>
    [[nodiscard]] const Item* find(const Key& key) const {
        const auto found = std::lower_bound(
            sorted_.begin(), sorted_.end(), key, [](const Item* item, const Key& wanted) {
                return item->key < wanted;
            });
        return found == sorted_.end() || (*found)->key != key ? nullptr : *found;
    }

  private:
    std::vector<const Item*> sorted_;
};

Edit server_edit(Edit::Kind kind,
                 const model::VirtualServiceConfig& service,
                 const model::RealServerConfig& server) {
    return {.kind = kind,
            .service = service.key,
            .server = server.key,
            .server_settings = server.settings};
}

Edit service_edit(Edit::Kind kind, const model::VirtualServiceConfig& service) {
    return {.kind = kind, .service = service.key, .service_settings = service.settings};
}

Edit address_edit(Edit::Kind kind,
                  const model::VirtualServiceConfig& service,
                  const model::IpAddress& address) {
    return {.kind = kind, .service = service.key, .local_address = address};
}

bool contains(const std::vector<model::IpAddress>& addresses, const model::IpAddress& address) {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

class Planner {
  public:
    explicit Planner(const DownServers& down) : down_(down) {}

    void leave(const model::VirtualServiceConfig& before,
               const model::VirtualServiceConfig* after) {
        if (after == nullptr) {
            edits_.push_back(service_edit(Edit::Kind::delete_service, before));
            return;
        }
        for (const auto& address : before.local_addresses) {
            if (!contains(after->local_addresses, address)) {
                edits_.push_back(address_edit(Edit::Kind::delete_local_address, before, address));
            }
        }
        if (before.servers == after->servers) {
            return;
        }
        const ByKey servers(after->servers);
        for (const auto& server : before.servers) {
            if (servers.find(server.key) == nullptr && up(before, server)) {
                edits_.push_back(server_edit(Edit::Kind::delete_server, before, server));
            }
        }
    }

    void arrive(const model::VirtualServiceConfig* before,
                const model::VirtualServiceConfig& after) {
        if (before == nullptr) {
            edits_.push_back(service_edit(Edit::Kind::add_service, after));
            add_local_addresses({}, after);
            for (const auto& server : after.servers) {
                serve(nullptr, after, server);
            }
            return;
        }
        if (before->settings != after.settings) {
            edits_.push_back(service_edit(Edit::Kind::edit_service, after));
        }
        add_local_addresses(before->local_addresses, after);
        if (before->servers == after.servers) {
            return;
        }
        const ByKey servers(before->servers);
        for (const auto& server : after.servers) {
            serve(servers.find(server.key), after, server);
        }
    }

    [[nodiscard]] std::vector<Edit> take() { return std::move(edits_); }

  private:
    // Before the servers that need them.
    void add_local_addresses(const std::vector<model::IpAddress>& before,
                             const model::VirtualServiceConfig& service) {
        for (const auto& address : service.local_addresses) {
            if (!contains(before, address)) {
                edits_.push_back(address_edit(Edit::Kind::add_local_address, service, address));
            }
        }
    }
    // A server that the configuration has now.
    void serve(const model::RealServerConfig* before,
               const model::VirtualServiceConfig& service,
               const model::RealServerConfig& after) {
        if (!up(service, after)) {
            return;
        }
        if (before == nullptr) {
            edits_.push_back(server_edit(Edit::Kind::add_server, service, after));
        } else if (before->settings != after.settings) {
            edits_.push_back(server_edit(Edit::Kind::edit_server, service, after));
        }
    }
    [[nodiscard]] bool up(const model::VirtualServiceConfig& service,
                          const model::RealServerConfig& server) const {
        return !down_.contains({service.key, server.key});
    }

    const DownServers& down_;
    std::vector<Edit> edits_;
};

}  // namespace

std::vector<Edit> plan_edits(const std::vector<model::VirtualServiceConfig>& before,
                             const std::vector<model::VirtualServiceConfig>& after,
                             const DownServers& down) {
    Planner planner(down);
    const ByKey left(before);
    const ByKey right(after);
    for (const auto& service : before) {
        planner.leave(service, right.find(service.key));
    }
    for (const auto& service : after) {
        planner.arrive(left.find(service.key), service);
    }
    return planner.take();
}

}  // namespace fpvs::daemon
