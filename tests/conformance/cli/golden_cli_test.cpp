// SPDX-License-Identifier: Apache-2.0
// Every recorded invocation of ipvsadm 1.31, byte for byte: exit code, output and errors, through
// a real control socket.
//
//  - cli-vocabulary: fpvsadm against a table that knows all of LVS.  Shows that the grammar, the
//    texts and the wire are whole, whatever a daemon supports.
//  - cli: fpvsadm against FPVS's own engine, with the recording's traffic played to it.
//  - ipvsadm: the stock program against the same engine, through libfpvs_ipvs.so.
//  - fpvsd: the stock program against a running daemon, see stock_daemon.sh.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "host/control/dispatcher.hpp"
#include "tests/conformance/cli/recorded_traffic.hpp"
#include "tests/conformance/cli/recording.hpp"
#include "tests/conformance/cli/stock_ipvsadm.hpp"
#include "tests/conformance/report/tally.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/lvs_table.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {
namespace {

// A folder of recordings may have none of the command line.
#define FPVS_SKIP_WITHOUT(recorded)                                 \
    do {                                                            \
        if ((recorded).empty()) {                                   \
            GTEST_SKIP() << "not among the recordings: " #recorded; \
        }                                                           \
    } while (false)

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

// Rates depend on the seconds in which packets came: where those are not recorded, the layout is
// compared.
std::string without_rates(std::string text) {
    std::istringstream lines(text);
    std::string masked;
    for (std::string line; std::getline(lines, line);) {
        constexpr std::size_t kNameColumns = 33;
        if (line.size() > kNameColumns && !line.starts_with("Prot") && !line.starts_with("IP ")) {
            const std::size_t columns = line.size() - kNameColumns;
            line = line.substr(0, kNameColumns) + fmt::format("({} columns)", columns);
        }
        masked += line + "\n";
    }
    return masked;
}

std::string comparable(const Invocation& invocation, const std::string& out) {
    if (contains(invocation.command, "--rate") && contains(invocation.out, "UDP  ") &&
        has_traffic(invocation.out)) {
        return without_rates(out);
    }
    if (contains(invocation.command, "-Lnc") && out.starts_with("IPVS")) {
        return without_order_and_seconds(out);
    }
    return contains(invocation.command, "--nosort") ? without_order_of_services(out) : out;
}

// The lines that only one of them has.
std::string lines_apart(const std::string& recorded, const std::string& ours) {
    const auto only_in = [](const std::string& one, const std::string& other, const char* whose) {
        std::istringstream lines(one);
        std::string text;
        for (std::string line; std::getline(lines, line);) {
            text += contains("\n" + other, "\n" + line + "\n") ? "" : whose + line + "\n";
        }
        return text;
    };
    const std::string text =
        only_in(recorded, ours, "  recorded ") + only_in(ours, recorded, "  ours     ");
    return text.empty() && recorded != ours ? "  the order or number of lines\n" : text;
}

std::string difference(const Invocation& invocation, const Outcome& outcome) {
    const std::string codes =
        invocation.exit_code == outcome.exit_code
            ? ""
            : fmt::format(
                  "  exit code: recorded {}, ours {}\n", invocation.exit_code, outcome.exit_code);
    return codes + lines_apart(invocation.err, outcome.err) +
           lines_apart(comparable(invocation, invocation.out), comparable(invocation, outcome.out));
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

// Types a command: it gets what the last `-S` had printed.
using Run = std::function<Outcome(const Invocation&, const std::string& saved)>;

std::string replay_without_traffic(const std::string& family, const Run& run) {
    Tally tally(family, "commands");
    std::string saved;
    for (const Invocation& invocation : load_invocations()) {
        if (needs_traffic(invocation)) {
            continue;
        }
        const Outcome outcome = run(invocation, saved);
        if (contains(invocation.command, "-S") && invocation.exit_code == 0) {
            saved = outcome.out;
        }
        const std::string item = fmt::format("[{}] {}", invocation.index, invocation.command);
        equal(invocation, outcome) ? tally.equal(item)
                                   : tally.different(item, difference(invocation, outcome));
    }
    return tally.finish();
}

TEST(GoldenCli, WholeVocabulary) {
    FPVS_SKIP_WITHOUT(load_invocations());
    kit::LvsTable table;
    kit::ControlServer server(table);
    kit::TableNames names;
    EXPECT_EQ(replay_without_traffic("cli-vocabulary",
                                     [&](const Invocation& invocation, const std::string& saved) {
                                         return play(invocation, server.path(), saved, names);
                                     }),
              "");
}

// ---- The engine.

// One sentence of ours, for something the kernel would have done.
bool is_refusal(const Invocation& invocation, const Outcome& outcome) {
    return invocation.exit_code == 0 && outcome.exit_code == 255 && outcome.out.empty() &&
           contains(outcome.err, "not supported yet");
}

std::string reason_of(const Outcome& outcome) {
    const std::string reason = outcome.err.substr(0, outcome.err.find('\n'));
    return reason.substr(0, reason.find(": "));
}

// The interfaces that the recorded director had, as far as commands tell.
std::set<std::string> interfaces_in(const std::vector<Invocation>& invocations) {
    std::set<std::string> interfaces;
    for (const Invocation& invocation : invocations) {
        const std::vector<std::string> words = words_of(invocation.command);
        const auto option = std::find(words.begin(), words.end(), "--mcast-interface");
        if (invocation.exit_code == 0 && words.end() - option > 1) {
            interfaces.insert(option[1]);
        }
    }
    return interfaces;
}

// The recorded commands and traffic on one engine.
std::string replay(const std::string& family,
                   kit::EngineOperations& operations,
                   const std::function<void(const std::function<void()>&)>& on_server_thread,
                   const Run& run) {
    const std::vector<Invocation> invocations = load_invocations();
    RecordedTraffic traffic(invocations);
    operations.daemons = sync::StartedDaemons(
        [interfaces = interfaces_in(invocations)](const std::string& interface) {
            return interfaces.count(interface) > 0;
        });
    Tally tally(family, "commands");
    std::string saved;
    for (const Invocation& invocation : invocations) {
        on_server_thread([&] { traffic.play_before(invocation, operations); });
        const Outcome outcome = run(invocation, saved);
        if (contains(invocation.command, "-S ") && invocation.exit_code == 0) {
            saved = invocation.out;
        }
        const std::string item = fmt::format("[{}] {}", invocation.index, invocation.command);
        if (equal(invocation, outcome)) {
            tally.equal(item);
        } else if (is_refusal(invocation, outcome)) {
            tally.not_supported(item, reason_of(outcome));
        } else {
            tally.different(item, difference(invocation, outcome));
        }
    }
    return tally.finish();
}

TEST(GoldenCli, Engine) {
    FPVS_SKIP_WITHOUT(load_invocations());
    kit::EngineOperations operations;
    control::Dispatcher dispatcher(operations);
    kit::ControlServer server(dispatcher);
    kit::TableNames names;
    EXPECT_EQ(replay(
                  "cli",
                  operations,
                  [&](const auto& action) { server.on_server_thread(action); },
                  [&](const Invocation& invocation, const std::string& saved) {
                      return play(invocation, server.path(), saved, names);
                  }),
              "");
}

TEST(GoldenCli, StockIpvsadm) {
    FPVS_SKIP_WITHOUT(load_invocations());
    if (!StockIpvsadm::is_here()) {
        GTEST_SKIP() << "no stock ipvsadm on this machine";
    }
    kit::EngineOperations operations;
    IpvsServer server(operations);
    StockIpvsadm ipvsadm(server.path());
    EXPECT_EQ(replay(
                  "ipvsadm",
                  operations,
                  [&](const auto& action) { server.on_server_thread(action); },
                  [&](const Invocation& invocation, const std::string& saved) {
                      return ipvsadm.run(invocation, saved);
                  }),
              "");
}

// In front of a running fpvsd, which has no traffic: stock_daemon.sh starts one.
TEST(GoldenCli, Fpvsd) {
    FPVS_SKIP_WITHOUT(load_invocations());
    const char* const socket = std::getenv("FPVS_IPVS_SOCKET");
    if (socket == nullptr || !StockIpvsadm::is_here()) {
        GTEST_SKIP() << "no fpvsd, or no stock ipvsadm on this machine";
    }
    StockIpvsadm ipvsadm(socket);
    EXPECT_EQ(replay_without_traffic("fpvsd",
                                     [&](const Invocation& invocation, const std::string& saved) {
                                         return ipvsadm.run(invocation, saved);
                                     }),
              "");
}

}  // namespace
}  // namespace fpvs::test
