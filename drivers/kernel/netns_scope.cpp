// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/netns_scope.hpp"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "host/util/check.hpp"

namespace fpvs::kernel {

Result<NetnsScope> NetnsScope::enter(std::string_view name) {
    const std::string path = "/run/netns/" + std::string(name);
    UniqueFd previous(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    UniqueFd target(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!target.valid()) {
        return fail(Code::not_found,
                    "no network namespace '{}' ({}: {}); `ip netns list` shows those that exist",
                    name,
                    path,
                    std::strerror(errno));
    }
    if (!previous.valid() || ::setns(target.get(), CLONE_NEWNET) != 0) {
        return fail(Code::unavailable,
                    "cannot enter network namespace '{}': {}; it needs root",
                    name,
                    std::strerror(errno));
    }
    return NetnsScope(std::move(previous));
}

NetnsScope::~NetnsScope() {
    if (previous_.valid()) {
        FPVS_CHECK(::setns(previous_.get(), CLONE_NEWNET) == 0, "{}", std::strerror(errno));
    }
}

}  // namespace fpvs::kernel
