// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/service_plan.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace fpvs::daemon {
namespace {

// Finds items by their key.  The items must stay where they are.
template <class List>
class ByKey {
  public:
    using Item = typename List::value_type;

    explicit ByKey(const List& items) {
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
                 const model::ServiceKey& service,
                 const health::PoolEntry& server) {
    return {
        .kind = kind, .service = service, .server = server.key, .server_settings = server.settings};
}

Edit service_edit(Edit::Kind kind, const ServiceTable& service) {
    return {.kind = kind, .service = service.key, .service_settings = service.settings};
}

Edit address_edit(Edit::Kind kind, const ServiceTable& service, const model::IpAddress& address) {
    return {.kind = kind, .service = service.key, .local_address = address};
}

bool contains(const std::vector<model::IpAddress>& addresses, const model::IpAddress& address) {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

class Planner {
  public:
    void leave(const ServiceTable& before, const ServiceTable* after) {
        if (after == nullptr) {
            edits_.push_back(service_edit(Edit::Kind::delete_service, before));
            return;
        }
        for (const auto& address : before.local_addresses) {
            if (!contains(after->local_addresses, address)) {
                edits_.push_back(address_edit(Edit::Kind::delete_local_address, before, address));
            }
        }
        delete_servers(before.key, before.servers, after->servers);
    }

    void arrive(const ServiceTable* before, const ServiceTable& after) {
        if (before == nullptr) {
            edits_.push_back(service_edit(Edit::Kind::add_service, after));
        } else if (before->settings != after.settings) {
            edits_.push_back(service_edit(Edit::Kind::edit_service, after));
        }
        const ServiceTable none;
        const ServiceTable& known = before != nullptr ? *before : none;
        // Before the servers that need them.
        for (const auto& address : after.local_addresses) {
            if (!contains(known.local_addresses, address)) {
                edits_.push_back(address_edit(Edit::Kind::add_local_address, after, address));
            }
        }
        add_servers(after.key, known.servers, after.servers);
    }

    void delete_servers(const model::ServiceKey& service,
                        const health::PoolTable& before,
                        const health::PoolTable& after) {
        if (before == after) {
            return;
        }
        const ByKey staying(after);
        for (const auto& server : before) {
            if (staying.find(server.key) == nullptr) {
                edits_.push_back(server_edit(Edit::Kind::delete_server, service, server));
            }
        }
    }

    void add_servers(const model::ServiceKey& service,
                     const health::PoolTable& before,
                     const health::PoolTable& after) {
        if (before == after) {
            return;
        }
        const ByKey known(before);
        for (const auto& server : after) {
            const health::PoolEntry* const old = known.find(server.key);
            if (old == nullptr) {
                edits_.push_back(server_edit(Edit::Kind::add_server, service, server));
            } else if (old->settings != server.settings) {
                edits_.push_back(server_edit(Edit::Kind::edit_server, service, server));
            }
        }
    }

    [[nodiscard]] std::vector<Edit> take() { return std::move(edits_); }

  private:
    std::vector<Edit> edits_;
};

}  // namespace

std::vector<ServiceTable> service_tables(const model::Config& config,
                                         const health::Service& health) {
    std::vector<ServiceTable> tables;
    tables.reserve(config.virtual_services.size());
    for (const model::VirtualServiceConfig& service : config.virtual_services) {
        const health::PoolTable servers = health.table(service.key);
        const std::span<const model::ServiceKey> keys =
            service.members.empty() ? std::span(&service.key, 1) : std::span(service.members);
        for (const model::ServiceKey& key : keys) {
            tables.push_back({.key = key,
                              .pool = service.key,
                              .settings = service.settings,
                              .local_addresses = service.local_addresses,
                              .servers = servers_for(key, service.key, servers)});
        }
    }
    return tables;
}

// What is not translated arrives at the port it was sent to, and a mark has no port.
health::PoolTable servers_for(const model::ServiceKey& service,
                              const model::ServiceKey& pool,
                              const health::PoolTable& servers) {
    if (service.port == pool.port && (service.firewall_mark != 0) == (pool.firewall_mark != 0)) {
        return servers;
    }
    health::PoolTable own;
    for (health::PoolEntry server : servers) {
        const model::Forwarding forwarding = server.settings.forwarding;
        if (service.firewall_mark != 0) {
            server.key.port = 0;
        } else if (forwarding != model::Forwarding::nat &&
                   forwarding != model::Forwarding::full_nat) {
            server.key.port = service.port;
        }
        own.push_back(server);
    }
    return own;
}

std::vector<Edit> plan_edits(const std::vector<ServiceTable>& before,
                             const std::vector<ServiceTable>& after) {
    Planner planner;
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

std::vector<Edit> plan_servers(const model::ServiceKey& service,
                               const health::PoolTable& before,
                               const health::PoolTable& after) {
    Planner planner;
    planner.delete_servers(service, before, after);
    planner.add_servers(service, before, after);
    return planner.take();
}

}  // namespace fpvs::daemon
