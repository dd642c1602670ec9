// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/sync_bulk.hpp"

#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "drivers/kernel/sync_socket.hpp"
#include "host/sync/bulk.hpp"
#include "host/util/log.hpp"

namespace fpvs::daemon {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

// 400,000 connections a second at most: workers spend some hundredths of their time on it.
constexpr std::size_t kConnectionsAtOnce = 2048;
constexpr std::chrono::milliseconds kPause{5};
constexpr std::chrono::seconds kPatience{10};  // With a peer that does not read or write.
constexpr int kTransfersMax = 4;
// A director that comes at the same time may be master only after some seconds.
constexpr std::chrono::seconds kAskAgain{1};
constexpr int kRequestsMax = 15;
constexpr std::size_t kReadBytes = 65'536;

Result<kernel::SyncEndpoint> bulk_endpoint(const model::SyncDaemon& daemon) {
    constexpr std::uint16_t kPortMax = 65'535;
    if (daemon.port > kPortMax - sync::kBulkPortOffset) {
        return fail(Code::invalid_argument,
                    "there is no port {} above {}",
                    sync::kBulkPortOffset,
                    daemon.port);
    }
    return kernel::SyncEndpoint{
        .interface = daemon.interface,
        .group = daemon.group,
        .port = static_cast<std::uint16_t>(daemon.port + sync::kBulkPortOffset),
        .ttl = daemon.ttl};
}

tcp protocol_of(const model::IpAddress& address) {
    return address.is_ipv4() ? tcp::v4() : tcp::v6();
}

tcp::endpoint endpoint_of(const model::IpAddress& address,
                          std::uint16_t port,
                          const std::string& interface) {
    if (address.is_ipv4()) {
        return {asio::ip::address_v4(address.words[0]), port};
    }
    asio::ip::address_v6::bytes_type bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(address.words[i / 4] >> (24 - 8 * (i % 4)));
    }
    return {asio::ip::address_v6(bytes, ::if_nametoindex(interface.c_str())), port};
}

// Nobody behind another interface takes part.
template <class Socket>
bool stay_on(Socket& socket, const std::string& interface) {
    return ::setsockopt(socket.native_handle(),
                        SOL_SOCKET,
                        SO_BINDTODEVICE,
                        interface.c_str(),
                        static_cast<socklen_t>(interface.size() + 1)) == 0;
}

// Closes the socket unless it is put off or cancelled.
class Deadline {
  public:
    explicit Deadline(tcp::socket& socket) : timer_(socket.get_executor()), socket_(socket) {}

    void put_off() {
        timer_.expires_after(kPatience);
        timer_.async_wait([this](const error_code& error) {
            if (!error) {
                error_code ignored;
                socket_.close(ignored);
            }
        });
    }

  private:
    asio::steady_timer timer_;
    tcp::socket& socket_;
};

}  // namespace

// --- The master.

class BulkMaster::State : public std::enable_shared_from_this<State> {
  public:
    State(asio::io_context& io,
          kernel::UniqueFd requests,
          model::SyncDaemon daemon,
          sync::Engines& engines)
        : io_(io),
          requests_(io, requests.release()),
          daemon_(std::move(daemon)),
          engines_(engines) {}

    void wait() {
        requests_.async_wait(Descriptor::wait_read,
                             [self = shared_from_this()](const error_code& error) {
                                 if (!error) {
                                     self->read_requests();
                                     self->wait();
                                 }
                             });
    }
    void close() {
        closed_ = true;
        error_code ignored;
        requests_.close(ignored);
    }

  private:
    void read_requests() {
        while (const auto datagram =
                   kernel::receive_sync_datagram(requests_.native_handle(), *buffer_)) {
            const auto request = sync::decode_bulk_request(datagram->bytes);
            if (!request || request->sync_id != daemon_.sync_id || transfers_ == kTransfersMax) {
                continue;  // Not for us; or it asks again.
            }
            ++transfers_;
            asio::co_spawn(io_,
                           send_all(endpoint_of(datagram->source, request->port, daemon_.interface),
                                    shared_from_this()),
                           asio::detached);
        }
    }

    // `self` keeps this alive.
    asio::awaitable<void> send_all(tcp::endpoint peer, std::shared_ptr<State> self) {
        tcp::socket socket(io_);
        Deadline deadline(socket);
        error_code error;
        socket.open(peer.protocol(), error);
        if (!error && stay_on(socket, daemon_.interface)) {
            deadline.put_off();
            co_await socket.async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
            asio::steady_timer pause(io_);
            std::uint64_t cursor = 0;
            bool more = true;
            while (!error && more && !closed_) {
                const engine::SyncPage page = engines_.synced(cursor, kConnectionsAtOnce);
                cursor = page.next_cursor;
                more = cursor != 0;
                std::vector<std::uint8_t> part = sync::bulk_part(page.connections, daemon_.sync_id);
                if (!more) {
                    const auto end = sync::bulk_end(daemon_.sync_id);
                    part.insert(part.end(), end.begin(), end.end());
                }
                deadline.put_off();
                co_await asio::async_write(
                    socket, asio::buffer(part), asio::redirect_error(asio::use_awaitable, error));
                pause.expires_after(kPause);
                error_code ignored;
                co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            }
        }
        --self->transfers_;
    }

