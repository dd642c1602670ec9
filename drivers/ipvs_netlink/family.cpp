// SPDX-License-Identifier: Apache-2.0
#include "drivers/ipvs_netlink/family.hpp"

#include <linux/ip_vs.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "drivers/ipvs_netlink/connection_listing.hpp"
#include "drivers/ipvs_netlink/entries.hpp"
#include "drivers/ipvs_netlink/private_message.hpp"

namespace fpvs::ipvs_netlink {
namespace {

constexpr std::uint32_t kIpvsVersion = 0x010201;      // 1.2.1, as `ipvsadm` prints it.
constexpr std::uint32_t kConnectionTableSize = 4096;  // What a stock kernel says.
constexpr std::uint32_t kHeaderBytes = 0;             // Of the family's own, before attributes.
constexpr std::uint8_t kControllerVersion = 2;        // Of the controller's own messages.
constexpr std::uint32_t kAttributeMax = IPVS_CMD_ATTR_MAX;

// A page of connections fits one answer.
constexpr std::size_t kPageConnections = 128;

// The commands as the kernel lists them, with linux/genetlink.h's flags: all take attributes and
// ask for CAP_NET_ADMIN, the queries do something at once, dump, or both.
struct Command {
    std::uint8_t id;
    std::uint32_t flags;
};
constexpr std::uint32_t kDo = GENL_ADMIN_PERM | GENL_CMD_CAP_DO | GENL_CMD_CAP_HASPOL;
constexpr std::uint32_t kDump = GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP | GENL_CMD_CAP_HASPOL;
constexpr Command kCommands[] = {{IPVS_CMD_NEW_SERVICE, kDo},
                                 {IPVS_CMD_SET_SERVICE, kDo},
                                 {IPVS_CMD_DEL_SERVICE, kDo},
                                 {IPVS_CMD_GET_SERVICE, kDo | kDump},
                                 {IPVS_CMD_NEW_DEST, kDo},
                                 {IPVS_CMD_SET_DEST, kDo},
                                 {IPVS_CMD_DEL_DEST, kDo},
                                 {IPVS_CMD_GET_DEST, kDump},
                                 {IPVS_CMD_NEW_DAEMON, kDo},
                                 {IPVS_CMD_DEL_DAEMON, kDo},
                                 {IPVS_CMD_GET_DAEMON, kDump},
                                 {IPVS_CMD_SET_CONFIG, kDo},
                                 {IPVS_CMD_GET_CONFIG, kDo},
                                 {IPVS_CMD_GET_INFO, kDo},
                                 {IPVS_CMD_ZERO, kDo},
                                 {IPVS_CMD_FLUSH, kDo}};

// The kernel's errno for an edit of services that control::Operations refused.
int service_error(const Status& status) {
    if (status) {
        return 0;
    }
    switch (status.error().code) {
        case Code::already_exists:
            return EEXIST;
        case Code::not_found:
            return ESRCH;
        case Code::invalid_argument:
            return EINVAL;
        case Code::exhausted:
            return ENOMEM;
        default:
            return EOPNOTSUPP;
    }
}

}  // namespace

struct IpvsFamily::Request {
    nlmsghdr header{};
    std::uint8_t command = 0;
    Attributes attributes;
    ByteView bytes;

    [[nodiscard]] bool dump() const { return (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP; }
    [[nodiscard]] std::uint16_t part() const { return dump() ? NLM_F_MULTI : 0; }
};

Bytes IpvsFamily::handle(ByteView datagram) {
    MessageWriter out;
    while (datagram.size() >= NLMSG_HDRLEN) {
        Request request;
        std::memcpy(&request.header, datagram.data(), sizeof request.header);
        const std::size_t length = request.header.nlmsg_len;
        if (length < NLMSG_HDRLEN || length > datagram.size()) {
            break;  // The kernel, too, drops what does not frame.
        }
        request.bytes = datagram.first(length);
        answer(request, out);
        datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), datagram.size()));
    }
    return out.take();
}

void IpvsFamily::answer(const Request& framed, MessageWriter& out) {
    Request request = framed;
    int error = EINVAL;
    if (request.header.nlmsg_type == kConnectionListing) {
        list_connections(request, out);
        error = 0;
    } else if (request.bytes.size() >= NLMSG_HDRLEN + GENL_HDRLEN) {
        request.command = request.bytes[NLMSG_HDRLEN];
        const auto attributes =
            Attributes::parse(request.bytes.subspan(NLMSG_HDRLEN + GENL_HDRLEN));
        if (attributes) {
            request.attributes = *attributes;
            error = request.header.nlmsg_type == GENL_ID_CTRL ? controller(request, out)
                    : request.header.nlmsg_type == kFamilyId  ? dispatch(request, out)
                                                              : ENOENT;
        }
    }
    if (error == 0 && request.dump()) {
        out.done(request.header);
    } else if (error != 0 || (request.header.nlmsg_flags & NLM_F_ACK) != 0) {
        out.acknowledge(request.bytes, -error);
    }
}

