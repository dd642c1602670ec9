// SPDX-License-Identifier: Apache-2.0
#include "sim/card/simcard.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host/util/log.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::sim::card {
namespace {

// Cycles between two looks at the link and the ports: about a quarter of a millisecond, so that
// neither a register access nor a frame waits long for the simulation.
constexpr std::uint64_t kSliceCycles = 64;
// How often links are looked at: while asleep by the clock on the wall, while busy by the card's.
constexpr int kLinkCheckMs = 1000;
constexpr std::uint64_t kLinkCheckCycles = 1 << 20;
constexpr int kEventsMax = 8;
constexpr std::uint64_t kPicosecondsPerCycle = 3333;  // 300 MHz.

tl::unexpected<Error> failed(const char* what) {
    return fail(Code::unavailable, "cannot {}: {}", what, std::strerror(errno));
}

}  // namespace

Result<std::unique_ptr<Simcard>> Simcard::create(std::vector<std::unique_ptr<Port>> ports,
                                                 CardIdentity identity) {
    kernel::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.valid()) {
        return failed("make an epoll set");
    }
    std::unique_ptr<Simcard> simcard(new Simcard(std::move(ports), std::move(epoll), identity));
    for (const auto& port : simcard->ports_) {
        if (port->fd() >= 0) {
            FPVS_TRY_STATUS(simcard->watch(port->fd()));
        }
    }
    simcard->refresh_links();
    return simcard;
}

Simcard::Simcard(std::vector<std::unique_ptr<Port>> ports,
                 kernel::UniqueFd epoll,
                 CardIdentity identity)
    : epoll_(std::move(epoll)), identity_(identity), ports_(std::move(ports)) {
    for (const auto& port : ports_) {
        log::info("simcard", "port plugged into {}", port->text());
    }
}

Result<Simcard::Parting> Simcard::serve(kernel::UniqueFd link) {
    auto server =
        std::make_unique<LinkServer>(std::move(link), identity_, LinkServer::Memory::kept);
    FPVS_TRY_STATUS(watch(server->fd()));
    for (;;) {
        FPVS_TRY(const bool readable, turn(server->fd()));
        if (readable && server->service(*this) == LinkServer::Peer::gone) {
            break;
        }
    }
    unwatch(server->fd());
    log::info("simcard",
              "host {}: reads={} writes={} refused={} cycles={}",
              server->said_farewell() ? "gone" : "vanished",
              server->counters().reads,
              server->counters().writes,
              server->counters().refused,
              card_.cycles());
    if (server->said_farewell()) {
        // Its memory is gone with it: stop the rings, or they would shout into the void.
        card_.write_register(abi::reg::run, 0);
        return Parting::farewell;
    }
    release_vanished_host();
    vanished_host_ = std::move(server);
    return Parting::vanished;
}

void Simcard::release_vanished_host() {
    if (vanished_host_) {
        vanished_host_->release(*this);
        vanished_host_.reset();
    }
}

Result<kernel::UniqueFd> Simcard::await_host(int listener,
                                             std::optional<std::chrono::seconds> patience) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    FPVS_TRY_STATUS(watch(listener));
    for (;;) {
        FPVS_TRY(const bool readable, turn(listener));
        if (!readable) {
            if (patience && Clock::now() - begin > *patience) {
                return kernel::UniqueFd();
            }
            continue;
        }
        kernel::UniqueFd host(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (host.valid()) {
            unwatch(listener);
            log::info("simcard", "host attached");
            return host;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            return failed("accept a host");
        }
    }
}

Result<bool> Simcard::turn(int wanted) {
    std::array<epoll_event, kEventsMax> events{};
    const int timeout_ms = card_.idle() ? kLinkCheckMs : 0;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsMax, timeout_ms);
    if (count < 0 && errno != EINTR) {
        return failed("wait for work");
    }
    if ((count == 0 && timeout_ms != 0) || card_.cycles() >= links_due_cycle_) {
        refresh_links();
    }
    bool readable = false;
    for (int i = 0; i < count; ++i) {
        readable |= events.at(static_cast<std::size_t>(i)).data.fd == wanted;
    }
    take_frames();
    card_.run_to_transmission(kSliceCycles);
    give_frames();
    return readable;
}

void Simcard::take_frames() {
    for (int port = 0; port < kPorts; ++port) {
        take_frames(port);
    }
}

void Simcard::take_frames(int port) {
    Port& cable = *ports_.at(static_cast<std::size_t>(port));
    if (cable.fd() < 0 && !started_) {
        return;  // A capture file has all the time in the world, and only one beginning.
    }
    while (!card_.receive_queue_full(port)) {
        switch (cable.receive(frame_)) {
            case Port::Receipt::frame:
                (void)card_.receive(port, frame_);
                break;
            case Port::Receipt::gone:
                lose(port);
                return;
            case Port::Receipt::nothing:
                return;
        }
    }
}

void Simcard::give_frames() {
    const std::uint64_t time_ns = card_.cycles() * kPicosecondsPerCycle / 1000;
    for (int port = 0; port < kPorts; ++port) {
        while (const auto frame = card_.transmitted(port)) {
            ports_.at(static_cast<std::size_t>(port))->send(*frame, time_ns);
        }
    }
}

// The cable was cut at the far end: say so once and carry on as if nothing were plugged in.
void Simcard::lose(int port) {
    std::unique_ptr<Port>& cable = ports_.at(static_cast<std::size_t>(port));
    log::warn("simcard",
              "port {}: {} is gone; received={} sent={} refused={}",
              port,
              cable->text(),
              cable->counters().received,
              cable->counters().sent,
              cable->counters().refused);
    unwatch(cable->fd());
    cable = std::move(*open_port("none"));
    refresh_links();
}

void Simcard::refresh_links() {
    for (int port = 0; port < kPorts; ++port) {
        card_.set_link(port, ports_.at(static_cast<std::size_t>(port))->link_up());
    }
    links_due_cycle_ = card_.cycles() + kLinkCheckCycles;
}

Status Simcard::watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return failed("watch a descriptor");
    }
    return {};
}

void Simcard::unwatch(int fd) {
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::uint32_t Simcard::read_register(std::uint32_t offset) {
    return card_.read_register(offset);
}

void Simcard::write_register(std::uint32_t offset, std::uint32_t value) {
    card_.write_register(offset, value);
    started_ = started_ || (offset == abi::reg::run && (value & 1) != 0);
}

// A host that shares memory has stopped the rings before: what they had is needed no more.
void Simcard::map_memory(std::uint64_t card_address, std::span<std::byte> bytes) {
    release_vanished_host();
    card_.memory().map(card_address, bytes);
}

void Simcard::unmap_memory(std::uint64_t card_address) {
    card_.memory().unmap(card_address);
}

}  // namespace fpvs::sim::card
