// SPDX-License-Identifier: Apache-2.0
// The service over links and addresses that only pretend.  Version 3 at one centisecond keeps it
// short: a master appears after some 40 ms.
#include "host/vrrp/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

#include "host/provider/steady_clock.hpp"
#include "host/vrrp/admission.hpp"
#include "host/vrrp/seal.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct FakeLink final : provider::VrrpLink {
    const provider::LinkState& state() const override { return link_state; }
    Status send_packet(std::span<const std::uint8_t> packet,
                       const model::IpAddress& destination) override {
        EXPECT_EQ(open_envelope(packet)->envelope.destination, destination);
        packets.emplace_back(packet.begin(), packet.end());
        return {};
    }
    Status send_frame(std::span<const std::uint8_t> frame) override {
        frames.emplace_back(frame.begin(), frame.end());
        return {};
    }

    void receive_pending() override {
        for (const kit::Frame& packet : std::exchange(pending, {})) {
            events.on_packet(packet);
        }
    }

    provider::LinkState link_state;
    provider::VrrpLinkEvents events;
    std::vector<kit::Frame> pending;
    std::vector<kit::Frame> packets;
    std::vector<kit::Frame> frames;
};

// Interfaces by name; the service owns a link, the test keeps looking at it.
class FakeLinks final : public provider::VrrpLinks {
  public:
    Result<std::unique_ptr<provider::VrrpLink>> open(const std::string& interface,
                                                     provider::VrrpLinkEvents events) override {
        if (!interface.starts_with("eth")) {
            return fail(Code::not_found, "no network interface {}", interface);
        }
        auto link = std::make_unique<FakeLink>();
        link->link_state = {.up = true, .mac = kLvs01Mac, .addresses = addresses};
        link->events = std::move(events);
        latest[interface] = link.get();
        return link;
    }

    Result<std::unique_ptr<provider::VirtualInterface>> make_virtual(
        const provider::VirtualInterfacePlan& plan) override {
        struct Made final : provider::VirtualInterface {
            Made(FakeLinks& fake, std::string what) : links(fake), name(std::move(what)) {}
            ~Made() override { links.virtual_interfaces.erase(name); }
            FakeLinks& links;
            const std::string name;
        };
        virtual_interfaces[plan.name] = plan;
        return std::make_unique<Made>(*this, plan.name);
    }

    std::map<std::string, provider::VirtualInterfacePlan> virtual_interfaces;
    std::vector<model::IpAddress> addresses = {kLvs01};
    std::map<std::string, FakeLink*> latest;
};

class FakeAddresses final : public provider::AddressOwner {
  public:
    Status add(const std::string& interface,
               const model::IpAddress& address,
               std::uint8_t) override {
        owned.insert(interface + " " + model::to_string(address));
        return {};
    }
    Status remove(const std::string& interface,
                  const model::IpAddress& address,
                  std::uint8_t) override {
        owned.erase(interface + " " + model::to_string(address));
        return {};
    }

    std::set<std::string> owned;
};

class ServiceTest : public ::testing::Test {
  protected:
    static model::VrrpInstance quick_instance(std::uint8_t id = 51) {
        auto instance = lab_instance();
        instance.virtual_router_id = id;
        instance.version = 3;
        instance.advert_interval_cs = 1;
        return instance;
    }

    FakeLink& link(const std::string& interface = "eth0") { return *links_.latest.at(interface); }

    void apply(const std::vector<model::VrrpInstance>& instances,
               const std::vector<model::VrrpGroup>& groups = {}) {
        const auto status = service_.apply(instances, groups);
        ASSERT_TRUE(status) << status.error().text();
    }
    [[nodiscard]] bool becomes(const std::string& state) {
        return kit::run_until(io_, [&] { return service_.view().front().state == state; });
    }
    [[nodiscard]] std::uint64_t refused(Refusal refusal) const {
        return service_.refusals()[static_cast<std::size_t>(refusal)];
    }
    void receive(const kit::Frame& packet) { link().events.on_packet(packet); }

    boost::asio::io_context io_;
    provider::SteadyClock clock_;
    FakeLinks links_;
    FakeAddresses addresses_;
    Service service_{io_, clock_, links_, addresses_};
};

