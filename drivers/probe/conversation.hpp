// SPDX-License-Identifier: Apache-2.0
// A conversation over a stream, run as a coroutine until it has a report or is given up.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "drivers/probe/stream.hpp"
#include "host/provider/probe.hpp"
#include "host/util/asio.hpp"

namespace fpvs::probe {

// Shared by the attempt and the coroutine, whichever ends last.
struct Conversation {
    Conversation(boost::asio::io_context& io,
                 const provider::ProbeRequest& what,
                 provider::Probe::Done when_done)
        : stream(io),
          check(what.check),
          request{check, what.address, what.port, what.step, what.server_weight},
          done(std::move(when_done)) {}

    Stream stream;
    const model::HealthCheck check;  // A copy: the attempt may be given up in mid-sentence.
    const provider::ProbeRequest request;
    provider::Probe::Done done;
    bool given_up = false;
};

using Talk = std::function<boost::asio::awaitable<provider::ProbeReport>(Conversation&)>;

// `talk` must not keep anything that the conversation does not own.
[[nodiscard]] std::unique_ptr<provider::Probe::Attempt> begin_conversation(
    boost::asio::io_context& io,
    const provider::ProbeRequest& request,
    Talk talk,
    provider::Probe::Done done);

}  // namespace fpvs::probe
