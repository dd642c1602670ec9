// SPDX-License-Identifier: Apache-2.0
#include "host/control/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "host/control/frame.hpp"

namespace fpvs::control {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;
using Socket = Protocol::socket;
using boost::system::error_code;

api::Reply refusal(api::Code code, std::string message) {
    api::Reply reply;
    reply.set_code(code);
    reply.set_message(std::move(message));
    return reply;
}

bool is_permitted(Socket& socket) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return false;
    }
    return peer.uid == 0 || peer.uid == geteuid();
}

}  // namespace

// What server and sessions share; it goes when the last of them has gone.
class Server::State : public std::enable_shared_from_this<State> {
  public:
    State(asio::io_context& io, RequestHandler& handler, ServerOptions options)
        : io_(io), acceptor_(io), handler_(handler), options_(std::move(options)) {}

    [[nodiscard]] Status bind();
    void start();
    void close();

    ServerCounters counters;

  private:
    // One client.  Lives in the coroutine that serves it.
    class Session final : public ReplySink {
      public:
        Session(std::shared_ptr<State> state, Socket socket)
            : state_(std::move(state)),
              socket_(std::move(socket)),
              deadline_(state_->io_),
              serial_(state_->counters.clients_accepted) {
            state_->sessions_.emplace(serial_, this);
            state_->counters.clients = state_->sessions_.size();
        }
        ~Session() override {
            state_->sessions_.erase(serial_);
            state_->counters.clients = state_->sessions_.size();
        }
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;

        [[nodiscard]] asio::awaitable<void> serve();
        [[nodiscard]] asio::awaitable<bool> send(api::Reply reply) override;
        void close() {
            error_code ignored;
            (void)socket_.close(ignored);
            deadline_.cancel(ignored);
        }

      private:
        [[nodiscard]] asio::awaitable<bool> read_frame(std::string& body);
        [[nodiscard]] asio::awaitable<bool> admit();
        [[nodiscard]] asio::awaitable<void> reject(std::string sentence);
        void set_deadline();
        void clear_deadline() {
            error_code ignored;
            deadline_.cancel(ignored);
        }

        std::shared_ptr<State> state_;
        Socket socket_;
        asio::steady_timer deadline_;
        const std::uint64_t serial_;
        std::uint64_t request_id_ = 0;
    };

    [[nodiscard]] asio::awaitable<void> accept();

    asio::io_context& io_;
    Protocol::acceptor acceptor_;
    RequestHandler& handler_;
    ServerOptions options_;
    std::map<std::uint64_t, Session*> sessions_;  // By serial number.
    bool bound_ = false;
    bool closed_ = false;
};

// ---- A session.

asio::awaitable<void> Server::State::Session::serve() {
    if (!co_await admit()) {
        co_return;
    }
    std::string body;
    while (co_await read_frame(body)) {
        api::Request request;
        if (!request.ParseFromString(body)) {
            co_await reject("The frame is no request");
            break;
        }
        ++state_->counters.requests;
        request_id_ = request.id();
        co_await state_->handler_.handle(std::move(request), *this);
    }
}

asio::awaitable<bool> Server::State::Session::admit() {
    if (!is_permitted(socket_)) {
        ++state_->counters.clients_forbidden;
        (void)co_await send(
            refusal(api::CODE_NOT_PERMITTED, "Only root and the user of fpvsd may control it"));
        co_return false;
    }
    if (state_->sessions_.size() > state_->options_.clients_max) {
        ++state_->counters.clients_refused;
        (void)co_await send(refusal(
            api::CODE_TOO_MANY_CLIENTS,
            fmt::format("fpvsd already has {} clients; try again", state_->options_.clients_max)));
        co_return false;
    }
    co_return true;
}

// The body of the next frame; false when there will be none.
asio::awaitable<bool> Server::State::Session::read_frame(std::string& body) {
    error_code error;
    FrameHeader header{};
    // A client may think as long as it likes before a frame, but not within one.
    const std::size_t first = co_await socket_.async_read_some(
        asio::buffer(header), asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_return false;
    }
    set_deadline();
    co_await asio::async_read(socket_,
                              asio::buffer(header.data() + first, header.size() - first),
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_return false;
    }
    const std::uint32_t length = decode_length(header);
    if (length > model::kControlFrameBytesMax) {
        co_await reject(fmt::format(
            "A frame of {} bytes is longer than {}", length, model::kControlFrameBytesMax));
        co_return false;
    }
    body.resize(length);
    co_await asio::async_read(
        socket_, asio::buffer(body), asio::redirect_error(asio::use_awaitable, error));
    clear_deadline();
    co_return !error;
}

