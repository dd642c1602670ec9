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

}  // namespace

Result<std::unique_ptr<CardSession>> CardSession::open(std::unique_ptr<provider::Card> card,
                                                       std::vector<provider::NetworkPort> ports,
                                                       engine::Engine& engine,
                                                       provider::Neighbours& neighbours,
                                                       rte_mempool& pool) {
    std::unique_ptr<CardSession> session(new CardSession);
    session->card_ = std::move(card);
    FPVS_TRY(session->rings_, provider::CardRings::start(*session->card_));
    session->port_ = std::make_unique<dpdk::CardPort>(*session->rings_, pool);
    session->offload_ = std::make_unique<offload::Offload>(
        *session->rings_,
        engine,
        neighbours,
        offload::OffloadOptions{.ports = std::move(ports),
                                .hash_key = {random_number(), random_number()},
                                // XRT may find an Alveo that runs this bitstream already.
                                .fresh = session->card_->bitstream().simulated});
    return session;
}

bool CardSession::step(Time now) {
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
