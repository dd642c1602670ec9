// SPDX-License-Identifier: Apache-2.0
// Runs an io_context until something holds, instead of sleeping and hoping.
#pragma once

#include <chrono>
#include <functional>

#include "host/util/asio.hpp"

namespace fpvs::kit {

// True as soon as the condition holds; false when it does not within the time.
inline bool run_until(boost::asio::io_context& io,
                      const std::function<bool()>& condition,
                      std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) {
            return false;
        }
        io.restart();
        // Conditions may depend on other processes, so look again from time to time.
        (void)io.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace fpvs::kit
