// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/cli/stock_ipvsadm.hpp"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>

#include <boost/asio/post.hpp>

#include "host/util/check.hpp"

namespace fpvs::test {
namespace {

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The file that the command reads, by our path.
std::string reading_from(std::string command, const std::string& path) {
    const std::size_t sign = command.find("< ");
    if (sign != std::string::npos) {
        const std::size_t end = command.find(' ', sign + 2);
        command.replace(sign + 2, end == std::string::npos ? end : end - sign - 2, path);
    }
    return command;
}

}  // namespace

bool StockIpvsadm::is_here() {
    return std::system("PATH=$PATH:/usr/sbin:/sbin command -v ipvsadm >/dev/null") == 0;
}

Outcome StockIpvsadm::run(const Invocation& invocation, const std::string& saved) {
    constexpr int kSecondsMax = 20;
    std::ofstream((folder_ / "saved")) << saved;
    std::ofstream((folder_ / "command"))
        << reading_from(invocation.command, (folder_ / "saved")) << "\n";
    const std::string line = fmt::format(
        "PATH=$PATH:/usr/sbin:/sbin LD_PRELOAD={} FPVS_IPVS_SOCKET={} timeout {} sh {} "
        ">{} 2>{} </dev/null",
        FPVS_IPVS_LIBRARY,
        socket_path_,
        kSecondsMax,
        (folder_ / "command"),
        (folder_ / "out"),
        (folder_ / "err"));
    const int status = std::system(line.c_str());
    return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .out = content_of((folder_ / "out")),
            .err = content_of((folder_ / "err"))};
}

IpvsServer::IpvsServer(control::Operations& operations) {
    auto server = ipvs_netlink::Server::start(io_, path(), operations);
    FPVS_CHECK(server.has_value(), "{}", server.error().text());
    server_ = std::move(*server);
    thread_ = std::thread([this] { io_.run(); });
}

IpvsServer::~IpvsServer() {
    on_server_thread([this] { server_.reset(); });
    work_.reset();
    thread_.join();
}

void IpvsServer::on_server_thread(const std::function<void()>& action) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
        action();
        done.set_value();
    });
    done.get_future().wait();
}

}  // namespace fpvs::test
