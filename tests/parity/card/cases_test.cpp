// SPDX-License-Identifier: Apache-2.0
// The cases of a folder through all executions: reference, slow path, and the card of this program.
//
// FPVS_CASES=DIR plays another folder than tests/cases/files; FPVS_UPDATE=1 writes the matrix's
// cases into it, with what the reference and the card say now: to be read before it is committed.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/kit/reason_name.hpp"
#include "tests/parity/card/card_under_test.hpp"
#include "tests/parity/card/case_file.hpp"
#include "tests/parity/card/four_executions.hpp"
#include "tests/parity/card/matrix.hpp"
#include "tests/parity/packets/compare_frames.hpp"

namespace fpvs::parity {
namespace {

[[nodiscard]] std::string folder() {
    const char* text = std::getenv("FPVS_CASES");
    return text != nullptr && *text != 0 ? text : "tests/cases/files";
}

[[nodiscard]] std::string card_reason(const FourExecutions::Step& step) {
    return step.card.punted.empty() ? "forward" : kit::reason_name(step.card.punted.front().reason);
}

[[nodiscard]] std::optional<CountedFor> counted_for(const World& world,
                                                    const FourExecutions::Step& step) {
    for (std::size_t i = 0; i < step.after.size(); ++i) {
        for (std::size_t k = 0; k < step.after[i].servers.size(); ++k) {
            const reference::ServerView& now = step.after[i].servers[k];
            const reference::Counters& was = step.before[i].servers[k].counters;
            reference::Counters grown;
            grown.packets_in = now.counters.packets_in - was.packets_in;
            grown.bytes_in = now.counters.bytes_in - was.bytes_in;
            grown.packets_out = now.counters.packets_out - was.packets_out;
            grown.bytes_out = now.counters.bytes_out - was.bytes_out;
            if (grown.packets_in + grown.packets_out == 0) {
                continue;
            }
            for (std::size_t server = 0; server < world.servers.size(); ++server) {
                if (world.servers[server].server == now.id &&
                    world.servers[server].service == step.after[i].id) {
                    return CountedFor{server, grown};
                }
            }
        }
    }
    return std::nullopt;
}

[[nodiscard]] std::string text_of(const std::optional<CountedFor>& counted) {
    if (!counted) {
        return "nothing";
    }
    return fmt::format("server {}: {} packets {} bytes in, {} and {} out",
                       counted->server,
                       counted->counters.packets_in,
                       counted->counters.bytes_in,
                       counted->counters.packets_out,
                       counted->counters.bytes_out);
}

// What the file says against what happened; empty if that is the same.
[[nodiscard]] std::string against_file(const CaseFile& file,
                                       const CaseStep& expected,
                                       const FourExecutions::Step& step) {
    std::string text = step.difference;
    if (const std::string verdict = verdict_of(step.outcome); verdict != expected.verdict) {
        text += fmt::format("verdict {} and not {}\n", verdict, expected.verdict);
    }
    std::vector<reference::Frame> out = expected.out;
    for (std::size_t i = 0; i < out.size() && i < step.outcome.sent.size(); ++i) {
        out[i].made = step.outcome.sent[i].made;
    }
    text += compare_sent(out, step.outcome.sent, "reference");
    if (!expected.card.empty() && expected.card != card_reason(step)) {
        text += fmt::format("the card says {} and not {}\n", card_reason(step), expected.card);
    }
    const std::string counted = text_of(counted_for(file.world, step));
    if (counted != text_of(expected.counted)) {
        text += fmt::format("counted for {} and not {}\n", counted, text_of(expected.counted));
    }
    return text;
}

[[nodiscard]] CaseFile record(const MatrixCase& one) {
    CaseFile file = {.about = one.about, .world = one.world, .steps = {}};
    FourExecutions executions(one.world, card_under_test());
    for (const FrameOperation& operation : one.operations) {
        const FourExecutions::Step step = executions.receive(operation);
        EXPECT_EQ(step.difference, "") << one.name << ", " << operation.what;
        file.steps.push_back({.operation = operation,
                              .verdict = verdict_of(step.outcome),
                              .out = step.outcome.sent,
                              .card = card_reason(step),
                              .counted = counted_for(one.world, step)});
    }
    return file;
}

TEST(Cases, every_execution_does_what_the_files_say) {
    if (std::getenv("FPVS_UPDATE") != nullptr) {
        for (const MatrixCase& one : matrix_cases()) {
            write_case(folder() + "/" + one.name + ".json", record(one));
        }
    }
    std::size_t steps = 0;
    std::size_t by_card = 0;
    const auto paths = case_files(folder());
    for (const std::string& path : paths) {
        const CaseFile file = read_case(path);
        FourExecutions executions(file.world, card_under_test());
        for (const CaseStep& expected : file.steps) {
            const FourExecutions::Step step = executions.receive(expected.operation);
            const std::string wrong = against_file(file, expected, step);
            EXPECT_EQ(wrong, "") << path << ", " << expected.operation.what;
            ++steps;
            by_card += step.card.punted.empty() ? 1 : 0;
        }
        EXPECT_EQ(executions.finish(), "") << path;
    }
    fmt::print(
        "cases: {} files, {} packets, {} forwarded by the card\n", paths.size(), steps, by_card);
    EXPECT_EQ(card_differences(), 0u) << "RTL and native kernels";
}

}  // namespace
}  // namespace fpvs::parity
