// SPDX-License-Identifier: Apache-2.0
// What a large configuration costs: a file of 1,000 services with 100 servers each, or of 10,000
// with 10, read and applied to an empty engine; the same file with one server changed, which is a
// reload; one server changed by a command.  CPU time of one thread, with and without a health check
// of each server.
// --tiny: only shows that it runs.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "host/config/parser.hpp"
#include "host/daemon/apply_edits.hpp"
#include "host/daemon/service_plan.hpp"
#include "host/engine/engine.hpp"
#include "host/health/service.hpp"
#include "host/provider/steady_clock.hpp"
#include "host/util/check.hpp"

namespace fpvs::daemon {
namespace {

struct Size {
    std::uint32_t services = 1000;
    std::uint32_t servers = 100;  // Of each.
    bool checks = false;
};

[[nodiscard]] double cpu_ms() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Nothing is ever asked: only what the board does with a configuration counts here.
class NoProbe final : public provider::Probe {
  public:
    std::unique_ptr<Attempt> begin(const provider::ProbeRequest&, Done) override { return nullptr; }
};

// Nor is anybody told.
class NoScripts final : public provider::ScriptRunner {
  public:
    std::unique_ptr<Run> start(const model::Script&, Done) override { return nullptr; }
    void tell(const model::Script&) override {}
    void use(const model::ScriptDefaults&) override {}
};

[[nodiscard]] std::string dotted(std::uint32_t address) {
    return model::to_string(model::Ipv4{address});
}

// As an operator's tool would write it; the changed server is one in the middle.
[[nodiscard]] std::string file_text(const Size& size, bool changed) {
    std::string text = "global_defs {\n    router_id bench\n}\n";
    for (std::uint32_t i = 0; i < size.services; ++i) {
        text += fmt::format(
            "\nvirtual_server {} 80 {{\n    lb_algo wlc\n    lb_kind DR\n"
            "    protocol TCP\n",
            dotted(0x0a000000 + i));
        for (std::uint32_t j = 0; j < size.servers; ++j) {
            const bool other = changed && i == size.services / 2 && j == size.servers / 2;
            text += fmt::format("    real_server {} 80 {{\n        weight {}\n",
                                dotted(0xac100000 + i * size.servers + j),
                                other ? 7 : 1);
            if (size.checks) {
                text +=
                    "        TCP_CHECK {\n            connect_timeout 3\n            retry 3\n"
                    "            delay_before_retry 3\n        }\n";
            }
            text += "    }\n";
        }
        text += "}\n";
    }
    return text;
}

class Director {
  public:
    // As the daemon does it; prints the parts.
    double apply_file(const std::string& path, std::size_t edits_wanted) {
        const double begin = cpu_ms();
        auto parsed = reader_.read(path);
        FPVS_CHECK(parsed, "{}", parsed.error().message);
        const double read = cpu_ms();
        FPVS_CHECK(health_.apply(parsed->config));
        const double checked = cpu_ms();
        auto tables = service_tables(parsed->config, health_);
        const auto edits = plan_edits(tables_, tables);
        FPVS_CHECK(edits.size() == edits_wanted, "{} edits", edits.size());
        const double planned = cpu_ms();
        FPVS_CHECK(apply_edits(engine_, edits) == 0);
        const double applied = cpu_ms();
        config_ = std::move(parsed->config);
        tables_ = std::move(tables);
        const double end = cpu_ms();
        std::printf(
            "  read %.1f ms, checks %.1f, plan %.1f, engine %.1f, the old one forgotten "
            "%.1f; %zu edits, %zu blocks known\n",
            read - begin,
            checked - read,
            planned - checked,
            applied - planned,
            end - applied,
            edits.size(),
            reader_.blocks_known());
        return end - begin;
    }

    double change_one_server() {
        const auto& service = config_.virtual_services[config_.virtual_services.size() / 2];
        auto settings = service.servers.back().settings;
        settings.weight += 1;
        const double begin = cpu_ms();
        FPVS_CHECK(engine_.edit_server(service.key, service.servers.back().key, settings));
        return cpu_ms() - begin;
    }

  private:
    provider::SteadyClock clock_;
    boost::asio::io_context io_;
    NoProbe probe_;
    NoScripts scripts_;
    health::Service health_{io_, clock_, probe_, scripts_, [](std::string_view) {}, 0x5eed};
    engine::Engine engine_{{.connections_max = 1024, .hash_seed = 0x5eed}};
    config::ConfigReader reader_;
    model::Config config_;
    std::vector<ServiceTable> tables_;
};

void report(std::string_view name, const Size& size, double value, double must) {
    fmt::print(
        "{{\"name\": \"{}, {} x {} servers{}\", \"value\": {:.3f}, \"unit\": \"ms\", "
        "\"better\": \"lower\"{}}}\n",
        name,
        size.services,
        size.servers,
        size.checks ? " with checks" : "",
        value,
        must > 0 ? fmt::format(", \"must\": {}", must) : "");
    std::fflush(stdout);
}

void measure(const Size& size, const std::string& folder) {
    const std::string path = folder + "/fpvs.conf";
    std::ofstream(path) << file_text(size, false);
    Director director;
    const std::size_t all = std::size_t{size.services} * (size.servers + 1);
    report("file applied", size, director.apply_file(path, all), 1000);
    std::ofstream(path) << file_text(size, true);
    constexpr double kManyServices = 10'000;  // Whose reload may take longer.
    report("file applied again, one server changed",
           size,
           director.apply_file(path, 1),
           size.services >= kManyServices ? 100 : 10);
    report("one server changed by a command", size, director.change_one_server(), 10);
}

}  // namespace
}  // namespace fpvs::daemon

int main(int argument_count, char** arguments) {
    const bool tiny = argument_count > 1 && std::strcmp(arguments[1], "--tiny") == 0;
    std::string folder = "/tmp/fpvs-bench-XXXXXX";
    FPVS_CHECK(::mkdtemp(folder.data()) != nullptr);
    for (const fpvs::daemon::Size size : {fpvs::daemon::Size{.services = 1000, .servers = 100},
                                          fpvs::daemon::Size{.services = 10'000, .servers = 10}}) {
        for (const bool checks : {false, true}) {
            fpvs::daemon::Size one = size;
            one.checks = checks;
            if (tiny) {
                one.services = 5;
                one.servers = 3;
            }
            fpvs::daemon::measure(one, folder);
        }
    }
    std::filesystem::remove_all(folder);
    return 0;
}
