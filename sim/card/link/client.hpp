// SPDX-License-Identifier: Apache-2.0
// The host's end of the link: one question at a time, in the order of the callers.
//
// Thread safe.  No call blocks longer than kLinkTimeout.  Once the card's end is closed every call
// fails at once with Code::unavailable.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "drivers/kernel/unique_fd.hpp"
#include "host/util/result.hpp"
#include "sim/card/link/protocol.hpp"

namespace fpvs::sim::card {

// A simulator on a busy machine may be late by many scheduler ticks; one that is later than this is
// given up, and the link is closed.
constexpr std::chrono::milliseconds kLinkTimeout{900};

class LinkClient {
  public:
    // A connected SOCK_SEQPACKET socket; says hello.  A card that has just been started may take
    // longer to answer that than anything later.
    [[nodiscard]] static Result<LinkClient> attach(
        kernel::UniqueFd socket, std::chrono::milliseconds timeout = kLinkTimeout);
    // The same over the socket file of a card that runs already.
    [[nodiscard]] static Result<LinkClient> connect(const std::string& path);

    [[nodiscard]] Result<std::uint32_t> read_register(std::uint32_t offset);
    [[nodiscard]] Status write_register(std::uint32_t offset, std::uint32_t value);
    [[nodiscard]] Status share(std::uint64_t card_address, std::uint64_t size_bytes, int memfd);
    [[nodiscard]] Status unshare(std::uint64_t card_address);

    // Of the xclbin whose simulator this is.
    [[nodiscard]] Result<CardIdentity> identity();

    // Tells the card's end that we go, and take our memory along; later calls fail.
    void bid_farewell();
    // True once the card's end is closed, too.
    [[nodiscard]] bool wait_closed(std::chrono::milliseconds timeout);
    // Goes as if by accident; later calls fail.
    void hang_up();

  private:
    using Deadline = std::chrono::steady_clock::time_point;

    explicit LinkClient(kernel::UniqueFd socket) : socket_(std::move(socket)) {}

    [[nodiscard]] Result<Message> ask(Message request,
                                      MessageKind wanted,
                                      int descriptor = -1,
                                      std::chrono::milliseconds timeout = kLinkTimeout);
    // What `mutex_` guards.
    [[nodiscard]] Status send(const Message& request, int descriptor, Deadline deadline);
    [[nodiscard]] Result<Message> receive(std::uint32_t sequence, Deadline deadline);

    [[nodiscard]] tl::unexpected<Error> give_up();

    kernel::UniqueFd socket_;
    std::unique_ptr<std::timed_mutex> mutex_ = std::make_unique<std::timed_mutex>();
    std::uint32_t sequence_ = 0;
};

}  // namespace fpvs::sim::card
