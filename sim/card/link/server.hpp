// SPDX-License-Identifier: Apache-2.0
// The card's end of the link: takes the host program's messages off the socket, checks them, and
// calls the Device.  Never blocks and never trusts: what it cannot accept it refuses and counts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "drivers/kernel/unique_fd.hpp"
#include "sim/card/link/device.hpp"
#include "sim/card/link/protocol.hpp"

namespace fpvs::sim::card {

struct LinkCounters {
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t refused = 0;
};

class LinkServer {
  public:
    enum class Peer { attached, gone };
    // What becomes of the memory of a peer that vanishes without farewell.
    enum class Memory { released, kept };

    // A connected SOCK_SEQPACKET socket.
    explicit LinkServer(kernel::UniqueFd socket,
                        CardIdentity identity = {},
                        Memory memory = Memory::released);
    LinkServer(const LinkServer&) = delete;
    LinkServer& operator=(const LinkServer&) = delete;
    ~LinkServer();

    // For epoll or poll: readable when service() has something to do, the end of the peer included.
    [[nodiscard]] int fd() const { return socket_.get(); }

    // Handles the messages that wait, at most `budget` of them, so that a chatty host cannot stop
    // the card's clock.  Once the peer has gone, all memory that is not to be kept is unmapped and
    // every further call returns Peer::gone at once.
    [[nodiscard]] Peer service(Device& device, int budget = 64);
    // The peer has gone, and has said so.
    [[nodiscard]] bool said_farewell() const { return said_farewell_; }
    // Unmaps what was kept.
    void release(Device& device);

    [[nodiscard]] const LinkCounters& counters() const { return counters_; }

  private:
    struct Received {
        Message message;
        bool well_formed = false;
        kernel::UniqueFd descriptor;
    };
    enum class Receipt { message, nothing, end };

    Receipt receive(Received& received);
    void handle(Device& device, Received& received);
    void share(Device& device, const Message& request, kernel::UniqueFd descriptor);
    void unshare(Device& device, const Message& request);
    [[nodiscard]] std::optional<Refusal> check_share(const Message& request) const;
    void answer(const Message& request, MessageKind kind, std::uint64_t value);
    void refuse(const Message& request, Refusal refusal);

    kernel::UniqueFd socket_;
    CardIdentity identity_;
    Memory memory_;
    bool greeted_ = false;
    bool gone_ = false;
    bool said_farewell_ = false;
    std::map<std::uint64_t, std::span<std::byte>> shares_;  // By card address.
    LinkCounters counters_;
};

}  // namespace fpvs::sim::card
