// SPDX-License-Identifier: Apache-2.0
// A process with a card dies, and the next one goes on with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "host/engine/recollection.hpp"
#include "host/offload/offload.hpp"
#include "tests/kit/fake_card.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/temporary_folder.hpp"

namespace fpvs::offload {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kInterface = 10;
constexpr model::ServiceKey kService = {.address = model::Ipv4{0xc0a87132}, .port = 80};
constexpr std::uint32_t kClient = 0x0a000007;
constexpr provider::RingSizes kRings{
    .command_slots_log2 = 6, .event_slots_log2 = 9, .punt_slots_log2 = 4, .inject_slots_log2 = 4};

// The card hears of one command at a time; after each `on_command` may look at it.  After so many
// more it hears of none, as if the host had died just before the doorbell.
class SlowDoorbell final : public provider::Card {
  public:
    explicit SlowDoorbell(kit::FakeCard& card) : card_(card) {}

    Result<std::uint32_t> read_register(std::uint32_t offset) override {
        return card_.read_register(offset);
    }
    Status write_register(std::uint32_t offset, std::uint32_t value) override {
        const std::uint32_t doorbell =
            abi::ring_register(abi::Ring::command, abi::reg::ring::host_index);
        if (offset != doorbell) {
            return card_.write_register(offset, value);
        }
        for (std::uint32_t index = card_.ring(abi::Ring::command, abi::reg::ring::host_index);
             index != value && commands_left > 0;
             --commands_left) {
            FPVS_TRY_STATUS(card_.write_register(offset, ++index));
            on_command();
        }
        return {};
    }
    Result<std::unique_ptr<provider::SharedMemory>> allocate(std::size_t size_bytes) override {
        return card_.allocate(size_bytes);
    }
    const provider::Bitstream& bitstream() const override { return card_.bitstream(); }

    std::size_t commands_left = SIZE_MAX;
    std::function<void()> on_command = [] {};

  private:
    kit::FakeCard& card_;
};

class AdoptionTest : public ::testing::Test {
  protected:
    struct Life {
        std::unique_ptr<engine::Recollection> before;
        std::optional<engine::KeptMemory> kept;
        std::unique_ptr<engine::Director> director;
        std::unique_ptr<engine::Engine> engine;
        std::unique_ptr<SlowDoorbell> card;
        std::unique_ptr<provider::CardRings> rings;
        std::optional<CardLedger> ledger;
        std::optional<Offload> offload;
        std::string refused;  // Why the card was not gone on with.
    };

    static model::ServerKey server(std::uint32_t number) {
        return {.address = model::Ipv4{0xc0a87100 + number}, .port = 80};
    }
    static std::string mac_of(std::uint32_t number) {
        return fmt::format("02:00:00:00:01:{:02x}", number);
    }

    void begin_engine(const std::vector<std::uint32_t>& servers) {
        life_ = std::make_unique<Life>();
        if (auto before = engine::KeptMemory::open(state_path_)) {
            life_->before = std::make_unique<engine::Recollection>(std::move(*before));
        }
        auto kept = engine::KeptMemory::create(state_path_, 512, 1, 3);
        ASSERT_TRUE(kept) << kept.error().text();
        life_->kept.emplace(std::move(*kept));
        life_->director = std::make_unique<engine::Director>(engine::EngineOptions{
            .connections_max = 512,
            .hash_seed = 3,
            .kept = &*life_->kept,
            .names_before = life_->before ? &life_->before->names() : nullptr});
        life_->engine = std::make_unique<engine::Engine>(*life_->director, 0);
        ASSERT_TRUE(engine().add_service(kService, {.scheduler = "rr"}));
        for (const std::uint32_t number : servers) {
            ASSERT_TRUE(engine().add_server(kService, server(number), {.forwarding = method_}));
        }
        if (method_ == model::Forwarding::full_nat) {
            ASSERT_TRUE(engine().add_local_address(kService, model::Ipv4{0xc0a871fe}));
        }
        if (life_->before) {
            life_->before->recall_servers(engine());
            life_->before->restore_templates(engine(), now_);
            life_->before->restore_connections(engine(), now_);
        }
        ASSERT_TRUE(life_->kept->commit());
    }

