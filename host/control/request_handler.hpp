// SPDX-License-Identifier: Apache-2.0
// The seam between the sockets (server.hpp) and what requests mean (dispatcher.hpp).
#pragma once

#include "host/control/api.pb.h"
#include "host/util/asio.hpp"

namespace fpvs::control {

// Takes the replies to one request, in order.  The request's id is filled in by the sink.
class ReplySink {
  public:
    virtual ~ReplySink() = default;
    // Completes when the client has taken the reply, so that a slow client holds back only its
    // own answer.  False: the client has gone, no more replies are wanted.
    [[nodiscard]] virtual boost::asio::awaitable<bool> send(api::Reply reply) = 0;
};

class RequestHandler {
  public:
    virtual ~RequestHandler() = default;
    // Sends at least one reply.  `replies` belongs to the session that awaits the handler, and so
    // lives until the handler is done.
    [[nodiscard]] virtual boost::asio::awaitable<void> handle(api::Request request,
                                                              ReplySink& replies) = 0;
};

}  // namespace fpvs::control
