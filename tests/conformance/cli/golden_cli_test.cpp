// SPDX-License-Identifier: Apache-2.0
// Every recorded invocation of ipvsadm 1.31, byte for byte: exit code, output and errors, through
// a real control socket.
//
//  - WholeVocabulary: fpvsadm against a table that knows all of LVS.  Shows that the grammar, the
//    texts and the wire are whole, whatever a daemon supports.
//  - Engine: fpvsadm against FPVS's own engine, with the recording's traffic played to it.  Shows
//    what is supported today; the rest must be refused with one sentence.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "host/cli/listing.hpp"
#include "host/control/dispatcher.hpp"
#include "tests/conformance/cli/recorded_traffic.hpp"
#include "tests/conformance/cli/recording.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/lvs_table.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {
namespace {

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

bool is_list(const Invocation& invocation) {
    return contains(invocation.command, "-L");
}

// The kernel gives services in the order of a hash table that differs from boot to boot; within a
// service the order is meant.  Groups of rows, each beginning with a service, in sorted order.
std::string without_order_of_services(const std::string& text) {
    std::istringstream lines(text);
    std::string title;
    std::vector<std::string> groups;
    for (std::string line; std::getline(lines, line);) {
        const bool titled =
            line.starts_with("IP ") || line.starts_with("Prot ") || contains(line, "RemoteAddress");
        if (titled) {
            title += line + "\n";
        } else if (line.starts_with("  ->") && !groups.empty()) {
            groups.back() += line + "\n";
        } else {
            groups.push_back(line + "\n");
        }
    }
    std::sort(groups.begin(), groups.end());
    for (const std::string& group : groups) {
        title += group;
    }
    return title;
}

// Rows in sorted order with the seconds masked: the table's order is a hash's, and the recording's
// commands ran a second more or less after its traffic.
std::string without_order_and_seconds(const std::string& text) {
    std::istringstream lines(text);
    std::string title;
    std::vector<std::string> rows;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("IPVS") || line.starts_with("pro ")) {
            title += line + "\n";
        } else {
            constexpr std::size_t kSeconds = 7;  // "TCP 14:55"
            rows.push_back(line.replace(kSeconds, 2, "ss") + "\n");
        }
    }
    std::sort(rows.begin(), rows.end());
    for (const std::string& row : rows) {
        title += row;
    }
    return title;
}

std::string comparable(const Invocation& invocation, const std::string& out) {
    if (contains(invocation.command, "-Lnc") && out.starts_with("IPVS")) {
        return without_order_and_seconds(out);
    }
    return contains(invocation.command, "--nosort") ? without_order_of_services(out) : out;
}

struct Tally {
    std::size_t total = 0;
    std::size_t equal = 0;
    std::size_t equal_without_refused = 0;
    std::map<std::string, std::vector<std::size_t>> unsupported;  // By reason.
    std::vector<std::string> different;

    void print(const std::string& name) const {
        std::cout << "cli, " << name << ": " << equal + equal_without_refused << " of " << total
                  << " equal";
        if (equal_without_refused > 0) {
            std::cout << " (" << equal_without_refused
                      << " of them but for rows of what was refused before)";
        }
        std::cout << ", " << different.size() << " different\n";
        for (const auto& [reason, indices] : unsupported) {
            std::cout << "  unsupported, " << indices.size() << ": " << reason << " (";
            for (const std::size_t index : indices) {
                std::cout << (index == indices.front() ? "" : " ") << index;
            }
            std::cout << ")\n";
        }
        for (const std::string& text : different) {
            std::cout << text;
        }
    }
};

std::string difference(const Invocation& invocation, const Outcome& outcome) {
    return fmt::format(
        "  [{}] {}\n    expected rc {} out {:?} err {:?}\n    got      rc {} out {:?} err {:?}\n",
        invocation.index,
        invocation.command,
        invocation.exit_code,
        invocation.out,
        invocation.err,
        outcome.exit_code,
        outcome.out,
        outcome.err);
}

bool equal(const Invocation& invocation, const Outcome& outcome) {
    return outcome.exit_code == invocation.exit_code && outcome.err == invocation.err &&
           comparable(invocation, outcome.out) == comparable(invocation, invocation.out);
}

// ---- All of LVS.

// The table has no packets; what counts them is left to the engine.
bool needs_traffic(const Invocation& invocation) {
    static constexpr std::array<std::string_view, 3> kListsOfNumbers = {
        " --stats", " --rate", "-Lnc"};
    const bool noted = contains(invocation.note, "clients") ||
                       contains(invocation.note, "datagrams") ||
                       contains(invocation.note, "after -Z");
    if (!is_list(invocation) || invocation.exit_code != 0) {
        return false;
    }
    if (noted && !contains(invocation.command, "--stats")) {
        return true;
    }
    return std::any_of(kListsOfNumbers.begin(), kListsOfNumbers.end(), [&](std::string_view part) {
        return contains(invocation.command, part) && has_traffic(invocation.out);
    });
}

