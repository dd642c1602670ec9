// SPDX-License-Identifier: Apache-2.0
// TCP_CHECK: can this address be connected to?  One descriptor an attempt, closed at once.
#pragma once

#include <memory>

#include "host/provider/probe.hpp"
#include "host/util/asio.hpp"

namespace fpvs::probe {

[[nodiscard]] std::unique_ptr<provider::Probe::Attempt> begin_tcp(
    boost::asio::io_context& io, const provider::ProbeRequest& request, provider::Probe::Done done);

}  // namespace fpvs::probe
