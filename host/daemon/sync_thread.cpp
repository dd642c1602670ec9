// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/sync_thread.hpp"

#include <net/if.h>
#include <sys/prctl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <type_traits>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "drivers/kernel/sync_socket.hpp"
#include "host/daemon/sync_bulk.hpp"
#include "host/util/log.hpp"

namespace fpvs::daemon {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

// How often outboxes are emptied: 65536 connections in each of these.
constexpr std::chrono::milliseconds kStep{10};
constexpr std::chrono::seconds kReport{10};
constexpr int kDatagramsPerTurn = 64;  // Then the io_context's other work has its turn.

std::string_view name_of(model::SyncRole role) {
    return role == model::SyncRole::master ? "master" : "backup";
}

kernel::SyncEndpoint endpoint_of(const model::SyncDaemon& daemon, std::uint16_t port) {
    return {.interface = daemon.interface, .group = daemon.group, .port = port, .ttl = daemon.ttl};
}

// "wrong_size 3, truncated 1", of what grew.
template <class Counters, class Name>
std::string growth(const Counters& now, const Counters& before, Name name) {
    std::string text;
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] != before[i]) {
            text += text.empty() ? "" : ", ";
            text += std::string(name(i)) + " " + std::to_string(now[i] - before[i]);
        }
    }
    return text;
}

}  // namespace

struct SyncThread::Parts {
    Parts(boost::asio::io_context& context,
          sync::Engines& all_engines,
          const provider::Clock& the_clock)
        : io(context), engines(all_engines), clock(the_clock), timer(context) {}

    struct Master {
        explicit Master(kernel::SyncSender the_sender) : sender(std::move(the_sender)) {}
        kernel::SyncSender sender;
        std::optional<sync::Master> master;
        std::unique_ptr<BulkMaster> bulk;  // None where its port cannot be had.
    };
    // One of each port of a backup.
    struct Ear {
        explicit Ear(Descriptor socket) : descriptor(std::move(socket)) {}
        Descriptor descriptor;
    };
    struct Backup {
        std::vector<std::shared_ptr<Ear>> ears;
        std::optional<sync::Backup> backup;
        std::unique_ptr<BulkBackup> bulk;
        sync::BackupCounters reported;
    };

    void run_steps() {
        timer.expires_after(kStep);
        timer.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                step();
                run_steps();
            }
        });
    }

    void step() {
        const auto now = clock.now();
        if (master) {
            master->master->step(settings, now);
        }
        if (backup) {
            backup->backup->step(engines.servers_added(), now);
        }
        if (parting) {
            parting->step(engines.servers_added(), now);
            if (parting->unbound() == 0) {
                parting.reset();
            }
        }
        if (now >= report_due) {
            report_due = now + kReport;
            report();
        }
    }

    void listen(const std::shared_ptr<Ear>& ear) {
        ear->descriptor.async_wait(
            Descriptor::wait_read, [this, ear](const boost::system::error_code& error) {
                if (error || !backup) {
                    return;
                }
                const auto now = clock.now();
                for (int left = kDatagramsPerTurn; left > 0; --left) {
                    const auto heard =
                        kernel::receive_sync_datagram(ear->descriptor.native_handle(), *buffer);
                    if (!heard) {
                        break;
                    }
                    backup->backup->hear(heard->bytes, now);
                }
                backup->backup->finish(now);
                listen(ear);
            });
    }

    // Without it, directors learn of connections from their packets only.
    template <class Bulk>
    void take_bulk(Result<std::unique_ptr<Bulk>> opened, std::unique_ptr<Bulk>& bulk) {
        if (opened) {
            bulk = std::move(*opened);
        } else {
            log::warn("sync", "no bulk resynchronisation: {}", opened.error().text());
        }
    }

    void ask_for_all(const model::SyncDaemon& daemon) {
        BulkBackup::Listener listener{
            .hear = [this](auto message) { backup->backup->hear(message, clock.now()); },
            .finish = [this] { backup->backup->finish(clock.now()); }};
        take_bulk(BulkBackup::open(io, daemon, std::move(listener)), backup->bulk);
    }

    void close_backup() {
        for (const auto& ear : backup->ears) {
            boost::system::error_code ignored;
            ear->descriptor.close(ignored);
        }
        report();
        if (backup->backup->unbound() != 0) {
            parting.emplace(std::move(*backup->backup));
        }
        backup.reset();
    }

    // What was refused since the last time, if anything was.
    void report() {
        if (!backup) {
            return;
        }
        const sync::BackupCounters& now = backup->backup->counters();
        const std::string refused =
            growth(now.refusals, backup->reported.refusals, [](std::size_t i) {
                return sync::name(static_cast<sync::Refusal>(i));
            });
        const std::string objected =
            growth(now.objections, backup->reported.objections, [](std::size_t i) {
                return sync::name(static_cast<sync::Objection>(i));
            });
        if (!refused.empty()) {
            log::warn("sync", "messages refused: {}", refused);
        }
        if (!objected.empty()) {
            log::warn("sync", "connections not taken over: {}", objected);
        }
        backup->reported = now;
    }

    boost::asio::io_context& io;
    sync::Engines& engines;
    const provider::Clock& clock;
    boost::asio::steady_timer timer;
    std::unique_ptr<kernel::SyncDatagramBuffer> buffer =
        std::make_unique<kernel::SyncDatagramBuffer>();
    engine::Settings settings;
    std::optional<Master> master;
    std::optional<Backup> backup;
    // After a takeover: connections whose servers are still to come, where checks find them later.
    std::optional<sync::Backup> parting;
    provider::Nanoseconds report_due{};
};

