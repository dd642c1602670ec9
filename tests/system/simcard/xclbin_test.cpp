// SPDX-License-Identifier: Apache-2.0
// The simulated card's own xclbin, loaded through XRT as the daemon loads it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "drivers/xrt/open_card.hpp"
#include "hw/abi/abi_hash.hpp"
#include "tests/kit/test_namespace.hpp"
#include "tests/system/simcard/raw_socket.hpp"
#include "tests/system/simcard/simcard_process.hpp"
#include "tests/unit/simcard/provider_bus.hpp"

namespace fpvs::sim::card {
namespace {

TEST(SimXclbin, is_a_card_that_answers_commands_and_carries_frames) {
    FPVS_NEEDS_ROOT();
    const kit::TestNamespace lan("lan");
    lan.run("sh -c 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'");
    ::setenv("FPVS_SIMCARD_PORTS", ("tap:p0@" + lan.name()).c_str(), 1);
    ::setenv("FPVS_XRT_SIM", FPVS_XRT_SIM_FILE, 1);
    const auto card = xrt_card::open_card({.path = FPVS_XCLBIN});
    ASSERT_TRUE(card) << card.error().text();
    EXPECT_TRUE((*card)->bitstream().simulated);

    ProviderBus bus(**card);
    EXPECT_EQ(bus.read_register(abi::reg::link), 1U);
    RingHost host(bus);
    abi::Record<abi::Command> echo;
    echo.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::echo));
    echo.set<abi::Command::tag>(77);
    host.command(echo);
    std::optional<abi::Record<abi::Event>> answer;
    ASSERT_TRUE(eventually([&] { return (answer = host.event()).has_value(); }));
    EXPECT_EQ(answer->get<abi::Event::tag>(), 77U);

    abi::Record<abi::Command> enable;
    enable.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::write_port));
    abi::Record<abi::PortEntry> port;
    port.set<abi::PortEntry::mac>(0x020000000001).set<abi::PortEntry::enabled>(1);
    enable.set<abi::Command::payload_0>(port.words[0]);
    host.command(enable);
    host.command(echo);
    ASSERT_TRUE(eventually([&] { return host.event().has_value(); }));

    // A broadcast is the host's; what the host injects leaves by the port.
    const RawSocket cable(lan.name(), "p0");
    std::vector<std::uint8_t> frame(100, 0xff);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    cable.send(frame);
    std::optional<RingHost::Punted> punted;
    ASSERT_TRUE(eventually([&] { return (punted = host.punt(abi::Ring::control)).has_value(); }));
    EXPECT_EQ(punted->frame, frame);
    EXPECT_EQ(punted->header.get<abi::PuntHeader::reason>(),
              static_cast<std::uint64_t>(abi::Reason::group_address));
    host.inject(0, frame);
    EXPECT_TRUE(eventually([&] { return cable.has_received(frame); }));
}

}  // namespace
}  // namespace fpvs::sim::card
