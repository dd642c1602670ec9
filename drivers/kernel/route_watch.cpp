// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/route_watch.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "drivers/kernel/netlink_monitor.hpp"
#include "drivers/kernel/rtnetlink.hpp"
#include "host/util/log.hpp"

namespace fpvs::kernel {
namespace {

using namespace std::chrono_literals;

// One edit of the routing table comes as several events, a routing daemon's update as thousands.
constexpr auto kSettleTime = 20ms;
// Reading takes a microsecond a route.  However often a long table changes, it is read for a small
// part of the time only.
constexpr auto kSettleTimePerRoute = 5us;

}  // namespace

class RouteWatch::Reader : public std::enable_shared_from_this<Reader> {
  public:
    Reader(boost::asio::io_context& io, Rtnetlink rtnetlink, std::size_t routes_max)
        : io_(io), rtnetlink_(std::move(rtnetlink)), routes_max_(routes_max), settle_timer_(io) {}

    // Subscribed before the first look, so that no change falls between.
    [[nodiscard]] Status start() {
        NetlinkEvents events;
        // The kernel tells of a route that is added or removed, but not of those that go away with
        // their interface or address.
        events.on_interface = [this](const Interface&, bool) { changed(); };
        events.on_address = [this](const InterfaceAddress&, bool) { changed(); };
        events.on_route = [this] { changed(); };
        events.on_loss = [this] { changed(); };
        FPVS_TRY(monitor_, NetlinkMonitor::open(io_, std::move(events)));
        FPVS_TRY_STATUS(read());
        return {};
    }

    void stop() {
        stopped_ = true;
        monitor_.reset();
        settle_timer_.cancel();
    }

    void on_change(ChangeHandler handler) {
        handler_ = std::move(handler);
        handler_(routes_);
    }

    [[nodiscard]] const RouteCounters& counters() const { return counters_; }

  private:
    void changed() {
        if (stopped_ || std::exchange(settling_, true)) {
            return;
        }
        settle_timer_.expires_after(kSettleTime +
                                    kSettleTimePerRoute * static_cast<int>(routes_.size()));
        settle_timer_.async_wait([self = shared_from_this()](const auto& error) {
            self->settling_ = false;
            if (!error && !self->stopped_) {
                self->read_again();
            }
        });
    }

    void read_again() {
        if (const auto status = read(); !status) {
            ++counters_.read_errors;
            log::warn("routes", "{}; the routes known so far stay", status.error().text());
        }
    }

    [[nodiscard]] Status read() {
        ++counters_.reads;
        FPVS_TRY(RouteList list, rtnetlink_.routes(routes_max_));
        counters_.routes = list.routes.size();
        counters_.routes_refused = list.refused;
        counters_.multipath_routes = list.multipath;
        if (list.refused != 0 && !std::exchange(told_of_refusal_, true)) {
            log::warn("routes",
                      "no room for more than {} routes, refused {}: packets for them take a wider "
                      "route, or are dropped",
                      routes_max_,
                      list.refused);
        }
        if (list.multipath != 0 && !std::exchange(told_of_multipath_, true)) {
            log::info("routes",
                      "routes with several next hops: {}; the first next hop of each is used",
                      list.multipath);
        }
        if (!list.settled) {
            changed();
        }
        if (list.routes != routes_) {
            routes_ = std::move(list.routes);
            log::debug("routes", "routes={}", routes_.size());
            if (handler_) {
                handler_(routes_);
            }
        }
        return {};
    }

    boost::asio::io_context& io_;
    Rtnetlink rtnetlink_;
    const std::size_t routes_max_;
    boost::asio::steady_timer settle_timer_;
    std::unique_ptr<NetlinkMonitor> monitor_;
    ChangeHandler handler_;
    std::vector<provider::Route> routes_;
    RouteCounters counters_;
    bool stopped_ = false;
    bool settling_ = false;
    bool told_of_refusal_ = false;
    bool told_of_multipath_ = false;
};

Result<std::unique_ptr<RouteWatch>> RouteWatch::open(boost::asio::io_context& io,
                                                     std::size_t routes_max) {
    FPVS_TRY(auto rtnetlink, Rtnetlink::open());
    auto reader = std::make_shared<Reader>(io, std::move(rtnetlink), routes_max);
    FPVS_TRY_STATUS(reader->start());
    return std::unique_ptr<RouteWatch>(new RouteWatch(std::move(reader)));
}

RouteWatch::RouteWatch(std::shared_ptr<Reader> reader) : reader_(std::move(reader)) {}

RouteWatch::~RouteWatch() {
    reader_->stop();
}

void RouteWatch::on_change(ChangeHandler handler) {
    reader_->on_change(std::move(handler));
}

const RouteCounters& RouteWatch::counters() const {
    return reader_->counters();
}

}  // namespace fpvs::kernel
