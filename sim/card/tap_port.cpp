// SPDX-License-Identifier: Apache-2.0
#include "sim/card/tap_port.hpp"

#include <utility>

#include "sim/card/interface_flags.hpp"
#include "sim/card/netns_open.hpp"

namespace fpvs::sim::card {

Result<std::unique_ptr<Port>> TapPort::open(std::string text,
                                            const std::string& name,
                                            const std::string& netns) {
    return open_in_netns(netns, [&]() -> Result<std::unique_ptr<Port>> {
        FPVS_TRY(auto tap, kernel::Tap::open({.name = name}));
        FPVS_TRY(auto control, open_control_socket());
        return std::unique_ptr<Port>(
            new TapPort(std::move(text), std::move(tap), std::move(control)));
    });
}

bool TapPort::link_up() const {
    return interface_has_link(control_.get(), tap_.name());
}

Port::Receipt TapPort::receive(Frame& frame) {
    frame.resize(abi::kFrameBytesMax);
    const std::size_t length = tap_.read(frame);
    frame.resize(length);
    if (length != 0) {
        ++counters_.received;
        return Receipt::frame;
    }
    return tap_.counters().read_errors != 0 ? Receipt::gone : Receipt::nothing;
}

void TapPort::send(std::span<const std::uint8_t> frame, std::uint64_t /*time_ns*/) {
    ++(tap_.write(frame) ? counters_.sent : counters_.refused);
}

}  // namespace fpvs::sim::card
