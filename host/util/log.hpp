// SPDX-License-Identifier: Apache-2.0
// Log lines for operators, on stderr: log::info("vrrp", "vrid={} {} -> {}", ...).
//
// The first word names the component; the rest is the event and its key=value pairs.  The level
// comes from the environment, FPVS_LOG=trace|debug|info|warn|error|off, and is info otherwise.
// Thread safe.  Never call it once a packet: count, and log the first of a run (log::Limiter).
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace fpvs::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };

[[nodiscard]] bool enabled(Level level);
void write(Level level, std::string_view component, std::string_view message);

// From now on the calling thread's lines go there, for a thread that must not wait for a reader of
// the log.
using Relay = std::function<void(Level, std::string_view component, std::string_view message)>;
void relay_of_this_thread(Relay relay);

template <class... Args>
void at(Level level,
        std::string_view component,
        fmt::format_string<Args...> format,
        Args&&... args) {
    if (enabled(level)) {
        write(level, component, fmt::format(format, std::forward<Args>(args)...));
    }
}

template <class... Args>
void debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::debug, component, format, std::forward<Args>(args)...);
}

template <class... Args>
void info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::info, component, format, std::forward<Args>(args)...);
}

template <class... Args>
void warn(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::warn, component, format, std::forward<Args>(args)...);
}

template <class... Args>
void error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    at(Level::error, component, format, std::forward<Args>(args)...);
}

// Lets one event through per interval and says how many were held back before it, so that a
// hostile peer cannot fill a disk.
class Limiter {
  public:
    explicit Limiter(std::chrono::nanoseconds interval) : interval_(interval) {}

    // The number held back since the last one let through, or none: hold this one back too.
    [[nodiscard]] std::optional<std::uint64_t> admit(std::chrono::nanoseconds now) {
        if (last_ && now - *last_ < interval_) {
            ++held_back_;
            return std::nullopt;
        }
        last_ = now;
        return std::exchange(held_back_, 0);
    }

  private:
    std::chrono::nanoseconds interval_;
    std::optional<std::chrono::nanoseconds> last_;
    std::uint64_t held_back_ = 0;
};

}  // namespace fpvs::log
