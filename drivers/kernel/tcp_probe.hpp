// SPDX-License-Identifier: Apache-2.0
// Connects with the kernel's TCP, without blocking, one descriptor an attempt.
#pragma once

#include "host/provider/tcp_probe.hpp"
#include "host/util/asio.hpp"

namespace fpvs::kernel {

class TcpProbe final : public provider::TcpProbe {
  public:
    explicit TcpProbe(boost::asio::io_context& io) : io_(io) {}

    // In the network namespace of the calling thread.
    [[nodiscard]] std::unique_ptr<Attempt> connect(const provider::ProbeTarget& target,
                                                   Done done) override;

  private:
    boost::asio::io_context& io_;
};

}  // namespace fpvs::kernel
