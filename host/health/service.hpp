// SPDX-License-Identifier: Apache-2.0
// Runs the health checks of a configuration on the io_context's thread, and says what each virtual
// service's table should hold because of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "host/health/board.hpp"
#include "host/health/notifier.hpp"
#include "host/health/pool.hpp"
#include "host/model/config.hpp"
#include "host/provider/script_runner.hpp"
#include "host/util/asio.hpp"

namespace fpvs::health {

class Service {
  public:
    // The table of this service is another than before.
    using ChangeHandler = std::function<void(const model::ServiceKey& service)>;

    // The seed spreads the first checks.
    Service(boost::asio::io_context& io,
            const provider::Clock& clock,
            provider::Probe& probe,
            provider::ScriptRunner& scripts,
            Notifier::Fifo fifo,
            std::uint64_t seed);

    // What stays goes on undisturbed.  Calls no handler: ask for the tables.  On an error nothing
    // has changed.
    [[nodiscard]] Status apply(const model::Config& config);
    void on_change(ChangeHandler handler) { change_handler_ = std::move(handler); }
    [[nodiscard]] PoolTable table(const model::ServiceKey& service) const;
    // Whether the live servers of this service are enough.
    [[nodiscard]] bool quorum_up(const model::ServiceKey& service) const;

    // For `ha_suspend`: whether this director has these addresses now.
    void use_addresses(const std::function<bool(const model::IpAddress& address)>& is_ours);
    // The end of the daemon, as services in omega mode want it told.
    void stop();

    [[nodiscard]] std::vector<model::HealthCheckView> view() const { return board_.view(); }
    [[nodiscard]] const BoardCounters& counters() const { return board_.counters(); }

  private:
    void on_server(const model::ServiceKey& service,
                   const model::ServerKey& server,
                   const ServerState& state);
    void schedule();

    const provider::Clock& clock_;
    Board board_;
    Notifier notifier_;
    std::map<model::ServiceKey, Pool> pools_;
    ChangeHandler change_handler_;
    bool applying_ = false;
    boost::asio::steady_timer timer_;
    std::optional<Nanoseconds> scheduled_;
    // Whose end tells a wait under way that it waits for nobody.
    std::shared_ptr<Service*> self_ = std::make_shared<Service*>(this);
};

}  // namespace fpvs::health