TEST(GoldenCli, WholeVocabulary) {
    kit::LvsTable table;
    kit::ControlServer server(table);
    kit::TableNames names;
    Tally tally;
    std::string saved;
    for (const Invocation& invocation : load_invocations()) {
        if (needs_traffic(invocation)) {
            tally.unsupported["needs traffic, see the engine's run"].push_back(invocation.index);
            continue;
        }
        ++tally.total;
        const Outcome outcome = play(invocation, server.path(), saved, names);
        if (contains(invocation.command, "-S") && invocation.exit_code == 0) {
            saved = outcome.out;
        }
        if (equal(invocation, outcome)) {
            ++tally.equal;
        } else {
            tally.different.push_back(difference(invocation, outcome));
        }
    }
    tally.print("all of LVS");
    EXPECT_TRUE(tally.different.empty());
}

// ---- The engine.

// What the daemon refused so far, and lists without it.
class Refused {
  public:
    void add(const Invocation& invocation) {
        static const std::set<std::string> kServiceOptions = {"-t", "-u", "--sctp-service", "-f"};
        const std::vector<std::string> words = words_of(invocation.command);
        std::string service;
        std::string server;
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            if (kServiceOptions.count(words[i]) > 0) {
                service = words[i] + " " + words[i + 1];
            } else if (words[i] == "-r") {
                server = words[i + 1];
            }
        }
        entries_.insert({service, server});
    }
    [[nodiscard]] bool is_empty() const { return entries_.empty(); }

    // The text without rows of what was refused.
    [[nodiscard]] std::string removed_from(const std::string& text) const {
        std::istringstream lines(text);
        std::string kept;
        std::string service_line;
        for (std::string line; std::getline(lines, line);) {
            const bool is_server = line.starts_with("  ->") || line.starts_with("-a ");
            if (!is_server || line.starts_with("-a ")) {
                service_line = line;
            }
            const bool refused =
                std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
                    return is_of(service_line, entry.service) &&
                           (entry.server.empty() || (is_server && has_word(line, entry.server)));
                });
            kept += refused ? "" : line + "\n";
        }
        return kept;
    }

  private:
    struct Entry {
        std::string service;  // "-t 10.0.0.100:80"
        std::string server;   // Empty: the whole service.

        friend auto operator<=>(const Entry&, const Entry&) = default;
    };

    [[nodiscard]] static bool has_word(const std::string& line, const std::string& word) {
        return contains(" " + line + " ", " " + word + " ");
    }
    // Whether a row of `-L` or a line of `-S` names the service.
    [[nodiscard]] static bool is_of(const std::string& line, const std::string& service) {
        static const std::map<std::string, std::string> kTitles = {
            {"-t", "TCP  "}, {"-u", "UDP  "}, {"--sctp-service", "SCTP "}, {"-f", "FWM  "}};
        static const std::map<std::string, std::string> kPorts = {
            {":5060", ":sip"}, {":80", ":http"}, {":443", ":https"}};
        const std::size_t blank = service.find(' ');
        const std::string row = kTitles.at(service.substr(0, blank)) + service.substr(blank + 1);
        if (has_word(line, service) || (line + " ").starts_with(row + " ")) {
            return true;
        }
        for (const auto& [port, name] : kPorts) {  // `-S` without -n.
            if (service.ends_with(port)) {
                return has_word(line, service.substr(0, service.size() - port.size()) + name);
            }
        }
        return false;
    }

    std::set<Entry> entries_;
};

// One sentence of ours, for something the kernel would have done.
bool is_refusal(const Invocation& invocation, const Outcome& outcome) {
    return invocation.exit_code == 0 && outcome.exit_code == 255 && outcome.out.empty() &&
           contains(outcome.err, "not supported yet") &&
           std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1;
}

// Rates depend on the seconds in which packets came, which the recording does not tell.
bool is_rate_of_datagrams(const Invocation& invocation) {
    return contains(invocation.command, "--rate") && contains(invocation.out, "UDP  ") &&
           has_traffic(invocation.out);
}

// Starting and stopping synchronisation, whatever the kernel said to it.
bool is_sync_command(const Invocation& invocation) {
    return contains(invocation.command, "-daemon") && !is_list(invocation);
}

std::string reason_of(const Outcome& outcome) {
    std::string reason = outcome.err.substr(0, outcome.err.find('\n'));
    return reason.substr(0, reason.find(": "));
}

