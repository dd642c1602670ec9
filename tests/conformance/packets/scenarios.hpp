// SPDX-License-Identifier: Apache-2.0
// How the director of a recording was set up.
//
// A recording's name says it: KIND-WORD-WORD..., such as xform-tun-gue-csum-udp.  scenarios.json
// beside the recordings (else the one in tests/data/pkt) knows the kinds and words, the lab's
// addresses, and for names that say nothing the ipvsadm commands.  A word that ends in 6 is about
// IPv6; one that ends in another number and is not known is a setting: pmtu_disc0.  Addresses and
// ports of the recording itself go before those of the file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/util/result.hpp"
#include "tests/conformance/packets/recording.hpp"

namespace fpvs::test {

using Settings = std::map<std::string, int>;

// What changed while frames came in.
struct Change {
    std::size_t before_frame = 0;  // The first that enters is 1.
    Settings settings;
};

struct Station {
    model::MacAddress mac;
    model::IpAddress address;
    Side side = Side::client;
};

struct Scenario {
    std::vector<std::string> commands;  // Of ipvsadm, without its name.
    Settings settings;                  // Until the recording's end.
    std::vector<Change> changes;
    std::vector<Station> stations;                          // Whom the director can reach.
    std::map<model::Family, model::IpAddress> client_side;  // The director's own addresses.
    std::map<model::Family, model::IpAddress> server_side;
    bool tunnel = false;
};

// Who takes part in a flow that is described and not captured.
struct FlowEnds {
    Station client;
    Station server;
    model::IpAddress service;
    std::uint16_t client_port = 0;
    std::uint16_t service_port = 0;
    std::uint16_t server_port = 0;
};

class ScenarioTable {
  public:
    // Aborts with a sentence if there is no table or it is wrong.
    explicit ScenarioTable(const std::filesystem::path& folder);

    // The director's interfaces, by side.
    [[nodiscard]] std::array<model::MacAddress, 2> director() const;
    // An error says which word is not understood.
    [[nodiscard]] Result<Scenario> scenario_of(const Recording& recording) const;

    // One client, service and server of IPv4, for a forwarding method as ipvsadm names it.
    [[nodiscard]] FlowEnds flow_ends(const std::string& method) const;
    [[nodiscard]] std::optional<Station> server_at(const model::IpAddress& address) const;
    // A part of the file; empty where there is none.
    [[nodiscard]] nlohmann::json part(const std::string& name) const {
        return table_.value(name, nlohmann::json::object());
    }

  private:
    struct Setup;

    [[nodiscard]] Result<Setup> setup_of(const std::string& name) const;
    [[nodiscard]] Status apply_word(Setup& setup, const std::string& word) const;
    void take_from_frames(Setup& setup, const Recording& recording) const;
    static void take_own_addresses(Scenario& scenario, const Recording& recording);
    [[nodiscard]] std::vector<Station> stations_of(const Recording& recording) const;

    nlohmann::json table_;
};

}  // namespace fpvs::test