int IpvsFamily::controller(const Request& request, MessageWriter& out) {
    if (request.command != CTRL_CMD_GETFAMILY) {
        return EOPNOTSUPP;
    }
    if (request.attributes.text(CTRL_ATTR_FAMILY_NAME) != IPVS_GENL_NAME) {
        return ENOENT;
    }
    out.begin(request.header, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY, kControllerVersion);
    out.text(CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME);
    out.number16(CTRL_ATTR_FAMILY_ID, kFamilyId);
    out.number32(CTRL_ATTR_VERSION, IPVS_GENL_VERSION);
    out.number32(CTRL_ATTR_HDRSIZE, kHeaderBytes);
    out.number32(CTRL_ATTR_MAXATTR, kAttributeMax);
    const std::size_t list = out.begin_nest(CTRL_ATTR_OPS);
    std::uint16_t index = 0;
    for (const Command& command : kCommands) {
        const std::size_t nest = out.begin_nest(++index);
        out.number32(CTRL_ATTR_OP_ID, command.id);
        out.number32(CTRL_ATTR_OP_FLAGS, command.flags);
        out.end_nest(nest);
    }
    out.end_nest(list);
    out.end();
    return 0;
}

int IpvsFamily::dispatch(const Request& request, MessageWriter& out) {
    switch (request.command) {
        case IPVS_CMD_NEW_SERVICE:
        case IPVS_CMD_SET_SERVICE:
        case IPVS_CMD_DEL_SERVICE:
            return edit_service(request);
        case IPVS_CMD_GET_SERVICE:
            return get_services(request, out);
        case IPVS_CMD_NEW_DEST:
        case IPVS_CMD_SET_DEST:
        case IPVS_CMD_DEL_DEST:
            return edit_destination(request);
        case IPVS_CMD_GET_DEST:
            return get_destinations(request, out);
        case IPVS_CMD_NEW_DAEMON:
        case IPVS_CMD_DEL_DAEMON:
            return edit_sync_daemon(request);
        case IPVS_CMD_GET_DAEMON:
            get_sync_daemons(request, out);
            return 0;
        case IPVS_CMD_SET_CONFIG:
            return set_timeouts(request);
        case IPVS_CMD_GET_CONFIG:
            get_timeouts(request, out);
            return 0;
        case IPVS_CMD_GET_INFO:
            get_info(request, out);
            return 0;
        case IPVS_CMD_ZERO:
            return zero(request);
        case IPVS_CMD_FLUSH:
            return service_error(operations_.flush());
        default:
            return EOPNOTSUPP;
    }
}

int IpvsFamily::edit_service(const Request& request) {
    const auto attributes = request.attributes.nested(IPVS_CMD_ATTR_SERVICE);
    model::ServiceKey key;
    if (!attributes) {
        return EINVAL;
    }
    if (const int error = read_service_key(*attributes, key)) {
        return error;
    }
    if (request.command == IPVS_CMD_DEL_SERVICE) {
        return service_error(operations_.delete_service(key));
    }
    const bool is_new = request.command == IPVS_CMD_NEW_SERVICE;
    if (!is_new && !operations_.service(key)) {
        return ESRCH;
    }
    model::ServiceSettings settings;
    if (const int error = read_service_settings(*attributes, key.address.family, settings)) {
        return error;
    }
    const Status done =
        is_new ? operations_.add_service(key, settings) : operations_.edit_service(key, settings);
    // What is not found from here on is the scheduler or the persistence engine.
    return !done && done.error().code == Code::not_found ? ENOENT : service_error(done);
}

int IpvsFamily::edit_destination(const Request& request) {
    const auto service = request.attributes.nested(IPVS_CMD_ATTR_SERVICE);
    const auto destination = request.attributes.nested(IPVS_CMD_ATTR_DEST);
    model::ServiceKey key;
    model::ServerKey server;
    if (!service || !destination) {
        return EINVAL;
    }
    if (const int error = read_service_key(*service, key)) {
        return error;
    }
    if (!operations_.service(key)) {
        return ESRCH;
    }
    if (const int error = read_server_key(*destination, key.address.family, server)) {
        return error;
    }
    // Of what is not found from here on, it is the destination.
    const auto code = [](const Status& status) {
        return !status && status.error().code == Code::not_found ? ENOENT : service_error(status);
    };
    if (request.command == IPVS_CMD_DEL_DEST) {
        return code(operations_.delete_server(key, server));
    }
    model::ServerSettings settings;
    if (const int error = read_server_settings(*destination, settings)) {
        return error;
    }
    return code(request.command == IPVS_CMD_NEW_DEST
                    ? operations_.add_server(key, server, settings)
                    : operations_.edit_server(key, server, settings));
}

