// SPDX-License-Identifier: Apache-2.0
// Plays one recorded scenario to an engine of its own: packets straight to it, commands and lists
// through fpvsadm.
//
// The kernel's totals and rates move every two seconds only, at moments that the recording does not
// tell: they are compared apart, see Listings.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/control/dispatcher.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {

// Since the scenario's beginning.
using Moment = std::chrono::milliseconds;

class Player {
  public:
    // `sampled` is a moment at which traffic is sampled, as it is every two seconds before and
    // after.
    Player(const nlohmann::json& scenario, Moment sampled);

    // Empty, or why the scenario cannot be played.
    [[nodiscard]] std::string set_up();
    // Empty, or how the step differs.
    [[nodiscard]] std::string play(const nlohmann::json& step);
    void advance(Moment moment);

    struct Reply {
        int exit_code = 0;
        std::string text;  // Both outputs.
    };
    [[nodiscard]] Reply run(const std::string& command);

    // The totals as they are shown, and the first moment at which sampling would have given them.
    struct Totals {
        Moment since{};
        std::string exact;  // --stats --exact
        std::string plain;  // --stats
    };
    // In turn, as far as they changed; only if asked for before set_up().
    void watch_totals() { watching_ = true; }
    [[nodiscard]] const std::vector<Totals>& totals() const { return totals_; }

  private:
    [[nodiscard]] std::string send_all(const std::string& op, const nlohmann::json& step);
    [[nodiscard]] nlohmann::json send(const nlohmann::json& step, std::uint8_t flags);
    [[nodiscard]] nlohmann::json table() const;
    [[nodiscard]] std::string connections_apart(const nlohmann::json& recorded);
    [[nodiscard]] std::map<std::string, int> connections();
    void watch();

    const nlohmann::json& scenario_;
    kit::EngineOperations operations_;
    control::Dispatcher dispatcher_{operations_};
    kit::ControlServer server_{dispatcher_};
    kit::TableNames table_names_;
    std::map<std::string, std::string> names_;  // From address to s1 ... s8.
    bool watching_ = false;
    std::vector<Totals> totals_;
};

}  // namespace fpvs::test
