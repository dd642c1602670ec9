// SPDX-License-Identifier: Apache-2.0
#include "host/health/service.hpp"

namespace fpvs::health {

Service::Service(boost::asio::io_context& io,
                 const provider::Clock& clock,
                 provider::TcpProbe& probe,
                 std::uint64_t seed)
    : clock_(clock), board_(clock, probe, seed), timer_(io) {
    board_.on_wake([this] { schedule(); });
}

Status Service::apply(const std::vector<model::VirtualServiceConfig>& services) {
    return board_.apply(services);
}

void Service::schedule() {
    const auto deadline = board_.deadline();
    if (deadline == scheduled_) {
        return;
    }
    scheduled_ = deadline;
    if (!deadline) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(*deadline - clock_.now());
    timer_.async_wait(
        [weak = std::weak_ptr<Service*>(self_)](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) {
                Service& service = **self;
                service.board_.run();
                service.scheduled_.reset();
                service.schedule();
            }
        });
}

}  // namespace fpvs::health
