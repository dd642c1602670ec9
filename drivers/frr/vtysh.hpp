// SPDX-License-Identifier: Apache-2.0
// FRR's vtysh, run for a few commands at a time: without a shell, only towards bgpd, with bounded
// output, and killed when it takes too long.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "host/model/limits.hpp"
#include "host/provider/routing_shell.hpp"
#include "host/util/asio.hpp"

namespace fpvs::frr {

struct VtyshOptions {
    std::string program;          // Its path,
    std::string vty_socket = {};  // and the folder of FRR's sockets; empty: as FRR was built.
    std::chrono::milliseconds timeout{3'000};  // bgpd may be busy with a full table.
    std::size_t output_bytes_max = model::kRoutingOutputBytesMax;
};

class Vtysh final : public provider::RoutingShell {
  public:
    Vtysh(boost::asio::io_context& io, VtyshOptions options)
        : io_(io), options_(std::move(options)) {}

    [[nodiscard]] std::unique_ptr<Run> run(const std::vector<std::string>& commands,
                                           Done done) override;

  private:
    class Process;
    class ProcessRun;

    boost::asio::io_context& io_;
    const VtyshOptions options_;
};

}  // namespace fpvs::frr
