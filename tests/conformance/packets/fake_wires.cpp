// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tests/conformance/packets/wires.hpp"
#include "tests/kit/fake_ports.hpp"

namespace fpvs::test {
namespace {

class FakeWires final : public Wires {
  public:
    explicit FakeWires(const Plugs& plugs)
        : worker_(plugs.worker),
          ports_{kit::FakePort(plugs.pool, "client wire"),
                 kit::FakePort(plugs.pool, "server wire")} {
        for (const Side side : kSides) {
            worker_.carry(static_cast<std::uint16_t>(index(side)),
                          &ports_[index(side)],
                          slowpath::Selection::by_worker);
        }
    }

    void receive(Side side, const Frame& frame) override {
        ports_[index(side)].waiting.push_back({static_cast<int>(index(side)), frame});
    }
    // A step of its own, later than any interval at which the worker looks at something.
    void settle(provider::Nanoseconds now) override { worker_.step(now); }
    std::vector<Frame> sent(Side side) override {
        std::vector<Frame> frames;
        for (auto& frame : ports_[index(side)].take()) {
            frames.push_back(std::move(frame.bytes));
        }
        return frames;
    }
    void neighbour_changed(const model::IpAddress&, const provider::Neighbour&) override {}

  private:
    slowpath::Worker& worker_;
    std::array<kit::FakePort, 2> ports_;
};

}  // namespace

std::unique_ptr<Wires> plug_in(const Plugs& plugs) {
    return std::make_unique<FakeWires>(plugs);
}

std::string family_of_wires() {
    return "pkt";
}

}  // namespace fpvs::test
