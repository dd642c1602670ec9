// SPDX-License-Identifier: Apache-2.0
// The simulator as a process: its ports, its sleep, and what it survives.  The pipeline is the
// stand-in of tests/unit/rtl/standin: rx0 is punted, rx1 leaves by tx1.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "hw/abi/abi_hash.hpp"
#include "sim/card/port.hpp"
#include "tests/kit/test_namespace.hpp"
#include "tests/system/simcard/raw_socket.hpp"
#include "tests/system/simcard/simcard_process.hpp"

namespace fpvs::sim::card {
namespace {

using Bytes = std::vector<std::uint8_t>;

// An Ethernet frame of an experimental type, so that no kernel takes an interest.
Bytes test_frame(std::size_t length, std::uint8_t first) {
    Bytes frame(length);
    std::iota(frame.begin(), frame.end(), first);
    const std::uint8_t header[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    std::copy(std::begin(header), std::end(header), frame.begin());
    return frame;
}

// The next punted frame of the experimental type.
bool punted(RingHost& host, const Bytes& frame) {
    for (auto next = host.punt(); next; next = host.punt()) {
        if (next->frame == frame) {
            return true;
        }
    }
    return false;
}

// A namespace whose kernel keeps quiet on new interfaces.
class QuietNamespace : public kit::TestNamespace {
  public:
    explicit QuietNamespace(const std::string& suffix) : TestNamespace(suffix) {
        run("sh -c 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'");
    }
};

TEST(SimcardPort, words_that_are_no_port_are_refused_with_the_grammar) {
    for (const char* text : {"", "tap", "tap:", "tap:a@", "veth:@x", "eth0", "lan:eth0"}) {
        const auto port = open_port(text);
        ASSERT_FALSE(port) << text;
        EXPECT_NE(port.error().message.find("tap:NAME[@NETNS]"), std::string::npos) << text;
    }
    EXPECT_FALSE(open_port("tap:a@fpvs-t-no-such-namespace"));
    EXPECT_FALSE(open_port("veth:fpvs-none"));
    EXPECT_FALSE(open_port("tap:a-name-that-is-too-long"));
    EXPECT_FALSE(open_port("pcap:/no/such/file.pcap,"));
    EXPECT_TRUE(open_port("none"));
}

TEST(SimcardPort, a_list_names_each_port_or_leaves_it_unplugged) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(split_ports("").value(), (Texts{"none", "none"}));
    EXPECT_EQ(split_ports("tap:a@x").value(), (Texts{"tap:a@x", "none"}));
    EXPECT_EQ(split_ports(";tap:b").value(), (Texts{"none", "tap:b"}));
    EXPECT_EQ(split_ports("tap:a;veth:b").value(), (Texts{"tap:a", "veth:b"}));
    EXPECT_FALSE(split_ports("none;none;none"));
}

TEST(Simcard, tap_frames_reach_the_host_and_the_hosts_the_tap) {
    FPVS_NEEDS_ROOT();
    const QuietNamespace lan("lan");
    const LinkedSimcard simcard({"tap:p0@" + lan.name()});
    const RawSocket cable(lan.name(), "p0");
    RingHost host(*simcard.bus);
    EXPECT_EQ(simcard.bus->read_register(abi::reg::link), 1U);
    for (const std::size_t length : {60U, 64U, 65U, 1514U}) {
        const Bytes frame = test_frame(length, static_cast<std::uint8_t>(length));
        cable.send(frame);
        EXPECT_TRUE(eventually([&] { return punted(host, frame); })) << length;
        const Bytes answer = test_frame(length, static_cast<std::uint8_t>(length + 1));
        host.inject(0, answer);
        EXPECT_TRUE(eventually([&] { return cable.has_received(answer); })) << length;
    }
}

TEST(Simcard, veth_frames_are_those_of_a_wire) {
    FPVS_NEEDS_ROOT();
    const QuietNamespace lan("lan");
    lan.ip("link add w0 type veth peer name w1");
    lan.ip("link set w0 up");
    lan.ip("link set w1 up");
    const LinkedSimcard simcard({"veth:w0@" + lan.name()});
    const RawSocket cable(lan.name(), "w1");
    RingHost host(*simcard.bus);
    ASSERT_TRUE(eventually([&] { return simcard.bus->read_register(abi::reg::link) == 1; }));

    const Bytes plain = test_frame(100, 1);
    cable.send(plain);
    EXPECT_TRUE(eventually([&] { return punted(host, plain); }));

    Bytes tagged = test_frame(100, 2);
    const std::uint8_t tag[] = {0x81, 0x00, 0x20, 0x64};  // Priority 1, VLAN 100.
    std::copy(std::begin(tag), std::end(tag), tagged.begin() + 12);
    cable.send(tagged);
    EXPECT_TRUE(eventually([&] { return punted(host, tagged); })) << "the tag is still there";

    const Bytes answer = test_frame(1514, 3);
    host.inject(0, answer);
    EXPECT_TRUE(eventually([&] { return cable.has_received(answer); }));
}

std::uint16_t internet_sum(const std::uint8_t* bytes, std::size_t count, std::uint32_t sum) {
    for (std::size_t i = 0; i < count; ++i) {
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

TEST(Simcard, a_checksum_that_a_veth_peer_left_to_hardware_is_completed) {
    FPVS_NEEDS_ROOT();
    const QuietNamespace lan("lan");
    const QuietNamespace station("station");
    lan.ip("link add w0 type veth peer name w1 netns " + station.name());
    lan.ip("link set w0 up");
    station.ip("addr add 198.18.0.1/24 dev w1");
    station.ip("link set w1 up");
    station.ip("neigh add 198.18.0.2 lladdr 02:00:00:00:00:02 dev w1");
    const LinkedSimcard simcard({"veth:w0@" + lan.name()});
    RingHost host(*simcard.bus);
    ASSERT_TRUE(eventually([&] { return simcard.bus->read_register(abi::reg::link) == 1; }));

    kernel::UniqueFd udp;
    {
        const auto scope = kernel::NetnsScope::enter(station.name());
        ASSERT_TRUE(scope);
        udp = kernel::UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(4242);
    to.sin_addr.s_addr = htonl(0xc6120002);
    const std::string text = "a datagram of odd length.";
    ASSERT_EQ(::sendto(udp.get(),
                       text.data(),
                       text.size(),
                       0,
                       reinterpret_cast<const sockaddr*>(&to),
                       sizeof to),
              static_cast<ssize_t>(text.size()));
    Bytes frame;
    ASSERT_TRUE(eventually([&] {
        for (auto next = host.punt(); next; next = host.punt()) {
            if (next->frame[12] == 0x08 && next->frame[13] == 0x00 && next->frame[23] == 17) {
                frame = next->frame;
                return true;
            }
        }
        return false;
    }));
    const std::size_t udp_bytes = 8 + text.size();
    ASSERT_GE(frame.size(), 34 + udp_bytes);
    // Addresses of the pseudo header, protocol and length (RFC 768), then header and data.
    const std::uint32_t pseudo =
        internet_sum(&frame[26], 8, 17 + static_cast<std::uint32_t>(udp_bytes));
    EXPECT_EQ(internet_sum(&frame[34], udp_bytes, pseudo), 0xffff);
}

TEST(Simcard, sleeps_when_idle_and_wakes_for_a_frame) {
    FPVS_NEEDS_ROOT();
    const QuietNamespace lan("lan");
    const LinkedSimcard simcard({"tap:p0@" + lan.name()});
    const RawSocket cable(lan.name(), "p0");
    RingHost host(*simcard.bus);
    const Bytes before = test_frame(200, 1);
    cable.send(before);
    ASSERT_TRUE(eventually([&] { return punted(host, before); }));

    const double cpu_before = simcard.process->cpu_seconds();
    const auto wall_before = std::chrono::steady_clock::now();
    // The figure is a share of wall time, so wall time has to pass.
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    const double cpu = simcard.process->cpu_seconds() - cpu_before;
    const double wall =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_before).count();
    RecordProperty("idle_percent_of_a_core", std::to_string(100 * cpu / wall));
    EXPECT_LT(cpu / wall, 0.05) << cpu << " s of " << wall << " s";

    const Bytes after = test_frame(200, 2);
    cable.send(after);
    EXPECT_TRUE(eventually([&] { return punted(host, after); }));
}

TEST(Simcard, ends_with_its_host) {
    auto simcard = std::make_unique<LinkedSimcard>(std::vector<std::string>{});
    EXPECT_EQ(simcard->bus->read_register(abi::reg::magic), abi::kMagic);
    EXPECT_EQ(simcard->bus->read_register(abi::reg::link), 0U);
    EXPECT_FALSE(simcard->process->ended());
    simcard->bus.reset();
    EXPECT_TRUE(eventually([&] { return simcard->process->ended(); }));
    EXPECT_EQ(simcard->process->exit_status(), 0);
}

TEST(Simcard, what_it_cannot_begin_with_is_said_and_ends_it) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{},
          {"--link-fd", "x"},
          {"--nonsense"},
          {"--listen", "/no/such/folder/socket"},
          {"--listen", std::string(200, 'x')},
          {"--link-fd", "9", "--port", "tap:x@fpvs-t-no-such-namespace"},
          {"--link-fd", "9", "--port", "none", "--port", "none", "--port", "none"}}) {
        SimcardProcess process(arguments);
        EXPECT_TRUE(eventually([&] { return process.ended(); }));
        EXPECT_GT(process.exit_status(), 0);
    }
}

class ListeningSimcard : public testing::Test {
  protected:
    ListeningSimcard()
        : folder_(std::filesystem::temp_directory_path() /
                  ("fpvs-t-" + std::to_string(::getpid()) + "-simcard")),
          socket_(folder_ / "link") {
        std::filesystem::create_directories(folder_);
    }
    ~ListeningSimcard() override { std::filesystem::remove_all(folder_); }

