// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "host/daemon/card_session.hpp"
#include "host/util/check.hpp"
#include "sim/card/in_process_card.hpp"
#include "tests/conformance/packets/frame_view.hpp"
#include "tests/conformance/packets/wires.hpp"

namespace fpvs::test {
namespace {

constexpr std::size_t kEthernetBytes = 14;

// A MAC fills short frames; the captures are from before that.
Frame without_padding(Frame frame) {
    const auto number = [&](std::size_t at) {
        return static_cast<std::size_t>(frame[at] << 8 | frame[at + 1]);
    };
    if (frame.size() < kEthernetBytes + 20) {
        return frame;
    }
    const std::size_t type = number(12);
    const std::size_t bytes = type == 0x0800   ? number(kEthernetBytes + 2)
                              : type == 0x86dd ? 40 + number(kEthernetBytes + 4)
                                               : frame.size();
    frame.resize(std::min(frame.size(), kEthernetBytes + bytes));
    return frame;
}

class CardWires final : public Wires {
  public:
    explicit CardWires(const Plugs& plugs) : worker_(plugs.worker) {
        auto card = std::make_unique<sim::card::InProcessCard>();
        card_ = card.get();
        auto session = daemon::CardSession::open(
            std::move(card),
            "",  // Nothing outlives a replay.
            plugs.ports,
            plugs.engine,
            plugs.neighbours,
            plugs.pool,
            [this](const model::IpAddress& client) -> std::optional<offload::ClientWay> {
                const auto way = worker_.way_to(client);
                if (!way) {
                    return std::nullopt;
                }
                return offload::ClientWay{.next_hop = way->next_hop,
                                          .interface_index = way->interface_index,
                                          .mtu = way->mtu};
            });
        FPVS_CHECK(session.has_value(), "{}", session.error().text());
        session_ = std::move(*session);
        for (const provider::NetworkPort& port : plugs.ports) {
            card_->set_link(port.number, true);
            worker_.carry(port.number, &session_->port(), slowpath::Selection::by_wire);
        }
        worker_.on_path_mtu([this](const model::IpAddress& target, std::uint32_t mtu) {
            session_->path_mtu_changed(target, mtu);
        });
        worker_.set_step_hook([this](provider::Nanoseconds now) {
            now_ = now;
            FPVS_CHECK(session_->step(now), "the card is lost");
        });
    }
    ~CardWires() override {
        worker_.set_step_hook({});
        session_->leave(now_);
        for (const Side side : kSides) {
            worker_.carry(
                static_cast<std::uint16_t>(index(side)), nullptr, slowpath::Selection::by_wire);
        }
    }

    void receive(Side side, const Frame& frame) override {
        FPVS_CHECK(card_->receive(static_cast<int>(index(side)), frame));
    }
    // Card and host in turn, until neither has more to say.
    void settle(provider::Nanoseconds now) override {
        constexpr int kRounds = 5;
        for (int round = 0; round < kRounds; ++round) {
            card_->settle();
            worker_.step(now);
        }
        card_->settle();
    }
    std::vector<Frame> sent(Side side) override {
        std::vector<Frame> frames;
        while (const auto frame = card_->transmitted(static_cast<int>(index(side)))) {
            frames.push_back(without_padding({frame->begin(), frame->end()}));
        }
        return frames;
    }
    Frame as_captured(Frame frame) const override { return without_padding(std::move(frame)); }
    void neighbour_changed(const model::IpAddress& target,
                           const provider::Neighbour& neighbour) override {
        session_->neighbour_changed(target, neighbour);
    }
    std::uint64_t forwarded_by_card() override {
        std::uint64_t frames = 0;
        for (const model::StageView& stage : session_->view().stages) {
            for (const model::StageCounterView& counter : stage.counters) {
                const bool forwards = counter.name == "forwarded" || counter.name == "replied" ||
                                      counter.name == "steered";
                frames += forwards ? counter.packets : 0;
            }
        }
        return frames;
    }

  private:
    slowpath::Worker& worker_;
    sim::card::InProcessCard* card_ = nullptr;
    std::unique_ptr<daemon::CardSession> session_;
    provider::Nanoseconds now_{};
};

}  // namespace

std::unique_ptr<Wires> plug_in(const Plugs& plugs) {
    return std::make_unique<CardWires>(plugs);
}

std::string family_of_wires() {
    return "pkt-card";
}

}  // namespace fpvs::test
