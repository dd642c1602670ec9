// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/card_session.hpp"

#include <cstdio>
#include <random>
#include <utility>

#include "host/util/log.hpp"
#include "hw/abi/abi_hash.hpp"

namespace fpvs::daemon {
namespace {

std::uint64_t random_number() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

// The card's port, but with the events before the frames.
class EventsFirst final : public provider::PacketPort {
  public:
    EventsFirst(provider::PacketPort& port,
                offload::Offload& offload,
                const provider::Nanoseconds& now)
        : port_(port), offload_(offload), now_(now) {}

    [[nodiscard]] std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override {
        const std::size_t count = port_.rx_burst(frames);
        if (count > 0) {
            offload_.take_events(now_);
        }
        return count;
    }
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override { port_.tx_burst(frames); }
    [[nodiscard]] const std::string& name() const noexcept override { return port_.name(); }
    [[nodiscard]] provider::PacketPortCounters counters() const noexcept override {
        return port_.counters();
    }

  private:
    provider::PacketPort& port_;
    offload::Offload& offload_;
    const provider::Nanoseconds& now_;
};

// What the process before has told this card.
std::optional<offload::Adoption> find_adoption(const std::string& path,
                                               const provider::Card& card,
                                               const offload::CardLimits& limits,
                                               const provider::CardPast& past) {
    if (path.empty() || !past.running) {
        return std::nullopt;
    }
    auto ledger = offload::CardLedger::open(path);
    if (!ledger) {
        log::warn("card", "begins empty: {}", ledger.error().text());
        return std::nullopt;
    }
    if (const auto why = ledger->mismatch(card.bitstream().uuid, limits.sizes, past)) {
        log::warn("card", "begins empty: {}: {}", path, *why);
        return std::nullopt;
    }
    auto untold = ledger->take_untold(past);
    return offload::Adoption{.ledger = std::move(*ledger), .untold = std::move(untold)};
}

}  // namespace

void CardSession::begin_ledger(const std::string& path,
                               const offload::CardLimits& limits,
                               const provider::CardPast& past,
                               const std::optional<offload::Adoption>& adoption,
                               abi::HashKey key) {
    using offload::CardLedger;
    if (path.empty()) {
        return;
    }
    auto ledger = CardLedger::create(
        path, limits.sizes, past.used ? CardLedger::Begin::unknown : CardLedger::Begin::empty);
    if (ledger) {
        ledger->begin(card_->bitstream(), rings_->commands().card_address(), key);
        if (adoption) {
            ledger->go_on_from(adoption->ledger);
            for (const offload::CommandRecord& command : adoption->untold) {
                ledger->note(command);
            }
        }
    }
    if (const Status committed = ledger ? ledger->commit() : Status(fail(ledger.error()));
        !committed) {
        log::warn(
            "card", "its connections will not outlive the daemon: {}", committed.error().text());
        return;
    }
    ledger_.emplace(std::move(*ledger));
    ledger_path_ = path;
}

Result<std::unique_ptr<CardSession>> CardSession::open(std::unique_ptr<provider::Card> card,
                                                       const std::string& ledger_path,
                                                       std::vector<provider::NetworkPort> ports,
                                                       engine::Engine& engine,
                                                       provider::Neighbours& neighbours,
                                                       rte_mempool& pool,
                                                       offload::WayToClient way_to) {
    std::unique_ptr<CardSession> session(new CardSession);
    session->card_ = std::move(card);
    FPVS_TRY(const provider::CardPast past, provider::read_past(*session->card_));
    FPVS_TRY(const offload::CardLimits limits, offload::read_limits(*session->card_));
    auto adoption = find_adoption(ledger_path, *session->card_, limits, past);
    FPVS_TRY(session->rings_, provider::CardRings::start(*session->card_));
    const abi::HashKey key =
        adoption ? adoption->ledger.hash_key() : abi::HashKey{random_number(), random_number()};
    session->begin_ledger(ledger_path, limits, past, adoption, key);
    session->port_ = std::make_unique<dpdk::CardPort>(*session->rings_, pool);
    session->offload_ = std::make_unique<offload::Offload>(
        *session->rings_,
        engine,
        neighbours,
        offload::OffloadOptions{.ports = std::move(ports),
                                .limits = limits,
                                .way_to = std::move(way_to),
                                .hash_key = key,
                                // XRT may find a card that runs this bitstream already.
                                .fresh = !past.used,
                                .ledger = session->ledger_ ? &*session->ledger_ : nullptr,
                                .adoption = std::move(adoption)});
    session->events_first_ =
        std::make_unique<EventsFirst>(*session->port_, *session->offload_, session->now_);
    return session;
}

void CardSession::leave(Time now) {
    offload_->leave(now);
    if (ledger_) {
        // The card will not go on: nobody is to look for it.
        ledger_.reset();
        std::remove(ledger_path_.c_str());
    }
}

bool CardSession::step(Time now) {
    now_ = now;
    offload_->poll(now);
    return offload_->state() != offload::CardState::lost;
}

model::CardView CardSession::view() {
    model::CardView view = offload_->view();
    const provider::Bitstream& bitstream = card_->bitstream();
    view.present = true;
    view.bitstream_path = bitstream.path;
    view.platform = bitstream.platform;
    view.uuid = bitstream.uuid;
    view.simulated = bitstream.simulated;
    view.abi_hash = abi::kAbiHash;
    return view;
}

}  // namespace fpvs::daemon