    LinkClient connect() {
        Result<LinkClient> client = fail(Code::unavailable, "not yet");
        eventually([&] { return (client = LinkClient::connect(socket_)).has_value(); });
        if (!client) {
            throw std::runtime_error(client.error().text());
        }
        return *std::move(client);
    }

    std::filesystem::path folder_;
    std::string socket_;
};

TEST_F(ListeningSimcard, outlives_hosts_that_vanish_and_keeps_the_cards_clock) {
    SimcardProcess process({"--listen", socket_});
    std::uint32_t cycles = 0;
    for (int i = 0; i < 3; ++i) {
        LinkBus bus(connect());
        RingHost host(bus);
        EXPECT_EQ(bus.read_register(abi::reg::run), 1U);
        host.command({});
        EXPECT_TRUE(eventually([&] { return host.event().has_value(); }));
        const std::uint32_t now = bus.read_register(abi::reg::cycles_low);
        EXPECT_GT(now, cycles);
        cycles = now;
    }
    {
        LinkClient leaving = connect();
        EXPECT_EQ(leaving.read_register(abi::reg::run).value_or(0), 1U)
            << "it goes on when its host has vanished";
        leaving.bid_farewell();
    }
    LinkBus bus(connect());
    EXPECT_TRUE(eventually([&] { return bus.read_register(abi::reg::run) == 0; }))
        << "stopped when its host took leave";
    EXPECT_FALSE(process.ended());
}

TEST_F(ListeningSimcard, survives_a_peer_that_speaks_nonsense) {
    SimcardProcess process({"--listen", socket_});
    (void)connect();
    for (int round = 0; round < 3; ++round) {
        const kernel::UniqueFd peer(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(
            ::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        std::mt19937 random(static_cast<unsigned>(round));
        for (int i = 0; i < 200; ++i) {
            Bytes packet(1 + random() % 64);
            std::generate(packet.begin(), packet.end(), [&] {
                return static_cast<std::uint8_t>(random() % 12);
            });
            (void)::send(peer.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
        }
    }
    LinkBus bus(connect());
    EXPECT_EQ(bus.read_register(abi::reg::magic), abi::kMagic);
    EXPECT_FALSE(process.ended());
}

TEST(Simcard, carries_on_when_a_port_vanishes) {
    FPVS_NEEDS_ROOT();
    const QuietNamespace lan("lan");
    lan.ip("link add w0 type veth peer name w1");
    lan.ip("link set w0 up");
    lan.ip("link set w1 up");
    const LinkedSimcard simcard({"tap:p0@" + lan.name(), "veth:w0@" + lan.name()});
    RingHost host(*simcard.bus);
    ASSERT_TRUE(eventually([&] { return simcard.bus->read_register(abi::reg::link) == 3; }));
    lan.ip("link del p0");
    EXPECT_TRUE(eventually([&] { return simcard.bus->read_register(abi::reg::link) == 2; }));
    lan.ip("link del w0");
    EXPECT_TRUE(eventually([&] { return simcard.bus->read_register(abi::reg::link) == 0; }));
    host.inject(0, test_frame(100, 1));
    host.command({});
    EXPECT_TRUE(eventually([&] { return host.event().has_value(); }));

    const double before = simcard.process->cpu_seconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    EXPECT_LT(simcard.process->cpu_seconds() - before, 0.1) << "no busy loop on a dead port";
}

TEST(Simcard, replays_a_capture_and_writes_one) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("fpvs-t-" + std::to_string(::getpid()) + "-pcap");
    std::filesystem::create_directories(folder);
    const std::string in = folder / "in.pcap";
    const std::string out = folder / "out.pcap";
    std::vector<Bytes> frames;
    {
        const auto port = open_port("pcap:," + in);
        ASSERT_TRUE(port);
        for (std::uint8_t i = 0; i < 50; ++i) {
            frames.push_back(test_frame(60 + std::size_t{i} * 29, i));
            (*port)->send(frames.back(), i);
        }
    }
    {
        const LinkedSimcard simcard({"none", "pcap:" + in + "," + out});
        EXPECT_EQ(simcard.bus->read_register(abi::reg::link), 2U);
        EXPECT_EQ(simcard.bus->read_register(abi::port_register(1, abi::reg::port::rx_frames)), 0U)
            << "a capture waits for the rings";
        const RingHost host(*simcard.bus);
        EXPECT_TRUE(eventually([&] {
            return simcard.bus->read_register(abi::port_register(1, abi::reg::port::tx_frames)) ==
                   frames.size();
        }));
    }
    const auto port = open_port("pcap:" + out + ",");
    ASSERT_TRUE(port);
    std::vector<Bytes> replayed;
    for (Frame frame; (*port)->receive(frame) == Port::Receipt::frame;) {
        replayed.push_back(frame);
    }
    EXPECT_EQ(replayed, frames);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fpvs::sim::card
