// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/worker_thread.hpp"

#include <poll.h>
#include <rte_lcore.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <vector>

namespace fpvs::slowpath {
namespace {

constexpr int kEmptyStepsBeforeSleep = 16;
constexpr unsigned long kTimerSlackNs = 1000;

}  // namespace

WorkerThread::WorkerThread(Worker& worker, const provider::Clock& clock, Readers* readers)
    : worker_(worker), clock_(clock), readers_(readers) {}

WorkerThread::~WorkerThread() {
    stop();
    if (wake_fd_ >= 0) {
        ::close(wake_fd_);
    }
}

Status WorkerThread::start() {
    wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_fd_ < 0) {
        return fail(Code::exhausted, "no eventfd for the worker: {}", std::strerror(errno));
    }
    const std::lock_guard lock(mutex_);
    running_ = true;
    thread_ = std::thread([this] { run(); });
    return {};
}

void WorkerThread::stop() {
    stopping_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
}

void WorkerThread::submit(std::function<void()> function) {
    std::unique_lock lock(mutex_);
    if (running_ && std::this_thread::get_id() != thread_.get_id()) {
        room_.wait(lock, [this] { return calls_.size() < kCallsMax || !running_; });
    }
    if (!running_ || std::this_thread::get_id() == thread_.get_id()) {
        lock.unlock();
        function();
        return;
    }
    calls_.push_back(std::move(function));
    waiting_ = calls_.size();
    lock.unlock();
    if (asleep_) {
        const std::uint64_t one = 1;
        static_cast<void>(::write(wake_fd_, &one, sizeof one));
    }
}

bool WorkerThread::run_calls() {
    if (waiting_ == 0) {
        return false;
    }
    // Only as many as were there, so that calls that never end cannot starve the ports.
    for (std::size_t left = waiting_; left != 0; --left) {
        std::function<void()> function;
        {
            const std::lock_guard lock(mutex_);
            function = std::move(calls_.front());
            calls_.pop_front();
            waiting_ = calls_.size();
        }
        room_.notify_one();
        function();
    }
    return true;
}

void WorkerThread::run() {
    // Known to DPDK, the thread's mbufs come from a cache of its own.
    const bool known = ::rte_thread_register() == 0;
    ::prctl(PR_SET_NAME, "fpvs-worker");
    ::prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
    if (readers_ != nullptr) {
        readers_->join(worker_.number());
    }
    int empty_steps = 0;
    provider::Nanoseconds nap = kSleepMin;
    while (!stopping_) {
        const bool called = run_calls();
        if (worker_.step(clock_.now()) || called) {
            empty_steps = 0;
            nap = kSleepMin;
        } else if (++empty_steps > kEmptyStepsBeforeSleep) {
            sleep(nap);
            nap = std::min(nap * 2, kSleepMax);
        }
        if (readers_ != nullptr) {
            readers_->be_quiescent(worker_.number());
        }
    }
    if (readers_ != nullptr) {
        readers_->leave(worker_.number());
    }
    // Whoever called before the end gets an answer; whoever calls later runs it himself.
    for (;;) {
        run_calls();
        const std::lock_guard lock(mutex_);
        if (calls_.empty()) {
            running_ = false;
            break;
        }
    }
    room_.notify_all();
    if (known) {
        ::rte_thread_unregister();
    }
}

void WorkerThread::sleep(provider::Nanoseconds longest) {
    asleep_ = true;
    // A call that came before it could see us asleep must not wait for the end of the nap.
    if (worker_.fall_asleep() && waiting_ == 0 && !stopping_) {
        if (readers_ != nullptr) {
            readers_->fall_asleep(worker_.number());
        }
        // Our own, the worker's, and one of each port.
        std::array<pollfd, provider::kNetworkPortsMax + 2> fds{};
        nfds_t count = 0;
        fds[count++] = {.fd = wake_fd_, .events = POLLIN, .revents = 0};
        worker_.for_each_wait_fd(
            [&](int fd) { fds[count++] = {.fd = fd, .events = POLLIN, .revents = 0}; });
        const timespec time{.tv_sec = 0, .tv_nsec = longest.count()};
        ::ppoll(fds.data(), count, &time, nullptr);
        std::uint64_t wakes = 0;
        static_cast<void>(::read(wake_fd_, &wakes, sizeof wakes));
        if (readers_ != nullptr) {
            readers_->wake_up(worker_.number());
        }
    }
    worker_.wake_up();
    asleep_ = false;
}

}  // namespace fpvs::slowpath
