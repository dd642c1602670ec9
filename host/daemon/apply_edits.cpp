// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/apply_edits.hpp"

#include "host/util/log.hpp"

namespace fpvs::daemon {
namespace {

constexpr std::size_t kRefusalsToldMax = 20;  // One by one; a full table may refuse thousands.

Status apply_edit(engine::Engine& engine, const Edit& edit) {
    switch (edit.kind) {
        case Edit::Kind::add_service:
            return engine.add_service(edit.service, edit.service_settings);
        case Edit::Kind::edit_service:
            return engine.edit_service(edit.service, edit.service_settings);
        case Edit::Kind::delete_service:
            return engine.delete_service(edit.service);
        case Edit::Kind::add_server:
            return engine.add_server(edit.service, edit.server, edit.server_settings);
        case Edit::Kind::edit_server:
            return engine.edit_server(edit.service, edit.server, edit.server_settings);
        case Edit::Kind::delete_server:
            return engine.delete_server(edit.service, edit.server);
        case Edit::Kind::add_local_address:
            return engine.add_local_address(edit.service, edit.local_address);
        case Edit::Kind::delete_local_address:
            return engine.delete_local_address(edit.service, edit.local_address);
    }
    return {};
}

}  // namespace

std::size_t apply_edits(engine::Engine& engine, const std::vector<Edit>& edits) {
    std::size_t refused = 0;
    for (const Edit& edit : edits) {
        const Status status = apply_edit(engine, edit);
        if (!status && ++refused <= kRefusalsToldMax) {
            log::warn("config", "{}: {}", model::to_string(edit.service), status.error().message);
        }
    }
    if (refused > kRefusalsToldMax) {
        log::warn("config", "{} more edits were refused", refused - kRefusalsToldMax);
    }
    return refused;
}

}  // namespace fpvs::daemon