    // As the daemon does it.
    void attach_card() {
        life_->card = std::make_unique<SlowDoorbell>(card_);
        const auto past = provider::read_past(*life_->card);
        ASSERT_TRUE(past);
        std::optional<Adoption> adoption;
        if (auto found = CardLedger::open(ledger_path_); past->used && found) {
            life_->refused = found->mismatch(card_.bitstream().uuid, {}, *past).value_or("");
            if (life_->refused.empty()) {
                auto untold = found->take_untold(*past);
                adoption.emplace(Adoption{std::move(*found), std::move(untold)});
            }
        }
        auto rings = provider::CardRings::start(*life_->card, kRings);
        ASSERT_TRUE(rings) << rings.error().text();
        life_->rings = std::move(*rings);
        const abi::HashKey key =
            adoption ? adoption->ledger.hash_key() : abi::HashKey{random_(), random_()};
        auto ledger = CardLedger::create(
            ledger_path_, {}, past->used ? CardLedger::Begin::unknown : CardLedger::Begin::empty);
        ASSERT_TRUE(ledger) << ledger.error().text();
        ledger->begin(card_.bitstream(), life_->rings->commands().card_address(), key);
        if (adoption) {
            ledger->go_on_from(adoption->ledger);
            for (const CommandRecord& command : adoption->untold) {
                ledger->note(command);
            }
        }
        ASSERT_TRUE(ledger->commit());
        life_->ledger.emplace(std::move(*ledger));
        life_->offload.emplace(
            *life_->rings,
            engine(),
            neighbours_,
            OffloadOptions{.ports = {{.number = 0,
                                      .interface = "ens160",
                                      .interface_index = kInterface,
                                      .mac = *model::parse_mac("02:00:00:00:13:95")}},
                           .way_to = [](const model::IpAddress&) -> std::optional<ClientWay> {
                               return ClientWay{model::Ipv4{0xc0a87101}, kInterface, 0};
                           },
                           .hash_key = key,
                           .fresh = !past->used,
                           .ledger = &*life_->ledger,
                           .adoption = std::move(adoption)});
    }

    void begin_life(const std::vector<std::uint32_t>& servers) {
        begin_engine(servers);
        attach_card();
        poll(3);
    }
    // Nothing is told to anybody.
    void die() {
        if (life_->rings) {
            life_->rings->declare_lost({Code::unavailable, "killed", {}});
        }
        life_.reset();
        card_.opcodes.clear();
    }
    void poll(int times = 1, provider::Nanoseconds pass = 1ms) {
        for (int i = 0; i < times; ++i) {
            now_ += pass;
            engine().expire(now_, 1000);
            life_->offload->poll(now_);
        }
    }
    engine::Engine& engine() { return *life_->engine; }
    Offload& offload() { return *life_->offload; }
    engine::Verdict send(std::uint16_t port, std::uint8_t flags) {
        return engine().handle({.tcp_flags = flags,
                                .ip_length_bytes = 60,
                                .source_address = model::Ipv4{kClient},
                                .source_port = port,
                                .destination_address = kService.address,
                                .destination_port = 80},
                               now_);
    }
    model::IpAddress open(std::uint16_t port) {
        (void)send(port, engine::tcp_flag::kSyn);
        return send(port, engine::tcp_flag::kAck).server_address;
    }
    std::size_t offloaded() {
        const auto all = engine().connections(0, 1000, now_).connections;
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const auto& view) { return view.offloaded; }));
    }
    std::size_t commands(abi::Opcode opcode) const {
        return static_cast<std::size_t>(
            std::count(card_.opcodes.begin(), card_.opcodes.end(), opcode));
    }
    // The server that a packet of the client goes to by the card; none: it comes to the host.
    std::optional<std::uint64_t> way_by_card(const abi::Record<abi::FlowEntry>& flow) const {
        const auto named =
            card_.servers.find(static_cast<std::uint32_t>(flow.get<abi::FlowEntry::server>()));
        if (named == card_.servers.end() || named->second.get<abi::ServerEntry::valid>() == 0) {
            return std::nullopt;
        }
        const auto hop = card_.next_hops.find(
            static_cast<std::uint32_t>(named->second.get<abi::ServerEntry::next_hop>()));
        if (hop == card_.next_hops.end() || hop->second.get<abi::NextHopEntry::valid>() == 0) {
            return std::nullopt;
        }
        const std::uint64_t address = named->second.get<abi::ServerEntry::address_low>();
        EXPECT_EQ(hop->second.get<abi::NextHopEntry::destination_mac>() & 0xff, address & 0xff)
            << "a server's frames go to another's MAC address";
        return address;
    }

    void SetUp() override {
        for (std::uint32_t number = 1; number <= 9; ++number) {
            neighbours_.learn(
                model::to_string(server(number).address).c_str(), mac_of(number), kInterface);
        }
    }

    kit::TemporaryFolder folder_;
    std::string state_path_ = folder_ / "state";
    std::string ledger_path_ = folder_ / "state.card";
    kit::FakeCard card_;
    kit::FakeNeighbours neighbours_;
    model::Forwarding method_ = model::Forwarding::direct_routing;
    std::mt19937_64 random_{7};
    std::unique_ptr<Life> life_;
    provider::Nanoseconds now_ = 1000s;
};

