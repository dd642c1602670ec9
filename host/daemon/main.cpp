// SPDX-License-Identifier: Apache-2.0
// fpvsd, the director's daemon.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include "host/config/parser.hpp"
#include "host/config/printer.hpp"
#include "host/control/socket_path.hpp"
#include "host/daemon/daemon.hpp"
#include "host/daemon/version.hpp"
#include "host/util/log.hpp"

namespace fpvs::daemon {
namespace {

struct CommandLine {
    DaemonOptions options;
    std::string check_path;
    std::vector<std::string> ports;
    std::vector<std::string> standbys;
};

int complain(const Error& error) {
    fmt::print(stderr, "fpvsd: {}\n", error.text());
    return 1;
}

Status read_ports(CommandLine& line) {
    std::vector<CardPortOption> ports;
    std::vector<StandbyOption> standbys;
    for (const std::string& text : line.ports) {
        FPVS_TRY(auto port, parse_card_port(text));
        ports.push_back(std::move(port));
    }
    for (const std::string& text : line.standbys) {
        FPVS_TRY(auto standby, parse_standby(text, standbys.size()));
        standbys.push_back(std::move(standby));
    }
    FPVS_TRY(line.options.interfaces, plan_interfaces(ports, standbys));
    return {};
}

int check(const std::string& path, const std::string& instance) {
    const auto parsed =
        config::parse_file(path, {.instance = instance, .random_seed = random_seed()});
    if (!parsed) {
        return complain(parsed.error());
    }
    for (const std::string& warning : parsed->warnings) {
        fmt::print(stderr, "{}\n", warning);
    }
    fmt::print("{}", config::print(parsed->config));
    return 0;
}

void handle_signals(boost::asio::signal_set& signals, Daemon& daemon) {
    signals.async_wait([&](const boost::system::error_code& error, int number) {
        if (error) {
            return;
        }
        if (number != SIGHUP) {
            daemon.stop();
            return;
        }
        if (const Status status = daemon.reload(); !status) {
            log::error("daemon", "not reloaded: {}", status.error().text());
        }
        handle_signals(signals, daemon);
    });
}

int run(DaemonOptions options) {
    if (!options.state_path.empty()) {
        // What outlives the daemon outlives it together: a simulated card waits there for the next
        // one.  Before any thread there is nobody who reads the environment.
        ::setenv("FPVS_SIMCARD_KEEP", (options.state_path + ".simcard").c_str(), 0);
    }
    boost::asio::io_context io(1);
    boost::asio::signal_set signals(io, SIGTERM, SIGINT, SIGHUP);
    auto daemon = Daemon::start(io, std::move(options));
    if (!daemon) {
        return complain(daemon.error());
    }
    handle_signals(signals, **daemon);
    io.run();
    return 0;
}

}  // namespace
}  // namespace fpvs::daemon

int main(int argc, char** argv) {
    using namespace fpvs;
    daemon::CommandLine line;
    line.options.control_socket = control::socket_path();
    CLI::App app{"The FPGA Virtual Server's daemon"};
    app.set_version_flag("--version", daemon::kVersion);
    app.add_option("-f,--config", line.options.config_path, "keepalived.conf to run");
    app.add_option("-i,--config-id",
                   line.options.config_id,
                   "what @conditions in the file compare; the host's name if not given");
    app.add_option("--check", line.check_path, "read this file, print what it means, and exit");
    app.add_option("--port", line.ports, "INTERFACE=card:N");
    app.add_option("--standby",
                   line.standbys,
                   "INTERFACE=af_packet:IFNAME, af_xdp:IFNAME, tap:IFNAME, pcap:IN[,OUT], "
                   "pci:ADDRESS or dpdk:DEVARGS, with @NETNS behind it for a namespace");
    app.add_option("--card", line.options.card_path, "xclbin to load at the start");
    app.add_option("--state",
                   line.options.state_path,
                   "file in which connections outlive the daemon; best where files are memory, as "
                   "in /run/fpvs");
    app.add_option("--socket", line.options.control_socket, "control socket");
    app.add_option("--ipvs-socket", line.options.ipvs_socket, "socket for stock tools");
    app.add_option("--connections-max",
                   line.options.connections_max,
                   "entries of the connection table, templates included")
        ->check(CLI::Range(std::size_t{1024}, model::kConnectionsLimit))
        ->capture_default_str();
    app.add_option("--workers",
                   line.options.workers,
                   "threads that carry packets; over `workers` in the file, or 1")
        ->check(CLI::Range(std::size_t{1}, model::kWorkersMax));
    CLI11_PARSE(app, argc, argv);
    if (!line.check_path.empty()) {
        return daemon::check(line.check_path, line.options.config_id);
    }
    if (line.options.ipvs_socket.empty()) {
        // Beside the control socket.
        const auto slash = line.options.control_socket.rfind('/');
        line.options.ipvs_socket =
            line.options.control_socket.substr(0, slash == std::string::npos ? 0 : slash + 1) +
            "ipvs.sock";
    }
    if (const Status status = daemon::read_ports(line); !status) {
        return daemon::complain(status.error());
    }
    return daemon::run(std::move(line.options));
}
