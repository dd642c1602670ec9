// SPDX-License-Identifier: Apache-2.0
// Runs the health checks of a configuration on the io_context's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "host/health/board.hpp"
#include "host/util/asio.hpp"

namespace fpvs::health {

class Service {
  public:
    // The seed spreads the first checks.
    Service(boost::asio::io_context& io,
            const provider::Clock& clock,
            provider::TcpProbe& probe,
            std::uint64_t seed);

    // See Board.  The handler is told of changes only: servers begin up.
    [[nodiscard]] Status apply(const std::vector<model::VirtualServiceConfig>& services);
    void on_change(Board::ChangeHandler handler) { board_.on_change(std::move(handler)); }
    [[nodiscard]] bool up(const model::ServiceKey& service, const model::ServerKey& server) const {
        return board_.up(service, server);
    }
    [[nodiscard]] std::set<Board::Target> down() const { return board_.down(); }
    [[nodiscard]] std::vector<model::HealthCheckView> view() const { return board_.view(); }
    [[nodiscard]] const BoardCounters& counters() const { return board_.counters(); }

  private:
    void schedule();

    const provider::Clock& clock_;
    Board board_;
    boost::asio::steady_timer timer_;
    std::optional<Nanoseconds> scheduled_;
    // Whose end tells a wait under way that it waits for nobody.
    std::shared_ptr<Service*> self_ = std::make_shared<Service*>(this);
};

}  // namespace fpvs::health
