// SPDX-License-Identifier: Apache-2.0
// Puts the calling thread into a named network namespace for as long as the object lives.  Sockets
// and TAP devices opened meanwhile stay in that namespace afterwards.
#pragma once

#include <string_view>

#include "drivers/kernel/unique_fd.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

class NetnsScope {
  public:
    // A name as `ip netns` lists it.
    [[nodiscard]] static Result<NetnsScope> enter(std::string_view name);

    NetnsScope(NetnsScope&&) noexcept = default;
    NetnsScope& operator=(NetnsScope&&) = delete;
    // Back to where the thread was; the same thread must destroy what it entered.
    ~NetnsScope();

  private:
    explicit NetnsScope(UniqueFd previous) noexcept : previous_(std::move(previous)) {}

    UniqueFd previous_;
};

}  // namespace fpvs::kernel