    asio::io_context& io_;
    Descriptor requests_;
    const model::SyncDaemon daemon_;
    sync::Engines& engines_;
    const std::unique_ptr<kernel::SyncDatagramBuffer> buffer_ =
        std::make_unique<kernel::SyncDatagramBuffer>();
    int transfers_ = 0;
    bool closed_ = false;
};

Result<std::unique_ptr<BulkMaster>> BulkMaster::open(asio::io_context& io,
                                                     const model::SyncDaemon& daemon,
                                                     sync::Engines& engines) {
    FPVS_TRY(const kernel::SyncEndpoint endpoint, bulk_endpoint(daemon));
    FPVS_TRY(kernel::UniqueFd requests, kernel::open_sync_receiver(endpoint));
    auto state = std::make_shared<State>(io, std::move(requests), daemon, engines);
    state->wait();
    return std::unique_ptr<BulkMaster>(new BulkMaster(std::move(state)));
}

BulkMaster::~BulkMaster() {
    state_->close();
}

// --- The backup.

class BulkBackup::State : public std::enable_shared_from_this<State> {
  public:
    State(asio::io_context& io,
          kernel::SyncSender sender,
          model::SyncDaemon daemon,
          Listener listener)
        : io_(io),
          acceptor_(io),
          timer_(io),
          sender_(std::move(sender)),
          daemon_(std::move(daemon)),
          listener_(std::move(listener)) {}

    [[nodiscard]] Status listen() {
        error_code error;
        acceptor_.open(protocol_of(daemon_.group), error);
        if (!error && !stay_on(acceptor_, daemon_.interface)) {
            return fail(Code::unavailable,
                        "cannot bind to {}: {}",
                        daemon_.interface,
                        std::strerror(errno));
        }
        if (!error) {
            acceptor_.bind(tcp::endpoint(protocol_of(daemon_.group), 0), error);
        }
        if (!error) {
            acceptor_.listen(1, error);
        }
        return error ? fail(Code::unavailable, "cannot listen: {}", error.message()) : Status{};
    }

    void start() {
        asio::co_spawn(io_, receive(shared_from_this()), asio::detached);
        ask();
    }
    void close() {
        closed_ = true;
        timer_.cancel();
        error_code ignored;
        acceptor_.close(ignored);
    }

  private:
    void ask() {
        if (closed_ || complete_ || requests_ == kRequestsMax) {
            close();
            return;
        }
        if (!receiving_) {
            ++requests_;
            const auto request = sync::encode(sync::BulkRequest{
                .sync_id = daemon_.sync_id, .port = acceptor_.local_endpoint().port()});
            (void)sender_.send(request);  // It is sent again.
        }
        timer_.expires_after(kAskAgain);
        timer_.async_wait([self = shared_from_this()](const error_code& error) {
            if (!error) {
                self->ask();
            }
        });
    }

    // `self` keeps this alive.
    asio::awaitable<void> receive(std::shared_ptr<State> self) {
        while (!closed_ && !complete_) {
            tcp::socket socket(io_);
            error_code error;
            co_await acceptor_.async_accept(socket,
                                            asio::redirect_error(asio::use_awaitable, error));
            if (error) {
                break;
            }
            receiving_ = true;
            co_await read_stream(socket);
            receiving_ = false;
        }
    }

    asio::awaitable<void> read_stream(tcp::socket& socket) {
        const auto begin = std::chrono::steady_clock::now();
        Deadline deadline(socket);
        sync::BulkReader reader;
        std::vector<std::uint8_t> buffer(kReadBytes);
        std::size_t messages = 0;
        error_code error;
        auto state = sync::BulkReader::State::reading;
        while (state == sync::BulkReader::State::reading && !closed_) {
            deadline.put_off();
            const std::size_t size = co_await socket.async_read_some(
                asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
            if (error || closed_) {
                co_return;
            }
            state = reader.feed(std::span(buffer).first(size), [&](auto message) {
                ++messages;
                listener_.hear(message);
            });
            listener_.finish();
        }
        if (state == sync::BulkReader::State::complete) {
            complete_ = true;
            log::info("sync",
                      "was told everything: {} messages in {} ms",
                      messages,
                      std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::steady_clock::now() - begin)
                          .count());
        } else {
            log::warn("sync", "what came as everything is no stream of messages");
        }
    }

    asio::io_context& io_;
    tcp::acceptor acceptor_;
    asio::steady_timer timer_;
    kernel::SyncSender sender_;
    const model::SyncDaemon daemon_;
    const Listener listener_;
    int requests_ = 0;
    bool receiving_ = false;
    bool complete_ = false;
    bool closed_ = false;
};

Result<std::unique_ptr<BulkBackup>> BulkBackup::open(asio::io_context& io,
                                                     const model::SyncDaemon& daemon,
                                                     Listener listener) {
    FPVS_TRY(const kernel::SyncEndpoint endpoint, bulk_endpoint(daemon));
    FPVS_TRY(kernel::SyncSender sender, kernel::SyncSender::open(endpoint));
    auto state = std::make_shared<State>(io, std::move(sender), daemon, std::move(listener));
    FPVS_TRY_STATUS(state->listen());
    state->start();
    return std::unique_ptr<BulkBackup>(new BulkBackup(std::move(state)));
}

BulkBackup::~BulkBackup() {
    state_->close();
}

}  // namespace fpvs::daemon
