// SPDX-License-Identifier: Apache-2.0
// libfpvs_ipvs.so: LD_PRELOAD it, and the stock ipvsadm or keepalived drives fpvsd.
//
// Generic-netlink sockets of the program become sockets to the daemon, $FPVS_IPVS_SOCKET or
// /run/fpvs/ipvs.sock; all others stay what they are.  Reading /proc/net/ip_vs_conn gives the
// daemon's connections.  keepalived forks: a child inherits descriptor and mark alike, and each
// process keeps its own table of marks.  Without a daemon a socket is the kernel's, as before.
#include <dlfcn.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "drivers/ipvs_netlink/private_message.hpp"

namespace {

constexpr int kDescriptorsMax = 4096;  // Higher ones are never diverted.
constexpr const char* kDefaultSocket = "/run/fpvs/ipvs.sock";
constexpr std::string_view kConnectionFile = "/proc/net/ip_vs_conn";

// The netlink port that the program believes each diverted descriptor has; 0 = not diverted.
std::array<std::atomic<std::uint32_t>, kDescriptorsMax> g_port_ids;

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::atomic<std::uint32_t>* mark_of(int descriptor) {
    const bool in_table = descriptor >= 0 && descriptor < kDescriptorsMax;
    return in_table ? &g_port_ids[static_cast<std::size_t>(descriptor)] : nullptr;
}

bool diverted(int descriptor) {
    const auto* mark = mark_of(descriptor);
    return mark != nullptr && mark->load(std::memory_order_relaxed) != 0;
}

// A connection to the daemon, or -1.
int connect_daemon(int type_flags) {
    static const auto real_socket = next<int(int, int, int)>("socket");
    const char* path = std::getenv("FPVS_IPVS_SOCKET");
    path = path != nullptr ? path : kDefaultSocket;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const int descriptor = real_socket(AF_UNIX, SOCK_SEQPACKET | type_flags, 0);
    if (descriptor < 0 || std::strlen(path) >= sizeof address.sun_path) {
        return descriptor;
    }
    std::memcpy(address.sun_path, path, std::strlen(path));
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        mark_of(descriptor) == nullptr) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

// The daemon's connections as an open file with the kernel's text; null without a daemon.
std::FILE* open_connections() {
    const int descriptor = connect_daemon(SOCK_CLOEXEC);
    if (descriptor < 0) {
        return nullptr;
    }
    nlmsghdr request{.nlmsg_len = sizeof(nlmsghdr),
                     .nlmsg_type = fpvs::ipvs_netlink::kConnectionListing,
                     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                     .nlmsg_seq = 0,
                     .nlmsg_pid = 0};
    std::FILE* file = std::tmpfile();
    bool more = file != nullptr && send(descriptor, &request, sizeof request, MSG_NOSIGNAL) > 0;
    std::array<char, 64u << 10> datagram{};
    while (more) {
        const ssize_t size = recv(descriptor, datagram.data(), datagram.size(), 0);
        std::size_t offset = 0;
        more = size > 0;
        while (more && offset + sizeof(nlmsghdr) <= static_cast<std::size_t>(size)) {
            nlmsghdr header{};
            std::memcpy(&header, datagram.data() + offset, sizeof header);
            more = header.nlmsg_type == fpvs::ipvs_netlink::kConnectionListing &&
                   header.nlmsg_len >= sizeof header &&
                   offset + header.nlmsg_len <= static_cast<std::size_t>(size);
            if (more) {
                std::fwrite(datagram.data() + offset + sizeof header,
                            1,
                            header.nlmsg_len - sizeof header,
                            file);
                offset += NLMSG_ALIGN(header.nlmsg_len);
            }
        }
    }
    close(descriptor);
    if (file != nullptr) {
        (void)std::fseek(file, 0, SEEK_SET);
    }
    return file;
}

std::FILE* open_or_divert(const char* path, const char* mode, const char* name) {
    if (path == kConnectionFile) {
        if (std::FILE* file = open_connections()) {
            return file;
        }
    }
    return next<std::FILE*(const char*, const char*)>(name)(path, mode);
}

}  // namespace

extern "C" {

int socket(int domain, int type, int protocol) noexcept {
    static const auto real = next<int(int, int, int)>("socket");
    if (domain == AF_NETLINK && protocol == NETLINK_GENERIC) {
        const int descriptor = connect_daemon(type & (SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (descriptor >= 0) {
            *mark_of(descriptor) = static_cast<std::uint32_t>(getpid());
            return descriptor;
        }
    }
    return real(domain, type, protocol);
}

int close(int descriptor) {
    static const auto real = next<int(int)>("close");
    if (auto* mark = mark_of(descriptor)) {
        mark->store(0, std::memory_order_relaxed);
    }
    return real(descriptor);
}

int bind(int descriptor, const sockaddr* address, socklen_t size) noexcept {
    static const auto real = next<int(int, const sockaddr*, socklen_t)>("bind");
    if (!diverted(descriptor)) {
        return real(descriptor, address, size);
    }
    sockaddr_nl wanted{};
    std::memcpy(&wanted, address, std::min<std::size_t>(size, sizeof wanted));
    if (wanted.nl_pid != 0) {
        *mark_of(descriptor) = wanted.nl_pid;
    }
    return 0;
}

int getsockname(int descriptor, sockaddr* address, socklen_t* size) noexcept {
    static const auto real = next<int(int, sockaddr*, socklen_t*)>("getsockname");
    if (!diverted(descriptor)) {
        return real(descriptor, address, size);
    }
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    own.nl_pid = *mark_of(descriptor);
    std::memcpy(address, &own, std::min<std::size_t>(*size, sizeof own));
    *size = sizeof own;
    return 0;
}

int setsockopt(int descriptor, int level, int option, const void* value, socklen_t size) noexcept {
    static const auto real = next<int(int, int, int, const void*, socklen_t)>("setsockopt");
    return diverted(descriptor) && level == SOL_NETLINK
               ? 0
               : real(descriptor, level, option, value, size);
}

// The peer's address and ancillary data mean nothing on the daemon's socket.
ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
    static const auto real = next<ssize_t(int, const msghdr*, int)>("sendmsg");
    if (!diverted(descriptor)) {
        return real(descriptor, message, flags);
    }
    msghdr plain = *message;
    plain.msg_name = nullptr;
    plain.msg_namelen = 0;
    plain.msg_control = nullptr;
    plain.msg_controllen = 0;
    return real(descriptor, &plain, flags | MSG_NOSIGNAL);
}

// Answers come from port 0, the kernel.
ssize_t recvmsg(int descriptor, msghdr* message, int flags) {
    static const auto real = next<ssize_t(int, msghdr*, int)>("recvmsg");
    if (!diverted(descriptor)) {
        return real(descriptor, message, flags);
    }
    void* const name = message->msg_name;
    const socklen_t room = message->msg_namelen;
    message->msg_name = nullptr;
    message->msg_namelen = 0;
    const ssize_t size = real(descriptor, message, flags);
    message->msg_name = name;
    if (size >= 0 && name != nullptr && room >= sizeof(sockaddr_nl)) {
        sockaddr_nl kernel{};
        kernel.nl_family = AF_NETLINK;
        std::memcpy(name, &kernel, sizeof kernel);
        message->msg_namelen = sizeof kernel;
    }
    return size;
}

std::FILE* fopen(const char* path, const char* mode) {
    return open_or_divert(path, mode, "fopen");
}

std::FILE* fopen64(const char* path, const char* mode) {
    return open_or_divert(path, mode, "fopen64");
}

}  // extern "C"