int IpvsFamily::get_services(const Request& request, MessageWriter& out) {
    const auto write = [&](const model::ServiceView& service) {
        out.begin(request.header, kFamilyId, request.part(), IPVS_CMD_NEW_SERVICE);
        write_service(out, service);
        out.end();
    };
    if (request.dump()) {
        for (const auto& service : operations_.services()) {
            write(service);
        }
        return 0;
    }
    const auto attributes = request.attributes.nested(IPVS_CMD_ATTR_SERVICE);
    model::ServiceKey key;
    if (!attributes) {
        return EINVAL;
    }
    if (const int error = read_service_key(*attributes, key)) {
        return error;
    }
    const auto service = operations_.service(key);
    if (!service) {
        return ESRCH;
    }
    write(*service);
    return 0;
}

int IpvsFamily::get_destinations(const Request& request, MessageWriter& out) {
    const auto attributes = request.attributes.nested(IPVS_CMD_ATTR_SERVICE);
    model::ServiceKey key;
    if (!request.dump() || !attributes || read_service_key(*attributes, key) != 0) {
        return request.dump() ? 0 : EOPNOTSUPP;  // The kernel's dump is empty then.
    }
    if (const auto service = operations_.service(key)) {
        for (const auto& server : service->servers) {
            out.begin(request.header, kFamilyId, request.part(), IPVS_CMD_NEW_DEST);
            write_server(out, server);
            out.end();
        }
    }
    return 0;
}

int IpvsFamily::edit_sync_daemon(const Request& request) {
    const auto attributes = request.attributes.nested(IPVS_CMD_ATTR_DAEMON);
    if (!attributes) {
        return EINVAL;
    }
    if (request.command == IPVS_CMD_DEL_DAEMON) {
        model::SyncRole role{};
        const int error = read_sync_role(*attributes, role);
        return error != 0 ? error : service_error(operations_.stop_sync_daemon(role));
    }
    model::SyncDaemon daemon;
    if (const int error = read_sync_daemon(*attributes, daemon)) {
        return error;
    }
    const Status started = operations_.start_sync_daemon(daemon);
    return !started && started.error().code == Code::unavailable ? ENODEV : service_error(started);
}

void IpvsFamily::get_sync_daemons(const Request& request, MessageWriter& out) {
    for (const model::SyncDaemon& daemon : operations_.sync_daemons()) {
        out.begin(request.header, kFamilyId, request.part(), IPVS_CMD_NEW_DAEMON);
        write_sync_daemon(out, daemon);
        out.end();
    }
}

int IpvsFamily::zero(const Request& request) {
    const auto attributes = request.attributes.nested(IPVS_CMD_ATTR_SERVICE);
    if (!attributes) {
        return service_error(operations_.zero(std::nullopt));
    }
    model::ServiceKey key;
    if (const int error = read_service_key(*attributes, key)) {
        return error;
    }
    return service_error(operations_.zero(key));
}

int IpvsFamily::set_timeouts(const Request& request) {
    model::ConnectionTimeouts timeouts = operations_.timeouts();
    // 0 leaves a timeout as it is.
    const auto take = [&](std::uint16_t type, std::uint32_t& value) {
        value = request.attributes.number<std::uint32_t>(type).value_or(0) != 0
                    ? *request.attributes.number<std::uint32_t>(type)
                    : value;
    };
    take(IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp_s);
    take(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin_s);
    take(IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp_s);
    return service_error(operations_.set_timeouts(timeouts));
}

void IpvsFamily::get_timeouts(const Request& request, MessageWriter& out) {
    const model::ConnectionTimeouts timeouts = operations_.timeouts();
    out.begin(request.header, kFamilyId, 0, IPVS_CMD_SET_CONFIG);
    out.number32(IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp_s);
    out.number32(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin_s);
    out.number32(IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp_s);
    out.end();
}

void IpvsFamily::list_connections(const Request& request, MessageWriter& out) {
    out.raw(request.header, kConnectionListing, connection_heading());
    std::uint64_t cursor = 0;
    do {
        const control::ConnectionPage page = operations_.connections(cursor, kPageConnections);
        std::string text;
        for (const auto& connection : page.connections) {
            text += connection_line(connection);
        }
        out.raw(request.header, kConnectionListing, text);
        cursor = page.next_cursor;
    } while (cursor != 0);
}

void IpvsFamily::get_info(const Request& request, MessageWriter& out) {
    out.begin(request.header, kFamilyId, 0, IPVS_CMD_SET_INFO);
    out.number32(IPVS_INFO_ATTR_VERSION, kIpvsVersion);
    out.number32(IPVS_INFO_ATTR_CONN_TAB_SIZE, kConnectionTableSize);
    out.end();
}

}  // namespace fpvs::ipvs_netlink
