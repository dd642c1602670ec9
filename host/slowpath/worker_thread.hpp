// SPDX-License-Identifier: Apache-2.0
// The thread that steps a worker, and the way to talk to it: closures that it runs between bursts.
//
// Idle, it sleeps up to kSleepMax at a time and is woken early by the kernel's frames and by calls;
// only frames that arrive in memory (the card's ring, a NIC) wait for the end of the nap.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include "host/provider/clock.hpp"
#include "host/slowpath/readers.hpp"
#include "host/slowpath/worker.hpp"
#include "host/util/result.hpp"

namespace fpvs::slowpath {

constexpr std::size_t kCallsMax = 64;
constexpr provider::Nanoseconds kSleepMin = std::chrono::microseconds(20);
constexpr provider::Nanoseconds kSleepMax = std::chrono::microseconds(200);

class WorkerThread {
  public:
    // All of these must outlive the thread.  `readers`: who else waits for quiescent states of the
    // worker, if anybody.
    WorkerThread(Worker& worker, const provider::Clock& clock, Readers* readers = nullptr);
    ~WorkerThread();
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;

    // At most once.
    [[nodiscard]] Status start();
    // Runs what was called before, then ends.  May be called twice.
    void stop();

    // Runs `function` on the worker's thread and returns its result, waiting for it.  Before
    // start(), after stop() and on that thread itself it runs at once.  While kCallsMax others
    // wait, so does the caller.
    template <class Function>
    auto call(Function&& function) -> std::invoke_result_t<Function&> {
        using Value = std::invoke_result_t<Function&>;
        std::packaged_task<Value()> task(std::ref(function));
        std::future<Value> value = task.get_future();
        submit([&task] { task(); });
        return value.get();
    }

    // The same without waiting for it to be done.
    void post(std::function<void()> function) { submit(std::move(function)); }

  private:
    void submit(std::function<void()> function);
    void run();
    bool run_calls();
    void sleep(provider::Nanoseconds longest);

    Worker& worker_;
    const provider::Clock& clock_;
    Readers* readers_;
    int wake_fd_ = -1;
    std::thread thread_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> asleep_ = false;
    std::atomic<std::size_t> waiting_ = 0;  // Calls in the queue, readable without the mutex.

    std::mutex mutex_;
    std::condition_variable room_;
    std::deque<std::function<void()>> calls_;
    bool running_ = false;
};

}  // namespace fpvs::slowpath