TEST_F(AdoptionTest, the_card_goes_on_with_what_it_has) {
    for (const auto method :
         {model::Forwarding::direct_routing, model::Forwarding::nat, model::Forwarding::full_nat}) {
        SCOPED_TRACE(static_cast<int>(method));
        method_ = method;
        card_ = kit::FakeCard();
        begin_life({1, 2, 3});
        std::vector<model::IpAddress> servers;
        for (std::uint16_t port = 40000; port < 40020; ++port) {
            servers.push_back(open(port));
        }
        poll(2);
        ASSERT_EQ(offloaded(), 20U);
        const auto flows = card_.flows;
        die();

        begin_life({3, 2, 1});
        EXPECT_EQ(life_->refused, "");
        EXPECT_EQ(offload().state(), CardState::running);
        EXPECT_EQ(offloaded(), 20U);
        EXPECT_EQ(offload().counters()[OffloadCounter::adopted], 20U);
        EXPECT_EQ(commands(abi::Opcode::write_flow), 0U) << "they are there";
        EXPECT_EQ(commands(abi::Opcode::write_port), 0U) << "ports stay open";
        EXPECT_EQ(commands(abi::Opcode::write_next_hop), 0U);
        EXPECT_EQ(commands(abi::Opcode::write_server), 0U);
        EXPECT_EQ(commands(abi::Opcode::clear_young), 0U);
        EXPECT_EQ(card_.flows, flows);
        for (std::uint16_t port = 40000; port < 40020; ++port) {
            EXPECT_EQ(send(port, engine::tcp_flag::kAck).server_address, servers[port - 40000U]);
        }
        // They live and die as ever.
        poll(6000, 200ms);
        EXPECT_EQ(engine().connection_count(), 0U);
        EXPECT_TRUE(card_.flows.empty());
        die();
        std::remove(state_path_.c_str());
    }
}

TEST_F(AdoptionTest, flows_that_nobody_knows_any_more_are_overwritten) {
    begin_life({1, 2, 3});
    for (std::uint16_t port = 40000; port < 40020; ++port) {
        open(port);
    }
    poll(2);
    die();
    std::remove(state_path_.c_str());  // Connections are lost, and with them all numbers.
    begin_life({2, 1, 3});
    EXPECT_EQ(offload().state(), CardState::running);
    EXPECT_TRUE(card_.flows.empty());
    EXPECT_EQ(commands(abi::Opcode::write_flow), 20U);
    open(40000);
    poll();
    EXPECT_EQ(offloaded(), 1U);
}

TEST_F(AdoptionTest, connections_of_a_server_that_is_gone_come_to_the_host) {
    begin_life({1, 2});
    std::vector<model::IpAddress> servers;
    for (std::uint16_t port = 40000; port < 40004; ++port) {
        servers.push_back(open(port));
    }
    poll(2);
    die();
    begin_life({2});
    EXPECT_EQ(card_.flows.size(), 2U);
    for (std::uint16_t port = 40000; port < 40004; ++port) {
        const bool there = servers[port - 40000U] == model::IpAddress(server(2).address);
        EXPECT_EQ(send(port, engine::tcp_flag::kAck).action,
                  there ? engine::Action::forward : engine::Action::drop);
    }
}

TEST_F(AdoptionTest, a_mac_address_that_changed_meanwhile_is_written_and_nothing_else) {
    begin_life({1});
    open(40000);
    poll(2);
    die();
    neighbours_.learn(model::to_string(server(1).address).c_str(), "02:00:00:00:99:01", kInterface);
    begin_life({1});
    EXPECT_EQ(commands(abi::Opcode::write_next_hop), 1U);
    EXPECT_EQ(commands(abi::Opcode::write_flow), 0U);
    EXPECT_EQ(offloaded(), 1U);
}

