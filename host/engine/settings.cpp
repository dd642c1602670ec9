// SPDX-License-Identifier: Apache-2.0
#include "host/engine/settings.hpp"

namespace fpvs::engine {

Status Settings::set(std::string_view setting, int value) {
    if (setting == "expire_nodest_conn") {
        expire_nodest_conn = value != 0;
    } else if (setting == "expire_quiescent_template") {
        expire_quiescent_template = value != 0;
    } else if (setting == "conn_reuse_mode") {
        conn_reuse_mode = value;
    } else if (setting == "sloppy_tcp") {
        sloppy_tcp = value != 0;
    } else {
        return fail(Code::not_found, "No setting is named {}", setting);
    }
    return {};
}

std::optional<int> Settings::get(std::string_view setting) const {
    if (setting == "expire_nodest_conn") {
        return expire_nodest_conn ? 1 : 0;
    }
    if (setting == "expire_quiescent_template") {
        return expire_quiescent_template ? 1 : 0;
    }
    if (setting == "conn_reuse_mode") {
        return conn_reuse_mode;
    }
    if (setting == "sloppy_tcp") {
        return sloppy_tcp ? 1 : 0;
    }
    return std::nullopt;
}

}  // namespace fpvs::engine
