// SPDX-License-Identifier: Apache-2.0
// A control server on a socket of its own, served by a thread, for blocking clients in a test.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "host/control/request_handler.hpp"
#include "host/control/server.hpp"
#include "host/util/asio.hpp"
#include "host/util/check.hpp"
#include "tests/kit/temporary_folder.hpp"

namespace fpvs::kit {

class ControlServer {
  public:
    explicit ControlServer(control::RequestHandler& handler, control::ServerOptions options = {}) {
        options.socket_path = path();
        auto server = control::Server::listen(io_, handler, options);
        FPVS_CHECK(server.has_value(), "{}", server.error().text());
        server_ = std::move(*server);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~ControlServer() {
        on_server_thread([this] { server_.reset(); });
        work_.reset();
        thread_.join();
    }
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    [[nodiscard]] std::string path() const { return folder_ / "fpvsd.sock"; }
    [[nodiscard]] control::ServerCounters counters() {
        control::ServerCounters counters;
        on_server_thread([&] { counters = server_->counters(); });
        return counters;
    }
    // Runs between two of the server's steps and waits for the end.
    void on_server_thread(const std::function<void()>& action) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            action();
            done.set_value();
        });
        done.get_future().wait();
    }

  private:
    TemporaryFolder folder_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    std::unique_ptr<control::Server> server_;
    std::thread thread_;
};

}  // namespace fpvs::kit
