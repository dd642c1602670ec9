// SPDX-License-Identifier: Apache-2.0
// The daemon's end of the control socket.
//
//  - Only root and the daemon's own user are heard (SO_PEERCRED); others are told so.
//  - Each client is a coroutine of its own: one that does not read, or stops in the middle of a
//    frame, holds up no other, and is dropped after the stall timeout.
//  - A frame that is too long or no Request is answered with CODE_MALFORMED_REQUEST, and the
//    connection is closed, since the next frame's beginning is not known.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "host/control/request_handler.hpp"
#include "host/model/limits.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::control {

struct ServerOptions {
    std::string socket_path;
    std::size_t clients_max = model::kControlClientsMax;
    std::chrono::milliseconds stall_timeout{30'000};
};

struct ServerCounters {
    std::uint64_t clients = 0;  // Now.
    std::uint64_t clients_accepted = 0;
    std::uint64_t clients_refused = 0;    // Too many at once.
    std::uint64_t clients_forbidden = 0;  // Neither root nor our own user.
    std::uint64_t clients_stalled = 0;
    std::uint64_t requests = 0;
    std::uint64_t frames_malformed = 0;
};

class Server {
  public:
    // Binds the socket, in a folder that is made if need be, and accepts clients from then on.  A
    // socket that nobody listens on any more is replaced; one that answers is an error.
    [[nodiscard]] static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io,
                                                                RequestHandler& handler,
                                                                ServerOptions options);
    // Closes every session and removes the socket.  Coroutines of sessions end when the io_context
    // runs on or goes; `handler` must live until then.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const ServerCounters& counters() const;

  private:
    class State;
    explicit Server(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace fpvs::control
