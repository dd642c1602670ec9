// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/daemon.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include <boost/asio/post.hpp>

#include "drivers/kernel/rtnetlink.hpp"
#include "drivers/xrt/open_card.hpp"
#include "host/config/parser.hpp"
#include "host/daemon/apply_edits.hpp"
#include "host/daemon/change_setting.hpp"
#include "host/daemon/service_plan.hpp"
#include "host/offload/card_ledger.hpp"
#include "host/util/log.hpp"

namespace fpvs::daemon {
namespace {

// A setting that left the file is again what it is without one.
void apply_settings(engine::Engine& engine,
                    const std::vector<model::SettingChange>& before,
                    const std::vector<model::SettingChange>& after) {
    const engine::Settings initial;
    for (const auto& change : before) {
        (void)engine.set(change.name, initial.get(change.name).value_or(0));
    }
    for (const auto& change : after) {
        (void)change_setting(engine, change.name, change.value);  // Was found right before.
    }
}

Status check_config(const model::Config& config) {
    engine::Settings settings;
    for (const auto& change : config.settings) {
        if (Status status = change_setting(settings, change.name, change.value); !status) {
            return fail({.code = status.error().code,
                         .message = status.error().message,
                         .where = change.where});
        }
    }
    return {};
}

// The xclbin of a card that the process before has left running; empty: there is none.
std::string card_left_running(const std::string& state_path) {
    if (state_path.empty()) {
        return {};
    }
    const auto ledger = offload::CardLedger::open(state_path + DataPath::kLedgerSuffix);
    return ledger ? ledger->bitstream_path() : std::string();
}

Result<model::Config> read_config(config::ConfigReader& reader, const std::string& path) {
    FPVS_TRY(auto parsed, reader.read(path));
    for (const std::string& warning : parsed.warnings) {
        log::warn("config", "{}", warning);
    }
    return std::move(parsed.config);
}

// How long the scripts that are told of the end may hold it up.
constexpr std::chrono::milliseconds kLastScripts{5'000};

}  // namespace

std::uint64_t random_seed() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

Daemon::Daemon(boost::asio::io_context& io,
               DaemonOptions options,
               std::unique_ptr<config::ConfigReader> reader)
    : io_(io),
      options_(std::move(options)),
      config_reader_(std::move(reader)),
      scripts_(io),
      probe_(io, scripts_, random_seed()) {}

Daemon::~Daemon() {
    cards_.reset();
    // Sessions of clients may still call these.
    control_.reset();
    ipvs_.reset();
}

Result<std::unique_ptr<Daemon>> Daemon::start(boost::asio::io_context& io, DaemonOptions options) {
    // The file is read before anything is opened, so that a mistake in it costs nothing.
    auto reader = std::make_unique<config::ConfigReader>(
        config::ReadOptions{.instance = options.config_id, .random_seed = random_seed()});
    model::Config config;
    if (!options.config_path.empty()) {
        FPVS_TRY(config, read_config(*reader, options.config_path));
    }
    if (options.workers == 0) {
        options.workers = config.workers.value_or(1);
    }
    if (options.workers > 1 && !options.card_path.empty()) {
        return fail(Code::invalid_argument,
                    "a card works with one worker only, not with {}",
                    options.workers);
    }
    const std::string running_card = card_left_running(options.state_path);
    if (options.card_path.empty()) {
        options.card_path = running_card;
    }
    // Another one takes its time, in which the standby ports are wanted.
    const bool card_runs = !running_card.empty() && options.card_path == running_card;
    std::unique_ptr<Daemon> daemon(new Daemon(io, std::move(options), std::move(reader)));
    FPVS_TRY_STATUS(daemon->open_drivers(card_runs));
    FPVS_TRY_STATUS(daemon->apply(std::move(config)));
    FPVS_TRY_STATUS(daemon->data_path_->remember());
    FPVS_TRY_STATUS(daemon->open_sockets());
    if (!daemon->options_.card_path.empty()) {
        daemon->cards_->load(daemon->options_.card_path,
                             [&path = *daemon->data_path_](Status status) {
                                 if (!status) {
                                     log::error("card", "{}", status.error().text());
                                     path.give_up_card();
                                 }
                             });
    }
    log::info("daemon",
              "started, {} virtual services, {} worker(s)",
              daemon->config_.virtual_services.size(),
              daemon->options_.workers);
    return daemon;
}

Status Daemon::open_drivers(bool card_runs) {
    FPVS_TRY(neighbours_, kernel::NeighbourCache::open(io_));
    FPVS_TRY(data_path_,
             DataPath::start({.interfaces = options_.interfaces,
                              .connections_max = options_.connections_max,
                              .workers = options_.workers,
                              .state_path = options_.state_path,
                              .card_runs = card_runs},
                             *neighbours_,
                             clock_));
    cards_ = std::make_unique<CardKeeper>(
        io_,
        CardActions{
            .check = xrt_card::check_file,
            .open = [](const std::string& path) { return xrt_card::open_card({.path = path}); },
            .detach = [this] { data_path_->detach_card(); },
            .attach =
                [this](std::unique_ptr<provider::Card> card) {
                    return data_path_->attach_card(std::move(card));
                }});
    data_path_->on_card_lost([this] { boost::asio::post(io_, [this] { cards_->lost(); }); });
    neighbours_->on_change([this](const model::IpAddress& target, const auto& neighbour) {
        data_path_->neighbour_changed(target, neighbour);
    });
    FPVS_TRY(routes_, kernel::RouteWatch::open(io_));
    routes_->on_change([this](const auto& routes) { data_path_->use_routes(routes); });
    sync_ = std::make_unique<SyncThread>(data_path_->sync_engines(), clock_);
    FPVS_TRY(vrrp_, VrrpThread::start(io_, clock_));
    connect_vrrp();
    vrrp_->on_state([this](const auto& instance, vrrp::State state) { on_vrrp(instance, state); });
    health_ = std::make_unique<health::Service>(
        io_,
        clock_,
        probe_,
        scripts_,
        [this](std::string_view line) {
            health_fifo_.write(line);
            fifo_.write(line);
        },
        random_seed());
    health_->on_change([this](const model::ServiceKey& service) { on_health(service); });
    announcements_ = std::make_unique<Announcements>(io_, clock_, *health_);
    FPVS_TRY(local_addresses_, kernel::LocalAddresses::open(io_));
    local_addresses_->on_change([this] { suspend_checks(); });
    return {};
}

// What VRRP tracks and whom it tells, on this thread rather than on the one that sends adverts.
void Daemon::connect_vrrp() {
    vrrp_notifier_ = std::make_unique<vrrp::Notifier>(scripts_, [this](std::string_view line) {
        vrrp_fifo_.write(line);
        fifo_.write(line);
    });
    vrrp_->on_event([this](const vrrp::Event& event) { vrrp_notifier_->tell(event); });
    trackers_ = std::make_unique<vrrp::Trackers>(
        io_,
        clock_,
        scripts_,
        track_source_,
        [this](const vrrp::TrackKey& key, vrrp::Reading reading) { vrrp_->report(key, reading); });
}

Status Daemon::open_sockets() {
    operations_ = std::make_unique<Operations>(
        *data_path_,
        *vrrp_,
        *health_,
        *sync_,
        *announcements_,
        mark_rules_,
        options_.config_path,
        Lifecycle{.load_card =
                      [this](std::string path, control::Operations::Done done) {
                          cards_->load(std::move(path), std::move(done));
                      },
                  .reload = [this] { return reload(); },
                  .stop = [this] { stop(); }});
    dispatcher_ = std::make_unique<control::Dispatcher>(*operations_);
    FPVS_TRY(control_,
             control::Server::listen(io_, *dispatcher_, {.socket_path = options_.control_socket}));
    FPVS_TRY(ipvs_, ipvs_netlink::Server::start(io_, options_.ipvs_socket, *operations_));
    return {};
}

Status Daemon::apply(model::Config config) {
    FPVS_TRY_STATUS(check_config(config));
    model::MarkRuleList marks = mark_rules_;
    FPVS_TRY_STATUS(marks.replace_files(config.mark_rules));
    FPVS_TRY_STATUS(data_path_->set_mark_rules(marks.all()));
    mark_rules_ = std::move(marks);
    scripts_.use(config.scripts);
    FPVS_TRY_STATUS(health_fifo_.use(config.checkers.notify_fifo));
    FPVS_TRY_STATUS(probe_.use(config));
    FPVS_TRY_STATUS(health_->apply(config));
    FPVS_TRY_STATUS(vrrp_fifo_.use(config.vrrp_fifos.vrrp));
    FPVS_TRY_STATUS(fifo_.use(config.vrrp_fifos.all));
    vrrp_notifier_->tell_reloads(config.vrrp_fifos.tells_on_reload);
    FPVS_TRY_STATUS(vrrp_->apply(config.vrrp_instances, config.vrrp_groups));
    trackers_->apply(config);
    std::vector<ServiceTable> tables = service_tables(config, *health_);
    const std::vector<Edit> edits = plan_edits(tables_, tables);
    engine::Settings settings;
    data_path_->with_engine([&](engine::Engine& engine, auto) {
        apply_settings(engine, config_.settings, config.settings);
        settings = engine.settings();
        (void)apply_edits(engine, edits);
    });
    sync_->use(settings);
    const auto sync_before = std::exchange(config_, std::move(config)).sync_follower;
    tables_ = std::move(tables);
    follow_sync(sync_before);
    suspend_checks();
    announcements_->use(config_);
    return {};
}

Status Daemon::reload() {
    if (options_.config_path.empty()) {
        return fail(Code::failed_precondition, "started without a configuration file");
    }
    FPVS_TRY(auto config, read_config(*config_reader_, options_.config_path));
    if (config.workers && *config.workers != options_.workers) {
        log::warn("config",
                  "workers {}: there are {} until the daemon is started again",
                  *config.workers,
                  options_.workers);
    }
    FPVS_TRY_STATUS(apply(std::move(config)));
    log::info("daemon", "reloaded {}", options_.config_path);
    return {};
}

void Daemon::on_health(const model::ServiceKey& pool) {
    announcements_->refresh();
    const health::PoolTable servers = health_->table(pool);
    std::vector<Edit> edits;
    for (ServiceTable& table : tables_) {
        if (table.pool == pool) {
            health::PoolTable wanted = servers_for(table.key, pool, servers);
            const std::vector<Edit> own = plan_servers(table.key, table.servers, wanted);
            edits.insert(edits.end(), own.begin(), own.end());
            table.servers = std::move(wanted);
        }
    }
    // At once, so that no packet finds a pool that is half of the one and half of the other.
    data_path_->with_engine(
        [&](engine::Engine& engine, auto) { (void)apply_edits(engine, edits); });
}

void Daemon::suspend_checks() {
    health_->use_addresses(
        [this](const model::IpAddress& address) { return local_addresses_->contains(address); });
}

void Daemon::follow_sync(const std::optional<model::SyncFollower>& before) {
    const std::optional<model::SyncFollower>& wanted = config_.sync_follower;
    if (before && before != wanted) {
        for (const model::SyncDaemon& daemon : sync_->list()) {
            (void)sync_->stop(daemon.role);
        }
    }
    if (!wanted || before == wanted) {
        return;
    }
    model::SyncDaemon daemon = wanted->daemon;
    if (!wanted->instance.empty()) {
        const auto views = vrrp_->view();
        const bool is_master = std::any_of(views.begin(), views.end(), [&](const auto& view) {
            return view.name == wanted->instance && view.state == "MASTER";
        });
        daemon.role = is_master ? model::SyncRole::master : model::SyncRole::backup;
        sync_->become(daemon);
        return;
    }
    for (const model::SyncRole role : {model::SyncRole::master, model::SyncRole::backup}) {
        daemon.role = role;
        if (const Status started = sync_->start(daemon); !started) {
            log::error("sync", "{}", started.error().text());
        }
    }
}

void Daemon::on_vrrp(const model::VrrpInstance& instance, vrrp::State state) {
    const std::optional<model::SyncFollower>& follower = config_.sync_follower;
    if (follower && follower->instance == instance.name) {
        model::SyncDaemon daemon = follower->daemon;
        daemon.role =
            state == vrrp::State::master ? model::SyncRole::master : model::SyncRole::backup;
        sync_->become(daemon);
    }
}

void Daemon::stop() {
    if (std::exchange(stopping_, true)) {
        return;
    }
    log::info("daemon", "stopping");
    announcements_->finish([this] { leave(); });
}

void Daemon::leave() {
    health_->stop();
    trackers_->stop();
    vrrp_->stop();
    for (const model::SyncDaemon& daemon : sync_->list()) {
        (void)sync_->stop(daemon.role);
    }
    cards_->stop();
    data_path_->detach_card();
    // After the last events of VRRP, which are on their way to this thread and tell scripts, too.
    boost::asio::post(io_, [this] { scripts_.finish(kLastScripts, [this] { io_.stop(); }); });
}

}  // namespace fpvs::daemon