TEST_F(ServiceTest, master_owns_and_announces_its_addresses_until_it_stops) {
    std::vector<State> states;
    service_.on_state([&](const auto& instance, State state) {
        EXPECT_EQ(instance.name, "VI_1");
        states.push_back(state);
    });
    apply({quick_instance()});
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_THAT(addresses_.owned, ElementsAre("eth0 192.168.113.100"));
    EXPECT_EQ(link().frames.size(), 5u);
    EXPECT_EQ(service_.view().front().master_address, kLvs01);
    EXPECT_EQ(service_.view().front().master_transitions, 1u);
    EXPECT_EQ(decode(link().packets.front())->advert.priority, 100);
    service_.stop();
    EXPECT_THAT(addresses_.owned, IsEmpty());
    EXPECT_THAT(states, ElementsAre(State::backup, State::master, State::initialize));
    EXPECT_THAT(service_.view(), IsEmpty());
}

TEST_F(ServiceTest, backup_that_was_held_up_hears_the_master_before_it_takes_over) {
    apply({quick_instance()});
    const auto wait_over = clock_.now() + 100ms;
    while (clock_.now() < wait_over) {  // The io_context does not run.
    }
    link().pending = {encode(advert_of(quick_instance(), 150), to_group(kLvs02))};
    ASSERT_TRUE(kit::run_until(io_, [&] { return service_.view().front().adverts_received == 1; }));
    EXPECT_EQ(service_.view().front().state, "BACKUP");
    EXPECT_EQ(service_.view().front().master_transitions, 0u);
}

TEST_F(ServiceTest, reload_leaves_an_unchanged_master_alone_and_restarts_a_changed_one) {
    const auto kept = quick_instance(51);
    auto changed = quick_instance(52);
    changed.name = "VI_2";
    apply({kept, changed});
    ASSERT_TRUE(kit::run_until(io_, [&] {
        const auto view = service_.view();
        return view[0].state == "MASTER" && view[1].state == "MASTER";
    }));
    changed.priority = 90;
    apply({kept, changed});
    const auto view = service_.view();
    EXPECT_EQ(view[0].state, "MASTER");
    EXPECT_EQ(view[0].master_transitions, 1u);
    EXPECT_EQ(view[1].state, "BACKUP");
    const auto last = decode(link().packets.back());
    ASSERT_TRUE(last);
    EXPECT_EQ(last->advert.virtual_router_id, 52);
    EXPECT_EQ(last->advert.priority, kPriorityResign);
}

TEST_F(ServiceTest, unknown_interface_is_an_error_that_changes_nothing) {
    apply({quick_instance()});
    auto wrong = quick_instance(52);
    wrong.interface = "ens160";
    const auto status = service_.apply({wrong});
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("(VI_1) no network interface ens160"));
    EXPECT_EQ(service_.view().size(), 1u);
    EXPECT_EQ(service_.view().front().virtual_router_id, 51);
}

TEST_F(ServiceTest, one_router_id_twice_on_an_interface_is_refused) {
    auto second = quick_instance();
    second.name = "VI_2";
    const auto status = service_.apply({quick_instance(), second});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::already_exists);
    second.interface = "eth1";
    EXPECT_TRUE(service_.apply({quick_instance(), second}));
}

TEST_F(ServiceTest, interface_without_an_address_of_its_own_is_a_fault) {
    links_.addresses = {kVip};  // Left behind by an earlier run.
    apply({quick_instance()});
    EXPECT_EQ(service_.view().front().state, "FAULT");
    link().link_state.addresses = {kVip, kLvs01};
    link().events.on_state();
    EXPECT_EQ(service_.view().front().state, "BACKUP");
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_EQ(decode(link().packets.front())->envelope.source, kLvs01);
}

TEST_F(ServiceTest, virtual_address_on_another_interface_is_announced_there) {
    auto instance = quick_instance();
    instance.addresses.push_back({.address = kLvs02, .prefix_length = 24, .interface = "eth1"});
    apply({instance});
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_THAT(addresses_.owned, ElementsAre("eth0 192.168.113.100", "eth1 192.168.113.148"));
    EXPECT_EQ(link("eth0").frames.size(), 5u);
    EXPECT_EQ(link("eth1").frames.size(), 5u);
    EXPECT_TRUE(link("eth1").packets.empty());
}

