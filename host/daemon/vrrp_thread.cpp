// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/vrrp_thread.hpp"

#include <pthread.h>
#include <sched.h>

#include <future>
#include <type_traits>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "drivers/kernel/address_owner.hpp"
#include "drivers/kernel/rtnetlink.hpp"
#include "drivers/kernel/vrrp_links.hpp"
#include "host/util/log.hpp"

namespace fpvs::daemon {
namespace {

// The lowest of real time goes before every ordinary thread, and leaves others of real time theirs.
constexpr int kRealTimePriority = 1;
// Log lines on their way to the control plane; more are lost, and how many is said.
constexpr int kLinesWaitingMax = 256;

bool become_real_time() {
    sched_param parameters{};
    parameters.sched_priority = kRealTimePriority;
    return ::pthread_setschedparam(::pthread_self(), SCHED_RR, &parameters) == 0;
}

}  // namespace

struct VrrpThread::Parts {
    Parts(boost::asio::io_context& io, const provider::Clock& clock, kernel::Rtnetlink rtnetlink)
        : links(io), addresses(std::move(rtnetlink)), service(io, clock, links, addresses) {}

    kernel::VrrpLinks links;
    kernel::AddressOwner addresses;
    vrrp::Service service;
};

VrrpThread::VrrpThread(boost::asio::io_context& reports, const provider::Clock& clock)
    : reports_(reports), clock_(clock) {}

Result<std::unique_ptr<VrrpThread>> VrrpThread::start(boost::asio::io_context& reports,
                                                      const provider::Clock& clock) {
    std::unique_ptr<VrrpThread> thread(new VrrpThread(reports, clock));
    FPVS_TRY_STATUS(thread->run());
    if (!thread->real_time_) {
        log::warn("vrrp",
                  "no real-time thread, it needs CAP_SYS_NICE: under load adverts may be late");
    }
    return thread;
}

Status VrrpThread::run() {
    FPVS_TRY(auto rtnetlink, kernel::Rtnetlink::open());
    parts_ = std::make_unique<Parts>(io_, clock_, std::move(rtnetlink));
    parts_->service.on_state([this](const model::VrrpInstance& instance, vrrp::State state) {
        boost::asio::post(reports_, [handlers = state_handlers_, instance, state] {
            for (const StateHandler& handler : *handlers) {
                handler(instance, state);
            }
        });
    });
    parts_->service.on_event([this](vrrp::Event event) {
        boost::asio::post(reports_, [handler = event_handler_, event = std::move(event)] {
            if (*handler) {
                (*handler)(event);
            }
        });
    });
    std::promise<bool> started;
    auto real_time = started.get_future();
    thread_ = std::thread([this, &started] {
        log::relay_of_this_thread([this](log::Level level, auto component, auto message) {
            relay_log(level, component, message);
        });
        const auto work = boost::asio::make_work_guard(io_);
        started.set_value(become_real_time());
        io_.run();
    });
    real_time_ = real_time.get();
    return {};
}

VrrpThread::~VrrpThread() {
    if (thread_.joinable()) {
        stop();
        io_.stop();
        thread_.join();
    }
}

template <class Function>
auto VrrpThread::call(Function function) {
    std::packaged_task<std::invoke_result_t<Function>()> task(std::move(function));
    auto result = task.get_future();
    boost::asio::post(io_, std::move(task));
    return result.get();
}

Status VrrpThread::apply(const std::vector<model::VrrpInstance>& instances,
                         const std::vector<model::VrrpGroup>& groups) {
    return call([&] { return parts_->service.apply(instances, groups); });
}

void VrrpThread::report(const vrrp::TrackKey& key, vrrp::Reading reading) {
    boost::asio::post(io_, [this, key, reading] { parts_->service.report(key, reading); });
}

void VrrpThread::stop() {
    call([this] { parts_->service.stop(); });
}

std::vector<model::VrrpInstanceView> VrrpThread::view() {
    return call([this] { return parts_->service.view(); });
}

vrrp::RefusalCounters VrrpThread::refusals() {
    return call([this] { return parts_->service.refusals(); });
}

// A reader of the log that does not read must not hold up adverts.
void VrrpThread::relay_log(log::Level level, std::string_view component, std::string_view message) {
    if (lines_waiting_->fetch_add(1) >= kLinesWaitingMax) {
        lines_waiting_->fetch_sub(1);
        ++lines_lost_;
        return;
    }
    boost::asio::post(reports_,
                      [waiting = lines_waiting_,
                       level,
                       component = std::string(component),
                       message = std::string(message),
                       lost = std::exchange(lines_lost_, 0)] {
                          waiting->fetch_sub(1);
                          if (lost != 0) {
                              log::warn(component, "{} lines of the log are lost", lost);
                          }
                          log::write(level, component, message);
                      });
}

}  // namespace fpvs::daemon