SyncThread::SyncThread(sync::Engines& engines, const provider::Clock& clock)
    : daemons_([](const std::string& name) { return ::if_nametoindex(name.c_str()) != 0; }),
      engines_(engines),
      parts_(std::make_unique<Parts>(io_, engines, clock)) {
    thread_ = std::thread([this] {
        ::prctl(PR_SET_NAME, "fpvs-sync");
        const auto work = boost::asio::make_work_guard(io_);
        parts_->run_steps();
        io_.run();
    });
}

SyncThread::~SyncThread() {
    for (const model::SyncDaemon& daemon : list()) {
        (void)stop(daemon.role);
    }
    io_.stop();
    thread_.join();
}

template <class Function>
auto SyncThread::call(Function function) {
    std::packaged_task<std::invoke_result_t<Function>()> task(std::move(function));
    auto result = task.get_future();
    boost::asio::post(io_, std::move(task));
    return result.get();
}

Status SyncThread::start(const model::SyncDaemon& daemon) {
    FPVS_TRY_STATUS(daemons_.start(daemon));
    const Status started =
        daemon.role == model::SyncRole::master ? start_master(daemon) : start_backup(daemon);
    if (!started) {
        (void)daemons_.stop(daemon.role);
        return started;
    }
    log::info("sync",
              "{} on {}: syncid={} group={} port={}",
              name_of(daemon.role),
              daemon.interface,
              daemon.sync_id,
              model::to_string(daemon.group),
              daemon.port);
    return {};
}

Status SyncThread::start_master(const model::SyncDaemon& daemon) {
    FPVS_TRY(kernel::SyncSender sender, kernel::SyncSender::open(endpoint_of(daemon, daemon.port)));
    // A worker alone says everything in one order.
    const std::size_t workers = engines_.workers();
    const std::size_t count = workers == 1 ? 1 : workers + 1;
    std::vector<sync::Outbox*> outboxes;
    std::vector<engine::SyncSink*> sinks;
    for (std::size_t i = 0; i < count; ++i) {
        outboxes_.push_back(std::make_unique<sync::Outbox>());
        outboxes.push_back(outboxes_.back().get());
        sinks.push_back(outboxes_.back().get());
    }
    call([&] {
        Parts::Master& master = parts_->master.emplace(std::move(sender));
        master.master.emplace(daemon, outboxes, [&master](std::span<const std::uint8_t> message) {
            switch (master.sender.send(message)) {
                case kernel::SyncSending::sent:
                    return sync::Master::Sending::sent;
                case kernel::SyncSending::later:
                    return sync::Master::Sending::later;
                case kernel::SyncSending::failed:
                    break;
            }
            return sync::Master::Sending::failed;
        });
    });
    call([&] { parts_->take_bulk(BulkMaster::open(io_, daemon, engines_), parts_->master->bulk); });
    engines_.attach(std::span(sinks).first(workers), sinks.back());
    return {};
}

Status SyncThread::start_backup(const model::SyncDaemon& daemon) {
    std::vector<kernel::UniqueFd> sockets;
    const int ports = call([this] { return parts_->settings.sync_ports; });
    for (int i = 0; i < ports; ++i) {
        FPVS_TRY(kernel::UniqueFd socket,
                 kernel::open_sync_receiver(
                     endpoint_of(daemon, static_cast<std::uint16_t>(daemon.port + i))));
        sockets.push_back(std::move(socket));
    }
    call([&] {
        parts_->backup.emplace();
        parts_->backup->backup.emplace(daemon.sync_id,
                                       [this](auto batch) { return engines_.learn(batch); });
        for (kernel::UniqueFd& socket : sockets) {
            auto ear = std::make_shared<Parts::Ear>(Descriptor(io_, socket.release()));
            parts_->backup->ears.push_back(ear);
            parts_->listen(ear);
        }
        parts_->ask_for_all(daemon);
    });
    return {};
}

Status SyncThread::stop(model::SyncRole role) {
    FPVS_TRY_STATUS(daemons_.stop(role));
    if (role == model::SyncRole::master) {
        engines_.attach({}, nullptr);
        call([this] {
            parts_->master->master->flush(parts_->settings);
            parts_->master.reset();
        });
        outboxes_.clear();
    } else {
        call([this] { parts_->close_backup(); });
    }
    log::info("sync", "{} stopped", name_of(role));
    return {};
}

void SyncThread::become(const model::SyncDaemon& daemon) {
    for (const model::SyncDaemon& running : list()) {
        if (running == daemon) {
            continue;
        }
        (void)stop(running.role);
    }
    if (!list().empty()) {
        return;
    }
    if (const Status started = start(daemon); !started) {
        log::error("sync", "no {} daemon: {}", name_of(daemon.role), started.error().text());
    }
}

void SyncThread::use(const engine::Settings& settings) {
    call([&] { parts_->settings = settings; });
}

sync::MasterCounters SyncThread::master_counters() {
    return call([this] {
        return parts_->master ? parts_->master->master->counters() : sync::MasterCounters{};
    });
}

sync::BackupCounters SyncThread::backup_counters() {
    return call([this] {
        return parts_->backup ? parts_->backup->backup->counters() : sync::BackupCounters{};
    });
}

}  // namespace fpvs::daemon