TEST_F(ServiceTest, peers_get_an_advert_each_and_the_group_none) {
    auto instance = quick_instance();
    instance.unicast_peers = {kLvs02, *model::parse_ipv4("192.168.113.150")};
    apply({instance});
    ASSERT_TRUE(becomes("MASTER"));
    ASSERT_GE(link().packets.size(), 2u);
    EXPECT_EQ(decode(link().packets[0])->envelope.destination, instance.unicast_peers[0]);
    EXPECT_EQ(decode(link().packets[1])->envelope.destination, instance.unicast_peers[1]);
}

TEST_F(ServiceTest, ipv6_instance_speaks_from_its_link_local_address_and_owns_both_families) {
    const model::IpAddress link_local = *model::parse_address("fe80::ff:fe00:1395");
    links_.addresses = {kLvs01, *model::parse_address("fd00:13::149"), link_local};
    auto instance = quick_instance();
    instance.family = model::Family::ipv6;
    instance.addresses = {{.address = *model::parse_address("fe80::100"), .prefix_length = 64}};
    instance.excluded_addresses = {{.address = kVip, .prefix_length = 32}};
    apply({instance});
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_THAT(addresses_.owned, ElementsAre("eth0 192.168.113.100", "eth0 fe80::100"));
    const auto sent = decode(link().packets.front());
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->envelope.source, link_local);
    EXPECT_EQ(sent->envelope.destination, group_of(model::Family::ipv6));
    EXPECT_EQ(sent->advert.addresses, std::vector<model::IpAddress>{instance.addresses[0].address});
    EXPECT_EQ(link().frames.size(), 10u);
}

TEST_F(ServiceTest, one_router_id_may_serve_both_families) {
    auto second = quick_instance();
    second.name = "VI_2";
    second.family = model::Family::ipv6;
    second.addresses = {{.address = *model::parse_address("fe80::100"), .prefix_length = 64}};
    EXPECT_TRUE(service_.apply({quick_instance(), second}));
}

TEST_F(ServiceTest, tracked_script_decides_over_priority_and_fault) {
    auto instance = quick_instance();
    instance.tracks = {
        {.kind = model::TrackKind::script, .name = "must", .weight = {.factor = 0}},
        {.kind = model::TrackKind::script, .name = "may", .weight = {.factor = -30}}};
    apply({instance});
    EXPECT_EQ(service_.view().front().state, "INIT") << "its script has not run yet";
    const TrackKey must{.kind = model::TrackKind::script, .name = "must"};
    service_.report(must, 1);
    EXPECT_EQ(service_.view().front().state, "BACKUP");
    service_.report({.kind = model::TrackKind::script, .name = "may"}, 0);
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_EQ(decode(link().packets.back())->advert.priority, 70);
    EXPECT_EQ(service_.view().front().priority, 70);
    service_.report(must, 0);
    EXPECT_EQ(service_.view().front().state, "FAULT");
    EXPECT_EQ(decode(link().packets.back())->advert.priority, kPriorityResign);
    EXPECT_THAT(addresses_.owned, IsEmpty());
    service_.report(must, 1);
    EXPECT_EQ(service_.view().front().state, "BACKUP");
}

TEST_F(ServiceTest, tracked_interface_that_goes_down_is_a_fault_unless_it_has_a_weight) {
    auto strict = quick_instance(51);
    strict.tracks = {
        {.kind = model::TrackKind::interface, .name = "eth1", .weight = {.factor = 0}}};
    auto lenient = quick_instance(52);
    lenient.name = "VI_2";
    lenient.tracks = {
        {.kind = model::TrackKind::interface, .name = "eth1", .weight = {.factor = 50}}};
    apply({strict, lenient});
    EXPECT_EQ(service_.view()[1].priority, 150);
    link("eth1").link_state.up = false;
    link("eth1").events.on_state();
    EXPECT_EQ(service_.view()[0].state, "FAULT");
    EXPECT_EQ(service_.view()[1].state, "BACKUP");
    EXPECT_EQ(service_.view()[1].priority, 100);
}

TEST_F(ServiceTest, link_down_is_no_fault_for_one_that_does_not_track_it) {
    auto instance = quick_instance();
    instance.ignores_link = true;
    apply({instance});
    link().link_state.up = false;
    link().events.on_state();
    EXPECT_EQ(service_.view().front().state, "BACKUP");
}

