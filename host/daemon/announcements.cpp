// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/announcements.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/frr/vtysh.hpp"
#include "host/util/log.hpp"

namespace fpvs::daemon {
namespace {

constexpr const char* kComponent = "announce";
// FRR may be busy, or ending with the machine.
constexpr std::chrono::milliseconds kWithdrawalMax{3'000};

// Whether connections that routers move here from another director will be taken up.
void warn_of_settings(const model::Config& config) {
    for (const std::string_view name : {"sloppy_tcp", "tables_by_address"}) {
        const bool on =
            std::any_of(config.settings.begin(), config.settings.end(), [&](const auto& setting) {
                return setting.name == name && setting.value != 0;
            });
        if (!on) {
            log::warn(kComponent,
                      "{} is 0: connections that routers move between directors may break",
                      name);
        }
    }
}

void warn_of_unknown(const std::vector<model::IpAddress>& addresses,
                     std::string_view keyword,
                     const model::Config& config) {
    for (const model::IpAddress& address : addresses) {
        if (std::none_of(config.virtual_services.begin(),
                         config.virtual_services.end(),
                         [&](const auto& service) { return service.key.address == address; })) {
            log::warn(kComponent,
                      "{} {}: no virtual_server has this address",
                      keyword,
                      model::to_string(address));
        }
    }
}

}  // namespace

Announcements::Announcements(boost::asio::io_context& io,
                             const provider::Clock& clock,
                             const health::Service& health)
    : health_(health),
      timer_(io),
      end_timer_(io),
      announcer_(
          clock,
          [&io](const model::Announce& announce) {
              return std::make_unique<frr::Vtysh>(
                  io,
                  frr::VtyshOptions{.program = announce.vtysh, .vty_socket = announce.vty_socket});
          }),
      clock_(clock) {
    announcer_.on_wake([this] { schedule(); });
}

void Announcements::use(const model::Config& config) {
    if (config.announce && config.announce != config_.announce) {
        warn_of_settings(config);
        warn_of_unknown(config.announce->always, "always", config);
        warn_of_unknown(config.announce->never, "never", config);
    }
    config_.announce = config.announce;
    config_.virtual_services = config.virtual_services;
    refresh();
    announcer_.use(config_.announce);
}

void Announcements::refresh() {
    announcer_.want(announce::plan_addresses(
        config_, [this](const model::ServiceKey& key) { return health_.quorum_up(key); }));
}

Status Announcements::drain(bool on) {
    if (!config_.announce) {
        return fail(Code::failed_precondition,
                    "Nothing is announced: the configuration has no 'announce'");
    }
    announcer_.drain(on);
    return {};
}

void Announcements::finish(std::function<void()> done) {
    if (!config_.announce) {
        done();
        return;
    }
    const auto once = std::make_shared<std::function<void()>>(std::move(done));
    const auto withdrawn = [this, once] {
        if (const auto then = std::exchange(*once, nullptr)) {
            linger(then);
        }
    };
    end_timer_.expires_after(kWithdrawalMax);
    end_timer_.async_wait([withdrawn](const boost::system::error_code& error) {
        if (!error) {
            log::warn(kComponent, "FRR does not answer: nothing is known of the withdrawal");
            withdrawn();
        }
    });
    announcer_.finish(withdrawn);
}

void Announcements::linger(const std::function<void()>& done) {
    const std::chrono::milliseconds time(config_.announce->linger_ms);
    log::info(kComponent, "withdrawn, forwarding for another {} ms", time.count());
    end_timer_.expires_after(time);
    end_timer_.async_wait([done](const boost::system::error_code& error) {
        if (!error) {
            done();
        }
    });
}

void Announcements::schedule() {
    const auto deadline = announcer_.deadline();
    if (!deadline) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(*deadline - clock_.now());
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            announcer_.run();
        }
    });
}

}  // namespace fpvs::daemon
