// SPDX-License-Identifier: Apache-2.0
// The stock ipvsadm, typed as in a shell, with libfpvs_ipvs.so between it and an engine of ours:
// the IPVS family behind a socket, as fpvsd has it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>

#include "drivers/ipvs_netlink/server.hpp"
#include "host/control/operations.hpp"
#include "host/util/asio.hpp"
#include "tests/conformance/cli/recording.hpp"
#include "tests/kit/temporary_folder.hpp"

namespace fpvs::test {

class StockIpvsadm {
  public:
    [[nodiscard]] static bool is_here();

    explicit StockIpvsadm(std::string socket_path) : socket_path_(std::move(socket_path)) {}

    // `saved` is what a command reads that reads a file.
    [[nodiscard]] Outcome run(const Invocation& invocation, const std::string& saved);

  private:
    std::string socket_path_;
    kit::TemporaryFolder folder_;
};

// The IPVS family on a socket of its own, served by a thread.
class IpvsServer {
  public:
    explicit IpvsServer(control::Operations& operations);
    ~IpvsServer();
    IpvsServer(const IpvsServer&) = delete;
    IpvsServer& operator=(const IpvsServer&) = delete;

    [[nodiscard]] std::string path() const { return folder_ / "ipvs.sock"; }
    // Runs between two of the server's steps and waits for the end.
    void on_server_thread(const std::function<void()>& action);

  private:
    kit::TemporaryFolder folder_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    std::unique_ptr<ipvs_netlink::Server> server_;
    std::thread thread_;
};

}  // namespace fpvs::test