asio::awaitable<bool> Server::State::Session::send(api::Reply reply) {
    reply.set_id(request_id_);
    std::string body = reply.SerializeAsString();
    if (body.size() > model::kControlFrameBytesMax) {
        api::Reply too_long =
            refusal(api::CODE_INTERNAL, "The answer does not fit a frame; please report this");
        too_long.set_id(request_id_);
        body = too_long.SerializeAsString();
    }
    const FrameHeader header = encode_length(static_cast<std::uint32_t>(body.size()));
    const std::array<asio::const_buffer, 2> frame{asio::buffer(header), asio::buffer(body)};
    error_code error;
    set_deadline();
    co_await asio::async_write(socket_, frame, asio::redirect_error(asio::use_awaitable, error));
    clear_deadline();
    co_return !error;
}

asio::awaitable<void> Server::State::Session::reject(std::string sentence) {
    ++state_->counters.frames_malformed;
    request_id_ = 0;
    (void)co_await send(refusal(api::CODE_MALFORMED_REQUEST, std::move(sentence)));
}

void Server::State::Session::set_deadline() {
    deadline_.expires_after(state_->options_.stall_timeout);
    deadline_.async_wait([state = state_, serial = serial_](const error_code& error) {
        // A wait may end too late to be cancelled, when the session has gone: look it up.
        const auto session = state->sessions_.find(serial);
        if (!error && session != state->sessions_.end()) {
            ++state->counters.clients_stalled;
            session->second->close();
        }
    });
}

// ---- The listening socket.

Status Server::State::bind() {
    const std::string& path = options_.socket_path;
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return fail({.code = Code::invalid_argument,
                     .message = fmt::format("a socket's path has 1 to {} characters",
                                            sizeof(address.sun_path) - 1),
                     .where = path});
    }
    std::error_code folder_error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), folder_error);
    error_code error;
    const Protocol::endpoint endpoint(path);
    Socket probe(io_);
    (void)probe.connect(endpoint, error);
    if (!error) {
        return fail({.code = Code::already_exists,
                     .message = "another fpvsd answers on this socket",
                     .where = path});
    }
    if (error == asio::error::connection_refused) {
        unlink(path.c_str());
    }
    (void)acceptor_.open(endpoint.protocol(), error);
    if (!error) {
        (void)acceptor_.bind(endpoint, error);
    }
    if (!error) {
        bound_ = true;
        // SO_PEERCRED decides who is heard; the mode keeps others from even connecting.
        if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
            error.assign(errno, boost::system::system_category());
        }
    }
    if (!error) {
        (void)acceptor_.listen(Socket::max_listen_connections, error);
    }
    if (error) {
        return fail(
            {.code = Code::unavailable,
             .message = fmt::format("the control socket cannot be made: {}", error.message()),
             .where = path});
    }
    return {};
}

void Server::State::start() {
    asio::co_spawn(io_, [self = shared_from_this()]() { return self->accept(); }, asio::detached);
}

asio::awaitable<void> Server::State::accept() {
    // The coroutine may outlive the Server: what it needs stays with it.
    const auto self = shared_from_this();
    while (!closed_) {
        error_code error;
        Socket socket =
            co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (closed_) {
            break;
        }
        if (error) {  // Out of descriptors, most likely: wait for some client to leave.
            asio::steady_timer pause(io_, std::chrono::milliseconds(100));
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        ++counters.clients_accepted;
        auto session = std::make_unique<Session>(self, std::move(socket));
        asio::co_spawn(
            io_, [session = std::move(session)]() { return session->serve(); }, asio::detached);
    }
}

void Server::State::close() {
    closed_ = true;
    error_code ignored;
    (void)acceptor_.close(ignored);
    for (const auto& [serial, session] : sessions_) {
        session->close();
    }
    if (bound_) {
        unlink(options_.socket_path.c_str());
    }
}

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& io,
                                               RequestHandler& handler,
                                               ServerOptions options) {
    auto state = std::make_shared<State>(io, handler, std::move(options));
    FPVS_TRY_STATUS(state->bind());
    state->start();
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    state_->close();
}

const ServerCounters& Server::counters() const {
    return state_->counters;
}

}  // namespace fpvs::control