TEST_F(ServiceTest, sync_group_changes_state_together_and_is_told_of) {
    std::vector<std::string> lines;
    service_.on_event([&](const Event& event) { lines.push_back(fifo_line(event)); });
    auto outer = quick_instance(51);
    auto inner = quick_instance(52);
    inner.name = "VI_2";
    inner.interface = "eth1";
    inner.priority = 200;
    inner.addresses.front().address = kLvs02;
    apply({outer, inner}, {{.name = "VG", .members = {"VI_1", "VI_2"}}});
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_EQ(service_.view()[1].state, "MASTER");
    EXPECT_EQ(addresses_.owned.size(), 2u);
    link("eth1").link_state.up = false;
    link("eth1").events.on_state();
    EXPECT_EQ(service_.view()[0].state, "FAULT");
    EXPECT_EQ(service_.view()[1].state, "FAULT");
    EXPECT_THAT(addresses_.owned, IsEmpty());
    EXPECT_EQ(decode(link().packets.back())->advert.priority, kPriorityResign);
    link("eth1").link_state.up = true;
    link("eth1").events.on_state();
    EXPECT_EQ(service_.view()[0].state, "BACKUP");
    service_.stop();
    EXPECT_THAT(lines,
                ElementsAre("INSTANCE \"VI_1\" BACKUP 100\n",
                            "INSTANCE \"VI_2\" BACKUP 200\n",
                            "GROUP \"VG\" BACKUP 0\n",
                            "INSTANCE \"VI_1\" MASTER 100\n",
                            "INSTANCE \"VI_2\" MASTER 200\n",
                            "GROUP \"VG\" MASTER 0\n",
                            "INSTANCE \"VI_2\" FAULT 200\n",
                            "INSTANCE \"VI_1\" FAULT 100\n",
                            "GROUP \"VG\" FAULT 0\n",
                            "INSTANCE \"VI_2\" BACKUP 200\n",
                            "INSTANCE \"VI_1\" BACKUP 100\n",
                            "GROUP \"VG\" BACKUP 0\n",
                            "INSTANCE \"VI_1\" STOP 100\n",
                            "INSTANCE \"VI_2\" STOP 200\n",
                            "GROUP \"VG\" STOP 0\n"));
}

TEST_F(ServiceTest, other_scripts_to_tell_are_no_reason_to_begin_again) {
    std::vector<Event> events;
    apply({quick_instance()});
    ASSERT_TRUE(becomes("MASTER"));
    service_.on_event([&](const Event& event) { events.push_back(event); });
    auto changed = quick_instance();
    changed.notify.master.arguments = {"/new"};
    apply({changed});
    EXPECT_EQ(service_.view().front().state, "MASTER");
    EXPECT_EQ(service_.view().front().master_transitions, 1u);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events.front().kind, Event::Kind::reloaded);
    EXPECT_THAT(events.front().notify->master.arguments, ElementsAre("/new"));
    apply({});
    EXPECT_EQ(events.back().kind, Event::Kind::deleted);
}

TEST_F(ServiceTest, virtual_interface_has_addresses_and_adverts_as_long_as_the_instance) {
    auto instance = quick_instance();
    instance.virtual_mac = {.interface = "eth51", .mac = *model::parse_mac("00:00:5e:00:01:33")};
    instance.excluded_addresses = {{.address = *model::parse_address("fd00::9")}};
    apply({instance});
    EXPECT_EQ(links_.virtual_interfaces.at("eth51").base, "eth0");
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_THAT(addresses_.owned, ElementsAre("eth0 fd00::9", "eth51 192.168.113.100"));
    EXPECT_FALSE(link("eth51").packets.empty());
    EXPECT_TRUE(link("eth0").packets.empty());
    EXPECT_EQ(decode(link("eth51").packets.front())->envelope.source, kLvs01);
    instance.priority = 90;
    apply({instance});
    EXPECT_TRUE(links_.virtual_interfaces.contains("eth51")) << "it goes to the next one";
    apply({});
    EXPECT_THAT(links_.virtual_interfaces, IsEmpty());
}

