// SPDX-License-Identifier: Apache-2.0
// SMTP_CHECK: does a mail server greet, say HELO back, and part?
#pragma once

#include <memory>

#include "host/provider/probe.hpp"
#include "host/util/asio.hpp"

namespace fpvs::probe {

[[nodiscard]] std::unique_ptr<provider::Probe::Attempt> begin_smtp(
    boost::asio::io_context& io, const provider::ProbeRequest& request, provider::Probe::Done done);

}  // namespace fpvs::probe
