// SPDX-License-Identifier: Apache-2.0
// The socket behind which the IPVS family waits: UNIX, SOCK_SEQPACKET, a datagram of netlink
// messages each way.  Stock tools reach it through libfpvs_ipvs.so, which diverts their netlink
// sockets here.
//
// Only root and the daemon's own user are served.  Clients are bounded, and one that does not read
// its answers holds up nobody else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "drivers/ipvs_netlink/family.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::ipvs_netlink {

constexpr std::size_t kClientsMax = 64;
constexpr std::size_t kDatagramBytesMax = 64u << 10;  // Of a request.
constexpr std::size_t kReplyBytesMax = 16u << 10;     // libnl reads answers of this size.

struct ServerCounters {
    std::uint64_t clients = 0;
    std::uint64_t clients_refused = 0;  // Too many, or of another user.
    std::uint64_t datagrams = 0;
};

class Server {
  public:
    // Replaces a socket that a dead daemon left behind.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(boost::asio::io_context& io,
                                                               std::string path,
                                                               control::Operations& operations);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const ServerCounters& counters() const;

    struct State;  // Shared with the conversations that are still open.

  private:
    explicit Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

}  // namespace fpvs::ipvs_netlink
