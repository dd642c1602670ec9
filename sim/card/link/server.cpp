// SPDX-License-Identifier: Apache-2.0
#include "sim/card/link/server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace fpvs::sim::card {
namespace {

// Room for two descriptors, because that is what a buffer for one is rounded up to.
constexpr std::size_t kControlBytes = CMSG_SPACE(2 * sizeof(int));

// Keeps the first descriptor and closes what else a peer may have sent.
kernel::UniqueFd take_descriptor(msghdr& header, int& count) {
    kernel::UniqueFd first;
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
         control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t descriptors = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < descriptors; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof fd);
            kernel::UniqueFd descriptor(fd);
            if (count++ == 0) {
                first = std::move(descriptor);
            }
        }
    }
    return first;
}

// An empty packet and the end of the peer look alike to recvmsg.
bool peer_has_closed(int socket) {
    pollfd state{.fd = socket, .events = POLLRDHUP, .revents = 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

// Memory that nobody can shrink under us; otherwise an access would be a SIGBUS.
std::optional<std::span<std::byte>> map_sealed(int fd, std::uint64_t size_bytes) {
    struct stat status{};
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || ::fstat(fd, &status) != 0 ||
        static_cast<std::uint64_t>(status.st_size) < size_bytes) {
        return std::nullopt;
    }
    void* base = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) {
        return std::nullopt;
    }
    return std::span(static_cast<std::byte*>(base), size_bytes);
}

bool is_register(std::uint64_t offset) {
    return offset % sizeof(std::uint32_t) == 0 && offset < kLinkRegisterBytes;
}

}  // namespace

LinkServer::LinkServer(kernel::UniqueFd socket, CardIdentity identity, Memory memory)
    : socket_(std::move(socket)), identity_(identity), memory_(memory) {}

LinkServer::~LinkServer() {
    for (const auto& [address, bytes] : shares_) {
        ::munmap(bytes.data(), bytes.size());
    }
}

LinkServer::Peer LinkServer::service(Device& device, int budget) {
    for (; budget > 0 && !gone_; --budget) {
        Received received;
        switch (receive(received)) {
            case Receipt::message:
                handle(device, received);
                break;
            case Receipt::nothing:
                return Peer::attached;
            case Receipt::end:
                gone_ = true;
                break;
        }
    }
    if (gone_ && (said_farewell_ || memory_ == Memory::released)) {
        release(device);
    }
    return gone_ ? Peer::gone : Peer::attached;
}

LinkServer::Receipt LinkServer::receive(Received& received) {
    iovec data{.iov_base = &received.message, .iov_len = sizeof received.message};
    alignas(cmsghdr) std::byte control[kControlBytes];
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0) {
        const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        return later ? Receipt::nothing : Receipt::end;
    }
    int descriptors = 0;
    received.descriptor = take_descriptor(header, descriptors);
    if (size == 0 && peer_has_closed(socket_.get())) {
        return Receipt::end;
    }
    const bool wants_descriptor = received.message.kind == MessageKind::share;
    received.well_formed = static_cast<std::size_t>(size) == sizeof received.message &&
                           (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
                           (descriptors == 0 || (descriptors == 1 && wants_descriptor));
    return Receipt::message;
}

void LinkServer::handle(Device& device, Received& received) {
    const Message& request = received.message;
    if (!received.well_formed) {
        return refuse(request, Refusal::malformed);
    }
    if (!greeted_ && request.kind != MessageKind::hello) {
        return refuse(request, Refusal::no_hello);
    }
    switch (request.kind) {
        case MessageKind::hello:
            if (request.address != kLinkMagic || request.value != kLinkVersion) {
                return refuse(request, Refusal::wrong_version);
            }
            greeted_ = true;
            return answer(request, MessageKind::welcome, kLinkVersion);
        case MessageKind::read:
            if (!is_register(request.address)) {
                return refuse(request, Refusal::bad_register);
            }
            ++counters_.reads;
            return answer(request,
                          MessageKind::value,
                          device.read_register(static_cast<std::uint32_t>(request.address)));
        case MessageKind::write:
            if (!is_register(request.address) || request.value > UINT32_MAX) {
                ++counters_.refused;
                return;
            }
            ++counters_.writes;
            return device.write_register(static_cast<std::uint32_t>(request.address),
                                         static_cast<std::uint32_t>(request.value));
        case MessageKind::share:
            return share(device, request, std::move(received.descriptor));
        case MessageKind::unshare:
            return unshare(device, request);
        case MessageKind::identify:
            return answer(request,
                          MessageKind::identity,
                          request.address == 0 ? identity_.high : identity_.low);
        case MessageKind::farewell:
            said_farewell_ = true;
            gone_ = true;
            return;
        default:
            return refuse(request, Refusal::malformed);
    }
}

void LinkServer::share(Device& device, const Message& request, kernel::UniqueFd descriptor) {
    if (const auto refusal = check_share(request)) {
        return refuse(request, *refusal);
    }
    const auto bytes = map_sealed(descriptor.get(), request.value);
    if (!bytes) {
        return refuse(request, Refusal::bad_memory);
    }
    shares_.emplace(request.address, *bytes);
    device.map_memory(request.address, *bytes);
    answer(request, MessageKind::shared, request.value);
}

void LinkServer::unshare(Device& device, const Message& request) {
    const auto share = shares_.find(request.address);
    if (share == shares_.end()) {
        return refuse(request, Refusal::unknown_share);
    }
    device.unmap_memory(share->first);
    ::munmap(share->second.data(), share->second.size());
    shares_.erase(share);
    answer(request, MessageKind::unshared, 0);
}

std::optional<Refusal> LinkServer::check_share(const Message& request) const {
    const std::uint64_t begin = request.address;
    const std::uint64_t size = request.value;
    if (shares_.size() >= kSharesMax) {
        return Refusal::too_many_shares;
    }
    if (begin % kSharePageBytes != 0 || size % kSharePageBytes != 0 || size == 0 ||
        size > kShareBytesMax || begin >= kCardAddressEnd || size > kCardAddressEnd - begin) {
        return Refusal::bad_share;
    }
    const auto next = shares_.lower_bound(begin);
    if (next != shares_.end() && next->first < begin + size) {
        return Refusal::bad_share;
    }
    if (next != shares_.begin()) {
        const auto previous = std::prev(next);
        if (previous->first + previous->second.size() > begin) {
            return Refusal::bad_share;
        }
    }
    return std::nullopt;
}

void LinkServer::answer(const Message& request, MessageKind kind, std::uint64_t value) {
    const Message reply{
        .kind = kind, .sequence = request.sequence, .address = request.address, .value = value};
    // A peer that asks but does not read its answers is treated as gone: waiting would stop the
    // card, and dropping an answer would leave the peer waiting.
    if (::send(socket_.get(), &reply, sizeof reply, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        gone_ = true;
    }
}

void LinkServer::refuse(const Message& request, Refusal refusal) {
    ++counters_.refused;
    answer(request, MessageKind::refused, static_cast<std::uint64_t>(refusal));
}

void LinkServer::release(Device& device) {
    for (const auto& [address, bytes] : shares_) {
        device.unmap_memory(address);
        ::munmap(bytes.data(), bytes.size());
    }
    shares_.clear();
}

}  // namespace fpvs::sim::card
