// SPDX-License-Identifier: Apache-2.0
// Whether an interface has a link, asked through a socket of its namespace.
#pragma once

#include <string>

#include "drivers/kernel/unique_fd.hpp"
#include "host/util/result.hpp"

namespace fpvs::sim::card {

// A socket for such questions, in the namespace of the calling thread.
[[nodiscard]] Result<kernel::UniqueFd> open_control_socket();

[[nodiscard]] bool interface_exists(int control_socket, const std::string& name);

// Up and with a carrier; false if it does not exist.
[[nodiscard]] bool interface_has_link(int control_socket, const std::string& name);

}  // namespace fpvs::sim::card
