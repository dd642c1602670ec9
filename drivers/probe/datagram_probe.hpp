// SPDX-License-Identifier: Apache-2.0
// One datagram out, and the one that answers it in: what UDP_CHECK, DNS_CHECK and PING_CHECK share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "drivers/probe/socket.hpp"
#include "host/provider/probe.hpp"
#include "host/util/asio.hpp"

namespace fpvs::probe {

struct DatagramQuestion {
    SocketKind kind = {};
    std::vector<std::uint8_t> datagram = {};
    // Nothing: this one is no answer to the question, wait on.  `size_bytes` is that of the
    // datagram, of which only the beginning may be there.
    std::function<std::optional<provider::ProbeReport>(std::span<const std::uint8_t> beginning,
                                                       std::size_t size_bytes)>
        judge = {};
};

[[nodiscard]] std::unique_ptr<provider::Probe::Attempt> begin_datagram(
    boost::asio::io_context& io,
    const provider::ProbeRequest& request,
    DatagramQuestion question,
    provider::Probe::Done done);

}  // namespace fpvs::probe
