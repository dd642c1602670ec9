// SPDX-License-Identifier: Apache-2.0
// VRRP on a thread of its own, in real time: a director whose other threads are busy, blocked or
// starved of CPU keeps sending adverts, so it does not lose its addresses for that.
//
// The thread has its own io_context, sockets and timers and shares nothing with the rest: what it
// reports, log lines among it, is posted to the control plane, and it never waits for anybody.  The
// control plane waits for it, which takes no longer than an election's step.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "host/model/view.hpp"
#include "host/model/vrrp_instance.hpp"
#include "host/provider/clock.hpp"
#include "host/util/asio.hpp"
#include "host/util/log.hpp"
#include "host/util/result.hpp"
#include "host/vrrp/service.hpp"

namespace fpvs::daemon {

class VrrpThread {
  public:
    using StateHandler = vrrp::Service::StateHandler;
    using EventHandler = std::function<void(const vrrp::Event& event)>;

    // Works in the network namespace of the calling thread.  `reports` is the control plane's; it
    // and the clock must outlive the object.
    [[nodiscard]] static Result<std::unique_ptr<VrrpThread>> start(boost::asio::io_context& reports,
                                                                   const provider::Clock& clock);
    // Masters resign.
    ~VrrpThread();
    VrrpThread(const VrrpThread&) = delete;
    VrrpThread& operator=(const VrrpThread&) = delete;

    // As those of vrrp::Service.
    [[nodiscard]] Status apply(const std::vector<model::VrrpInstance>& instances,
                               const std::vector<model::VrrpGroup>& groups = {});
    // Does not wait.
    void report(const vrrp::TrackKey& key, vrrp::Reading reading);
    void stop();
    [[nodiscard]] std::vector<model::VrrpInstanceView> view();
    [[nodiscard]] vrrp::RefusalCounters refusals();
    // Called on the control plane's thread whenever an instance has entered a state.  Every handler
    // that was given is called, in that order; give it before the first apply() to miss nothing.
    void on_state(StateHandler handler) { state_handlers_->push_back(std::move(handler)); }
    // What the operator may want to be told of, on the same thread.
    void on_event(EventHandler handler) { *event_handler_ = std::move(handler); }

    // Whether the kernel granted it: without CAP_SYS_NICE the thread is an ordinary one.
    [[nodiscard]] bool real_time() const { return real_time_; }

  private:
    struct Parts;  // What the thread owns.

    VrrpThread(boost::asio::io_context& reports, const provider::Clock& clock);
    [[nodiscard]] Status run();
    void relay_log(log::Level level, std::string_view component, std::string_view message);
    // Runs function() on the thread and returns its result.
    template <class Function>
    auto call(Function function);

    boost::asio::io_context& reports_;
    const provider::Clock& clock_;
    boost::asio::io_context io_;
    std::unique_ptr<Parts> parts_;
    // Of the control plane's thread; shared with reports under way, which may arrive after the end.
    const std::shared_ptr<std::vector<StateHandler>> state_handlers_ =
        std::make_shared<std::vector<StateHandler>>();
    const std::shared_ptr<EventHandler> event_handler_ = std::make_shared<EventHandler>();
    std::shared_ptr<std::atomic<int>> lines_waiting_ = std::make_shared<std::atomic<int>>(0);
    std::uint64_t lines_lost_ = 0;  // Of the thread.
    bool real_time_ = false;
    std::thread thread_;
};

}  // namespace fpvs::daemon