class EngineReplay {
  public:
    void play_all() {
        for (const Invocation& invocation : invocations_) {
            server_.on_server_thread([&] { traffic_.play_before(invocation, operations_); });
            play_one(invocation);
        }
    }
    [[nodiscard]] const Tally& tally() const { return tally_; }

  private:
    void play_one(const Invocation& invocation) {
        ++tally_.total;
        const Outcome outcome = play(invocation, server_.path(), saved_, names_);
        if (contains(invocation.command, "-S ") && invocation.exit_code == 0) {
            saved_ = invocation.out;
        }
        if (equal(invocation, outcome)) {
            ++tally_.equal;
        } else if (is_rate_of_datagrams(invocation)) {
            tally_.unsupported["Not recorded: when each datagram was sent"].push_back(
                invocation.index);
        } else if (is_refusal(invocation, outcome)) {
            refused_.add(invocation);
            tally_.unsupported[reason_of(outcome)].push_back(invocation.index);
        } else if (contains(invocation.command, "-R <") && contains(outcome.err, "not supported")) {
            tally_.unsupported["Restores what is not supported"].push_back(invocation.index);
        } else if (is_sync_command(invocation)) {
            tally_.unsupported[reason_of(outcome)].push_back(invocation.index);
        } else if (contains(invocation.command, "--daemon") && outcome.exit_code == 0) {
            tally_.unsupported["Connection synchronisation is not supported yet"].push_back(
                invocation.index);
        } else if (equal_without_refused(invocation, outcome)) {
            ++tally_.equal_without_refused;
        } else {
            tally_.different.push_back(difference(invocation, outcome));
        }
    }

    [[nodiscard]] bool equal_without_refused(Invocation invocation, const Outcome& outcome) const {
        invocation.out = refused_.removed_from(invocation.out);
        return !refused_.is_empty() && equal(invocation, outcome);
    }

    const std::vector<Invocation> invocations_ = load_invocations();
    RecordedTraffic traffic_{invocations_};
    kit::EngineOperations operations_;
    control::Dispatcher dispatcher_{operations_};
    kit::ControlServer server_{dispatcher_};
    kit::TableNames names_;
    Refused refused_;
    std::string saved_;
    Tally tally_;
};

TEST(GoldenCli, Engine) {
    EngineReplay replay;
    replay.play_all();
    replay.tally().print("FPVS's engine");
    EXPECT_TRUE(replay.tally().different.empty());
    // A change that supports less must be meant.
    constexpr std::size_t kEqualAtLeast = 118;
    if (std::getenv("GOLDEN") == nullptr) {
        EXPECT_GE(replay.tally().equal + replay.tally().equal_without_refused, kEqualAtLeast);
    }
}

// ---- Rates and totals while datagrams were sent: the recorded numbers, laid out anew.

control::api::Traffic numbers_of(const std::string& row) {
    constexpr std::size_t kNameColumns = 33;
    std::istringstream stream(row.substr(kNameColumns));
    std::array<std::uint64_t, 5> numbers{};
    for (std::uint64_t& number : numbers) {
        stream >> number;
    }
    control::api::Traffic traffic;
    traffic.set_connections(numbers[0]);
    traffic.set_packets_in(numbers[1]);
    traffic.set_packets_out(numbers[2]);
    traffic.set_bytes_in(numbers[3]);
    traffic.set_bytes_out(numbers[4]);
    return traffic;
}

TEST(GoldenCli, RatesOverTime) {
    const std::vector<std::string> tables = load_rate_tables();
    kit::TableNames names;
    for (const std::string& table : tables) {
        std::istringstream lines(table);
        std::array<std::string, 5> rows;
        for (std::string& row : rows) {
            std::getline(lines, row);
        }
        control::api::Services services;
        control::api::Service& service = *services.add_services();
        service.mutable_key()->set_protocol(control::api::UDP);
        service.mutable_key()->set_address("10.0.0.100");
        service.mutable_key()->set_port(5060);
        *service.mutable_rates() = numbers_of(rows[3]);
        *service.mutable_counters() = service.rates();
        control::api::Server& server = *service.add_servers();
        server.mutable_key()->set_address("192.168.113.11");
        server.mutable_key()->set_port(5060);
        *server.mutable_rates() = numbers_of(rows[4]);
        *server.mutable_counters() = server.rates();
        const bool rate = contains(rows[1], "CPS");
        EXPECT_EQ(cli::list_services(
                      services, {.numeric = true, .stats = !rate, .rate = rate}, true, names),
                  table);
    }
    std::cout << "cli, rates: " << tables.size() << " tables\n";
}

}  // namespace
}  // namespace fpvs::test
