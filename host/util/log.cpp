// SPDX-License-Identifier: Apache-2.0
#include "host/util/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <utility>

namespace fpvs::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::trace:
            return spdlog::level::trace;
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> make_logger() {
    auto logger =
        std::make_shared<spdlog::logger>("fpvs", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    logger->flush_on(spdlog::level::trace);
    const char* wanted = std::getenv("FPVS_LOG");
    logger->set_level(spdlog::level::info);
    if (wanted != nullptr) {
        // An unknown word reads as "off" in spdlog, which would hide every error.
        const auto level = spdlog::level::from_str(wanted);
        if (level != spdlog::level::off || std::string_view(wanted) == "off") {
            logger->set_level(level);
        } else {
            logger->warn("log: FPVS_LOG={} is not one of trace debug info warn error off", wanted);
        }
    }
    return logger;
}

// Made on first use and never destroyed, so that destructors of other objects may still log.
spdlog::logger& logger() {
    static const auto& instance = *new std::shared_ptr<spdlog::logger>(make_logger());
    return *instance;
}

Relay& this_threads_relay() {
    static thread_local Relay relay;
    return relay;
}

}  // namespace

bool enabled(Level level) {
    return logger().should_log(to_spdlog(level));
}

void relay_of_this_thread(Relay relay) {
    this_threads_relay() = std::move(relay);
}

void write(Level level, std::string_view component, std::string_view message) {
    if (const Relay& relay = this_threads_relay()) {
        relay(level, component, message);
        return;
    }
    logger().log(to_spdlog(level), "{}: {}", component, message);
}

}  // namespace fpvs::log