TEST_F(AdoptionTest, it_waits_for_the_kernel_but_not_for_ever) {
    begin_life({1});
    open(40000);
    poll(2);
    die();
    const auto known = std::exchange(neighbours_.known, {});
    begin_life({1});
    EXPECT_EQ(offload().state(), CardState::starting);
    EXPECT_TRUE(card_.opcodes.empty()) << "the card goes on by itself";
    neighbours_.known = known;
    poll(2);
    EXPECT_EQ(offload().state(), CardState::running);
    EXPECT_EQ(offloaded(), 1U);
    die();
    neighbours_.known = {};
    begin_life({1});
    poll(30, 100ms);
    EXPECT_EQ(offload().state(), CardState::running);
    EXPECT_EQ(card_.next_hops.begin()->second.get<abi::NextHopEntry::valid>(), 0U)
        << "by the host, until the kernel knows";
}

TEST_F(AdoptionTest, another_bitstream_another_load_another_host_are_refused) {
    begin_life({1});
    open(40000);
    poll(2);
    const auto reads_as = [this](abi::Ring ring, std::uint32_t offset, std::uint32_t value) {
        card_.overrides[abi::ring_register(ring, offset)] = value;
    };
    const auto refusal = [this] {
        const auto past = provider::read_past(card_);
        card_.overrides.clear();
        return life_->ledger->mismatch(card_.bitstream().uuid, {}, *past).value_or("none");
    };
    EXPECT_EQ(refusal(), "none");
    card_.overrides[abi::reg::run] = 0;
    EXPECT_EQ(refusal(), "its host has stopped the card");
    reads_as(abi::Ring::command, abi::reg::ring::base_low, 0x1000);
    EXPECT_EQ(refusal(), "another host has had the card since");
    reads_as(abi::Ring::command, abi::reg::ring::host_index, 500000);
    reads_as(abi::Ring::command, abi::reg::ring::card_index, 500000);
    EXPECT_EQ(refusal(), "another host has had the card since");
    reads_as(abi::Ring::command, abi::reg::ring::card_index, 1);
    EXPECT_NE(refusal().find("and takes no more"), std::string::npos);
    const auto past = provider::read_past(card_);
    EXPECT_EQ(life_->ledger->mismatch("another", {}, *past).value_or("none"),
              fmt::format("it is of another bitstream, {}", card_.bitstream().uuid));
    EXPECT_EQ(life_->ledger->mismatch(card_.bitstream().uuid, {.flow_buckets_log2 = 3}, *past)
                  .value_or("none"),
              "the card has tables of other sizes");
    die();
    card_ = kit::FakeCard();  // Loaded anew.
    begin_life({1});
    EXPECT_EQ(offload().state(), CardState::running);
    EXPECT_EQ(offloaded(), 0U);
}

// Killed at any command, with whatever configuration next: a flow that the card has never leads to
// another server than its connection's.
TEST_F(AdoptionTest, no_death_at_any_command_misdelivers) {
    const auto seed = std::random_device()();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    for (int run = 0; run < 12; ++run) {
        card_ = kit::FakeCard();
        std::remove(state_path_.c_str());
        std::map<std::uint16_t, std::uint32_t> books;  // Who a client's connection is with.
        std::uint16_t port = 40000;
        std::vector<std::uint32_t> servers{1, 2, 3, 4, 5};
        for (int life = 0; life < 6; ++life) {
            std::shuffle(servers.begin(), servers.end(), random);
            const std::vector<std::uint32_t> configured(servers.begin(),
                                                        servers.begin() + 2 + random() % 4);
            begin_engine(configured);
            attach_card();
            life_->card->on_command = [&] {
                for (const auto& [place, flow] : card_.flows) {
                    const auto client =
                        static_cast<std::uint16_t>(flow.get<abi::FlowEntry::client_port>());
                    const auto way = way_by_card(flow);
                    if (const auto book = books.find(client); way && book != books.end()) {
                        ASSERT_EQ(*way, book->second) << "client " << client;
                    }
                }
            };
            poll(3);
            for (int step = 0; step < 40; ++step) {
                if (step == 30) {
                    life_->card->commands_left = random() % 60;
                }
                switch (random() % 6) {
                    case 0:
                        (void)engine().delete_server(kService, server(1 + random() % 5));
                        break;
                    case 1:
                        (void)engine().add_server(kService, server(1 + random() % 5), {});
                        break;
                    case 2:
                        (void)send(static_cast<std::uint16_t>(40000 + random() % 100),
                                   engine::tcp_flag::kRst | engine::tcp_flag::kAck);
                        break;
                    default:
                        if (const auto with = open(++port); !with.is_any()) {
                            books[port] = with.words[0];
                        }
                        break;
                }
                poll(1, step < 30 && random() % 4 == 0 ? 900ms : 1ms);
            }
            die();
        }
    }
}

}  // namespace
}  // namespace fpvs::offload
