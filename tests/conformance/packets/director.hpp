// SPDX-License-Identifier: Apache-2.0
// A director in memory: the real slow path and engine between two ports, driven by ipvsadm's
// commands and by frames.  It lives through all recordings of a folder in the order in which they
// were made, as the recorded one did, so that what outlives a recording (the limit of ICMP errors,
// connections, path MTUs) is the same.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/dpdk/frame_pool.hpp"
#include "host/control/dispatcher.hpp"
#include "host/provider/routes.hpp"
#include "host/slowpath/worker.hpp"
#include "tests/conformance/packets/scenarios.hpp"
#include "tests/conformance/packets/wires.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/fake_ports.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {

class Director {
  public:
    explicit Director(const std::array<model::MacAddress, 2>& macs);

    void reach(const std::vector<Station>& stations, const Scenario& addresses);
    // Has it send that many ICMP errors to a client of IPv4, so that its limit lets fewer pass.
    void use_up_errors_to(const Station& client, std::size_t count);
    // Runs one line of ipvsadm's options through fpvsadm; an error is what it printed.
    [[nodiscard]] Status run(const std::string& options);
    // What such a line prints.
    [[nodiscard]] std::string listing(const std::string& options);
    [[nodiscard]] model::MacAddress mac(Side side) const { return macs_[index(side)]; }
    // Settings of net.ipv4.vs.
    [[nodiscard]] Status set(const Settings& settings);

    // The values of those of them that are there.
    [[nodiscard]] Settings current(const Settings& settings) const;

    // Time never goes back.  Whatever is due until then happens.
    void advance_to(provider::Nanoseconds time);
    void receive(Side side, const Frame& frame);

    // What left since the last call: to the wire, and to the host's own stack.
    [[nodiscard]] std::vector<Frame> sent(Side side) { return wires_->sent(side); }
    [[nodiscard]] std::vector<Frame> passed_to_host(Side side);
    [[nodiscard]] std::uint64_t forwarded_by_card() { return wires_->forwarded_by_card(); }

  private:
    std::array<model::MacAddress, 2> macs_;
    dpdk::FramePool pool_;
    dpdk::FramePool whole_packets_;
    std::array<kit::FakePort, 2> hosts_;
    kit::FakeNeighbours neighbours_;
    std::map<model::IpAddress, provider::Route> routes_;  // To every station, on its link.
    kit::EngineOperations operations_;
    control::Dispatcher dispatcher_{operations_};
    kit::ControlServer control_{dispatcher_};
    kit::TableNames names_;
    slowpath::Snapshots snapshots_;
    slowpath::Worker worker_{
        operations_.engine,
        neighbours_,
        {.frames = pool_.get(), .whole_packets = whole_packets_.get(), .snapshots = &snapshots_}};
    std::unique_ptr<Wires> wires_;
};

}  // namespace fpvs::test
