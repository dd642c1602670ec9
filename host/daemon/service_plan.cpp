// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/service_plan.hpp"

#include <algorithm>

namespace fpvs::daemon {
namespace {

template <class Items, class Key>
const auto* find_by_key(const Items& items, const Key& key) {
    const auto found =
        std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.key == key; });
    return found == items.end() ? nullptr : &*found;
}

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

class Planner {
  public:
    explicit Planner(const DownServers& down) : down_(down) {}

    void leave(const model::VirtualServiceConfig& before,
               const model::VirtualServiceConfig* after) {
        if (after == nullptr) {
            edits_.push_back(service_edit(Edit::Kind::delete_service, before));
            return;
        }
        for (const auto& server : before.servers) {
            if (find_by_key(after->servers, server.key) == nullptr && up(before, server)) {
                edits_.push_back(server_edit(Edit::Kind::delete_server, before, server));
            }
        }
    }

    void arrive(const model::VirtualServiceConfig* before,
                const model::VirtualServiceConfig& after) {
        if (before == nullptr) {
            edits_.push_back(service_edit(Edit::Kind::add_service, after));
        } else if (before->settings != after.settings) {
            edits_.push_back(service_edit(Edit::Kind::edit_service, after));
        }
        for (const auto& server : after.servers) {
            const auto* old =
                before == nullptr ? nullptr : find_by_key(before->servers, server.key);
            if (!up(after, server)) {
                continue;
            }
            if (old == nullptr) {
                edits_.push_back(server_edit(Edit::Kind::add_server, after, server));
            } else if (old->settings != server.settings) {
                edits_.push_back(server_edit(Edit::Kind::edit_server, after, server));
            }
        }
    }

    [[nodiscard]] std::vector<Edit> take() { return std::move(edits_); }

  private:
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
    for (const auto& service : before) {
        planner.leave(service, find_by_key(after, service.key));
    }
    for (const auto& service : after) {
        planner.arrive(find_by_key(before, service.key), service);
    }
    return planner.take();
}

}  // namespace fpvs::daemon
