// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/card_session.hpp"

#include <random>
#include <utility>

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

}  // namespace

Result<std::unique_ptr<CardSession>> CardSession::open(std::unique_ptr<provider::Card> card,
                                                       std::vector<provider::NetworkPort> ports,
                                                       engine::Engine& engine,
                                                       provider::Neighbours& neighbours,
                                                       rte_mempool& pool,
                                                       offload::WayToClient way_to) {
    std::unique_ptr<CardSession> session(new CardSession);
    session->card_ = std::move(card);
    FPVS_TRY(session->rings_, provider::CardRings::start(*session->card_));
    FPVS_TRY(const offload::CardLimits limits, offload::read_limits(*session->card_));
    session->port_ = std::make_unique<dpdk::CardPort>(*session->rings_, pool);
    session->offload_ = std::make_unique<offload::Offload>(
        *session->rings_,
        engine,
        neighbours,
        offload::OffloadOptions{.ports = std::move(ports),
                                .limits = limits,
                                .way_to = std::move(way_to),
                                .hash_key = {random_number(), random_number()},
                                // XRT may find an Alveo that runs this bitstream already.
                                .fresh = session->card_->bitstream().simulated});
    session->events_first_ =
        std::make_unique<EventsFirst>(*session->port_, *session->offload_, session->now_);
    return session;
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