TEST_F(ServiceTest, virtual_interface_of_ipv6_has_the_address_that_adverts_come_from) {
    const model::IpAddress link_local = *model::parse_address("fe80::ff:fe00:1395");
    links_.addresses = {link_local};
    auto instance = quick_instance();
    instance.family = model::Family::ipv6;
    instance.addresses = {{.address = *model::parse_address("fe80::100"), .prefix_length = 64}};
    instance.virtual_mac = {.interface = "eth51", .mac = *model::parse_mac("00:00:5e:00:02:33")};
    apply({instance});
    EXPECT_THAT(addresses_.owned, ElementsAre("eth51 fe80::ff:fe00:1395"));
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_EQ(decode(link("eth51").packets.front())->envelope.source, link_local);
}

TEST_F(ServiceTest, adverts_of_a_virtual_interface_may_go_out_below_it) {
    auto instance = quick_instance();
    instance.virtual_mac = {.interface = "eth51", .mac = kLvs01Mac, .adverts_from_base = true};
    apply({instance});
    ASSERT_TRUE(becomes("MASTER"));
    EXPECT_FALSE(link("eth0").packets.empty());
    EXPECT_THAT(addresses_.owned, ElementsAre("eth51 192.168.113.100"));
}

TEST_F(ServiceTest, sealed_adverts_count_on_from_what_was_heard_and_are_heard_once) {
    auto instance = lab_instance();
    instance.authentication = model::VrrpAuthentication::header;
    apply({instance});
    const auto sealed = [&](std::uint32_t sequence, std::string_view key) {
        return seal(encode(advert_of(instance, 0), to_group(kLvs02)), sequence, key);
    };
    receive(sealed(7, "1112"));
    EXPECT_EQ(refused(Refusal::wrong_seal), 1u);
    receive(encode(advert_of(instance, 150), to_group(kLvs02)));
    EXPECT_EQ(refused(Refusal::wrong_authentication), 1u);
    receive(sealed(41, "1111"));
    receive(sealed(41, "1111"));
    EXPECT_EQ(refused(Refusal::replayed), 1u);
    EXPECT_EQ(service_.view().front().adverts_received, 1u);
    ASSERT_TRUE(becomes("MASTER"));
    const kit::Frame& first = link().packets.front();
    EXPECT_TRUE(seal_holds(first, "1111"));
    EXPECT_EQ(decode(first)->envelope.sequence, 42u);
}

TEST_F(ServiceTest, hostile_adverts_change_nothing_and_are_counted_by_name) {
    auto instance = lab_instance();
    instance.advert_interval_cs = 25'500;  // It stays backup for the whole test.
    apply({instance});
    const auto higher = encode(advert_of(instance, 254), to_group(kLvs02));
    for (std::size_t length = 0; length < higher.size(); ++length) {
        receive({higher.begin(), higher.begin() + static_cast<std::ptrdiff_t>(length)});
    }
    EXPECT_EQ(refused(Refusal::malformed_ip), higher.size());

    const auto damaged = [&](std::size_t offset, std::uint8_t value) {
        auto packet = higher;
        packet[offset] = value;
        receive(packet);
    };
    damaged(8, 64);
    EXPECT_EQ(refused(Refusal::wrong_ttl), 1u);
    damaged(27, higher[27] ^ 1);
    EXPECT_EQ(refused(Refusal::wrong_checksum), 1u);
    auto advert = advert_of(instance, 254);
    advert.password[0] ^= 1;
    receive(encode(advert, to_group(kLvs02)));
    EXPECT_EQ(refused(Refusal::wrong_password), 1u);
    advert = advert_of(instance, 254);
    advert.virtual_router_id = 99;
    receive(encode(advert, to_group(kLvs02)));
    EXPECT_EQ(refused(Refusal::unknown_router), 1u);
    receive(encode(advert_of(instance, 254), to_group(kLvs01)));
    EXPECT_EQ(refused(Refusal::own_address), 1u);

    const auto view = service_.view().front();
    EXPECT_EQ(view.state, "BACKUP");
    EXPECT_EQ(view.adverts_received, 0u);
    EXPECT_EQ(view.master_priority, 0u);
    EXPECT_GE(view.adverts_refused, 4u);
    receive(higher);
    EXPECT_EQ(service_.view().front().master_priority, 254u);
}

}  // namespace
}  // namespace fpvs::vrrp
