// SPDX-License-Identifier: Apache-2.0
// Watches what VRRP instances track beside interfaces: runs scripts, reads files, counts processes,
// and reports what changes.  Lives on the control plane's thread.
//
// Only what an instance or a sync group names is watched.  Files and processes are looked at again
// and again: a look costs a read of each file, and of a line of each process of the host.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "host/model/config.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/script_runner.hpp"
#include "host/provider/track_source.hpp"
#include "host/util/asio.hpp"
#include "host/vrrp/process_quorum.hpp"
#include "host/vrrp/tracking.hpp"

namespace fpvs::vrrp {

class Trackers {
  public:
    using Report = std::function<void(const TrackKey& key, Reading reading)>;

    Trackers(boost::asio::io_context& io,
             const provider::Clock& clock,
             provider::ScriptRunner& scripts,
             provider::TrackSource& source,
             Report report);
    ~Trackers();

    // Those that stay as they were go on undisturbed.
    void apply(const model::Config& config);
    // Ends scripts that run.
    void stop();

  private:
    class ScriptTracker;
    struct FileTracker {
        model::TrackFile file;
        Reading reading = {};
    };
    struct ProcessTracker {
        model::VrrpProcess process;
        ProcessQuorum quorum;
    };

    class Round {
      public:
        explicit Round(boost::asio::io_context& io) : timer_(io) {}
        void wait(provider::Nanoseconds pause, std::function<void()> then);

      private:
        boost::asio::steady_timer timer_;
        const std::shared_ptr<bool> waits_ = std::make_shared<bool>(false);
    };

    void apply_scripts(const model::Config& config);
    void apply_files(const model::Config& config);
    void apply_processes(const model::Config& config);
    void read_files();
    void look_at_processes();

    boost::asio::io_context& io_;
    const provider::Clock& clock_;
    provider::ScriptRunner& scripts_;
    provider::TrackSource& source_;
    const Report report_;
    std::vector<std::shared_ptr<ScriptTracker>> script_trackers_;
    std::vector<FileTracker> file_trackers_;
    std::vector<ProcessTracker> process_trackers_;
    Round file_round_;
    Round process_round_;
};

}  // namespace fpvs::vrrp
