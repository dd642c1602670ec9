// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/rtnetlink.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace fpvs::kernel {
namespace {

constexpr std::size_t kRequestBytes = 512;  // Every request below is far smaller.
// Dumps come in datagrams of up to 32 KiB where the receiver offers as much (libmnl's advice).
constexpr std::size_t kReplyBytes = 32768;

// The states in which the kernel itself would send to the address that the entry has.
constexpr std::uint16_t kUsableStates =
    NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

constexpr std::size_t octets_of(model::Family family) {
    return family == model::Family::ipv4 ? 4 : 16;
}

constexpr std::uint8_t kernel_family(model::Family family) {
    return family == model::Family::ipv4 ? AF_INET : AF_INET6;
}

// None if the kernel speaks of something else.
constexpr std::optional<model::Family> family_of(int kernel_family) {
    switch (kernel_family) {
        case AF_INET:
            return model::Family::ipv4;
        case AF_INET6:
            return model::Family::ipv6;
        default:
            return std::nullopt;
    }
}

// A netlink message under construction, on the stack.
template <class Header>
class Request {
  public:
    Request(std::uint16_t type, std::uint16_t flags) {
        message_ = mnl_nlmsg_put_header(buffer_.data());
        message_->nlmsg_type = type;
        message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        header_ = static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header)));
    }
    [[nodiscard]] Header& header() { return *header_; }
    [[nodiscard]] nlmsghdr& message() { return *message_; }
    void put(std::uint16_t type, std::uint32_t number) { mnl_attr_put_u32(message_, type, number); }
    void put(std::uint16_t type, const model::IpAddress& address) {
        std::array<std::uint32_t, 4> octets;
        std::transform(address.words.begin(), address.words.end(), octets.begin(), htonl);
        mnl_attr_put(message_, type, octets_of(address.family), octets.data());
    }
    void put(std::uint16_t type, std::string_view text) {
        mnl_attr_put_strz(message_, type, std::string(text).c_str());
    }

  private:
    alignas(nlmsghdr) std::array<char, kRequestBytes> buffer_{};
    nlmsghdr* message_;
    Header* header_;
};

// Calls visit(type, attribute) for each attribute of some octets.
template <class Visit>
void for_each_attribute(const void* begin, const void* end, Visit visit) {
    const auto* attribute = static_cast<const nlattr*>(begin);
    for (; mnl_attr_ok(attribute,
                       static_cast<int>(static_cast<const char*>(end) -
                                        reinterpret_cast<const char*>(attribute)));
         attribute = mnl_attr_next(attribute)) {
        visit(mnl_attr_get_type(attribute), *attribute);
    }
}

// The same for the attributes after the family header.
template <class Header, class Visit>
const Header& for_each_attribute(const nlmsghdr& message, Visit visit) {
    for_each_attribute(mnl_nlmsg_get_payload_offset(&message, sizeof(Header)),
                       mnl_nlmsg_get_payload_tail(&message),
                       visit);
    return *static_cast<const Header*>(mnl_nlmsg_get_payload(&message));
}

template <class Header>
bool holds(const nlmsghdr& message) {
    return mnl_nlmsg_get_payload_len(&message) >= sizeof(Header);
}

// The family follows from the length.
std::optional<model::IpAddress> address_of(const void* octets, std::size_t size) {
    if (size != octets_of(model::Family::ipv4) && size != octets_of(model::Family::ipv6)) {
        return std::nullopt;
    }
    std::array<std::uint32_t, 4> words{};
    std::memcpy(words.data(), octets, size);
    std::transform(words.begin(), words.end(), words.begin(), ntohl);
    if (size == octets_of(model::Family::ipv4)) {
        return model::Ipv4{words[0]};
    }
    return model::Ipv6{words};
}

std::optional<model::IpAddress> address_of(const nlattr& attribute) {
    return address_of(mnl_attr_get_payload(&attribute), mnl_attr_get_payload_len(&attribute));
}

// A gateway of another family than the route's (RFC 8950).
std::optional<model::IpAddress> via_of(const nlattr& attribute) {
    const std::size_t size = mnl_attr_get_payload_len(&attribute);
    if (size < sizeof(rtvia)) {
        return std::nullopt;
    }
    const auto* via = static_cast<const rtvia*>(mnl_attr_get_payload(&attribute));
    return address_of(via->rtvia_addr, size - sizeof(rtvia));
}

std::optional<model::MacAddress> mac_of(const nlattr& attribute) {
    model::MacAddress mac;
    if (mnl_attr_get_payload_len(&attribute) != mac.octets.size()) {
        return std::nullopt;
    }
    std::memcpy(mac.octets.data(), mnl_attr_get_payload(&attribute), mac.octets.size());
    return mac;
}

// Whether the kernel says that what it tells changed meanwhile.  Takes the mark off, at which
// libmnl would stop before the end.
bool take_interruption(char* datagram, ssize_t length) {
    bool interrupted = false;
    int left = static_cast<int>(length);
    for (auto* message = reinterpret_cast<nlmsghdr*>(datagram); mnl_nlmsg_ok(message, left);
         message = mnl_nlmsg_next(message, &left)) {
        interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        message->nlmsg_flags &= static_cast<std::uint16_t>(~NLM_F_DUMP_INTR);
    }
    return interrupted;
}

// What an attribute of a route, or of one of its next hops, says of the way.
void take_hop(std::uint16_t type, const nlattr& value, provider::Route& route) {
    if (type == RTA_OIF) {
        route.interface_index = mnl_attr_get_u32(&value);
    } else if (type == RTA_GATEWAY) {
        route.gateway = address_of(value);
    } else if (type == RTA_VIA) {
        route.gateway = via_of(value);
    }
}

// Of several next hops the first that works.
void take_first_hop(const nlattr& hops, provider::Route& route) {
    const auto* octets = static_cast<const char*>(mnl_attr_get_payload(&hops));
    std::size_t left = mnl_attr_get_payload_len(&hops);
    while (left >= sizeof(rtnexthop)) {
        const auto& hop = *reinterpret_cast<const rtnexthop*>(octets);
        const std::size_t size = RTNH_ALIGN(hop.rtnh_len);
        if (hop.rtnh_len < sizeof(rtnexthop) || size > left) {
            return;
        }
        if ((hop.rtnh_flags & RTNH_F_DEAD) == 0) {
            route.interface_index = static_cast<std::uint32_t>(hop.rtnh_ifindex);
            for_each_attribute(
                octets + sizeof(rtnexthop),
                octets + hop.rtnh_len,
                [&](std::uint16_t type, const nlattr& value) { take_hop(type, value, route); });
            return;
        }
        octets += size;
        left -= size;
    }
}

std::uint32_t mtu_of(const nlattr& metrics) {
    std::uint32_t mtu = 0;
    const auto* begin = static_cast<const char*>(mnl_attr_get_payload(&metrics));
    for_each_attribute(begin,
                       begin + mnl_attr_get_payload_len(&metrics),
                       [&mtu](std::uint16_t type, const nlattr& value) {
                           if (type == RTAX_MTU) {
                               mtu = mnl_attr_get_u32(&value);
                           }
                       });
    return mtu;
}

// fe80::/10.
bool is_link_local(const model::Prefix& prefix) {
    constexpr std::uint8_t kBits = 10;
    constexpr std::uint32_t kFirst = 0xfe800000;
    return prefix.address.is_ipv6() && prefix.length >= kBits &&
           (prefix.address.words[0] ^ kFirst) >> (32 - kBits) == 0;
}

void lead_nowhere(provider::Route& route) {
    route.interface_index = 0;
    route.gateway.reset();
    route.mtu = 0;
}

}  // namespace

std::optional<Interface> parse_interface(const nlmsghdr& message) {
    if (!holds<ifinfomsg>(message)) {
        return std::nullopt;
    }
    Interface interface;
    const auto& header =
        for_each_attribute<ifinfomsg>(message, [&](std::uint16_t type, const nlattr& attribute) {
            if (type == IFLA_IFNAME) {
                interface.name = mnl_attr_get_str(&attribute);
            } else if (type == IFLA_MTU) {
                interface.mtu = mnl_attr_get_u32(&attribute);
            } else if (type == IFLA_ADDRESS) {
                interface.mac = mac_of(attribute).value_or(model::MacAddress{});
            }
        });
    if (header.ifi_family != AF_UNSPEC) {
        return std::nullopt;  // A bridge tells of its ports in messages of this same type.
    }
    interface.index = static_cast<std::uint32_t>(header.ifi_index);
    interface.up = (header.ifi_flags & IFF_UP) != 0 && (header.ifi_flags & IFF_LOWER_UP) != 0;
    return interface;
}

std::optional<InterfaceAddress> parse_address(const nlmsghdr& message) {
    if (!holds<ifaddrmsg>(message)) {
        return std::nullopt;
    }
    std::optional<model::IpAddress> local;
    std::optional<model::IpAddress> peer;
    const auto& header =
        for_each_attribute<ifaddrmsg>(message, [&](std::uint16_t type, const nlattr& attribute) {
            if (type == IFA_LOCAL) {
                local = address_of(attribute);
            } else if (type == IFA_ADDRESS) {
                peer = address_of(attribute);
            }
        });
    if (!local) {
        local = peer;  // All that IPv6 has, except on a link between two hosts.
    }
    if (!local || local->family != family_of(header.ifa_family)) {
        return std::nullopt;
    }
    return InterfaceAddress{.interface_index = header.ifa_index,
                            .address = *local,
                            .prefix_length = header.ifa_prefixlen};
}

std::optional<NeighbourEntry> parse_neighbour(const nlmsghdr& message) {
    if (!holds<ndmsg>(message)) {
        return std::nullopt;
    }
    std::optional<model::IpAddress> address;
    std::optional<model::MacAddress> mac;
    const auto& header =
        for_each_attribute<ndmsg>(message, [&](std::uint16_t type, const nlattr& attribute) {
            if (type == NDA_DST) {
                address = address_of(attribute);
            } else if (type == NDA_LLADDR) {
                mac = mac_of(attribute);
            }
        });
    if (!address || address->family != family_of(header.ndm_family)) {
        return std::nullopt;
    }
    const bool usable =
        message.nlmsg_type == RTM_NEWNEIGH && (header.ndm_state & kUsableStates) != 0;
    return NeighbourEntry{.interface_index = static_cast<std::uint32_t>(header.ndm_ifindex),
                          .address = *address,
                          .mac = usable ? mac : std::nullopt,
                          .stale = usable && (header.ndm_state & NUD_STALE) != 0,
                          .probing = (header.ndm_state & NUD_INCOMPLETE) != 0};
}

std::optional<RouteMessage> parse_route(const nlmsghdr& message) {
    if (!holds<rtmsg>(message)) {
        return std::nullopt;
    }
    const auto& header = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
    const auto family = family_of(header.rtm_family);
    constexpr unsigned kUnusable = RTM_F_CLONED | RTNH_F_DEAD;
    if (!family || header.rtm_dst_len > 8 * octets_of(*family) || header.rtm_src_len != 0 ||
        header.rtm_tos != 0 || (header.rtm_flags & kUnusable) != 0) {
        return std::nullopt;
    }
    RouteMessage found{.route = {.prefix = {model::IpAddress::any(*family), header.rtm_dst_len}},
                       .table = header.rtm_table};
    provider::Route& route = found.route;
    bool encapsulated = false;
    for_each_attribute<rtmsg>(message, [&](std::uint16_t type, const nlattr& value) {
        switch (type) {
            case RTA_DST:
                route.prefix.address = address_of(value).value_or(route.prefix.address);
                break;
            case RTA_TABLE:
                found.table = mnl_attr_get_u32(&value);
                break;
            case RTA_PRIORITY:
                route.metric = mnl_attr_get_u32(&value);
                break;
            case RTA_METRICS:
                route.mtu = mtu_of(value);
                break;
            case RTA_ENCAP_TYPE:
                encapsulated = true;
                break;
            case RTA_MULTIPATH:
                found.multipath = true;
                take_first_hop(value, route);
                break;
            default:
                take_hop(type, value, route);
                break;
        }
    });
    switch (header.rtm_type) {
        case RTN_UNICAST:
            // An address of a link alone does not tell which link; a tunnel of the kernel's is
            // not ours to build.
            if (encapsulated || is_link_local(route.prefix)) {
                lead_nowhere(route);
            }
            return found;
        case RTN_LOCAL:
        case RTN_BROADCAST:
        case RTN_ANYCAST:
        case RTN_MULTICAST:
        case RTN_BLACKHOLE:
        case RTN_UNREACHABLE:
        case RTN_PROHIBIT:
            lead_nowhere(route);
            return found;
        default:
            return std::nullopt;
    }
}

Result<Rtnetlink> Rtnetlink::open() {
    Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
        return fail(Code::unavailable, "cannot open an rtnetlink socket: {}", std::strerror(errno));
    }
    return Rtnetlink(std::move(socket));
}

Result<int> Rtnetlink::exchange(nlmsghdr& request, const OnReply& on_reply) {
    request.nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_.get(), &request, request.nlmsg_len) < 0) {
        return fail(Code::unavailable, "rtnetlink send: {}", std::strerror(errno));
    }
    const auto callback = [](const nlmsghdr* message, void* context) -> int {
        (*static_cast<const OnReply*>(context))(*message);
        return MNL_CB_OK;
    };
    const bool several = (request.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    bool interrupted = false;
    const bool acknowledged = (request.nlmsg_flags & NLM_F_ACK) != 0;
    alignas(nlmsghdr) std::array<char, kReplyBytes> buffer;
    while (true) {
        const ssize_t length = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
        if (length < 0) {
            return fail(Code::unavailable, "rtnetlink receive: {}", std::strerror(errno));
        }
        interrupted |= several && take_interruption(buffer.data(), length);
        const int state = mnl_cb_run(buffer.data(),
                                     static_cast<std::size_t>(length),
                                     sequence_,
                                     mnl_socket_get_portid(socket_.get()),
                                     callback,
                                     const_cast<OnReply*>(&on_reply));
        if (state < 0) {
            return errno;
        }
        if (state == MNL_CB_STOP || (state == MNL_CB_OK && !several && !acknowledged)) {
            return interrupted ? EINTR : 0;
        }
    }
}

Result<Interface> Rtnetlink::query_interface(nlmsghdr& request, std::string_view what) {
    std::optional<Interface> found;
    FPVS_TRY(const int refused,
             exchange(request, [&](const nlmsghdr& message) { found = parse_interface(message); }));
    if (refused != 0 || !found) {
        return fail(Code::not_found, "no network interface {}", what);
    }
    return *found;
}

Result<Interface> Rtnetlink::interface(std::string_view name) {
    if (name.empty() || name.size() >= IFNAMSIZ) {
        return fail(Code::invalid_argument, "'{}' cannot name a network interface", name);
    }
    Request<ifinfomsg> request(RTM_GETLINK, 0);
    request.put(IFLA_IFNAME, name);
    return query_interface(request.message(), name);
}

Result<Interface> Rtnetlink::interface(std::uint32_t index) {
    Request<ifinfomsg> request(RTM_GETLINK, 0);
    request.header().ifi_index = static_cast<int>(index);
    return query_interface(request.message(), fmt::format("with index {}", index));
}

Result<std::vector<InterfaceAddress>> Rtnetlink::addresses(std::uint32_t interface_index,
                                                           model::Family family) {
    FPVS_TRY(auto found, all_addresses(family));
    std::erase_if(found, [&](const InterfaceAddress& address) {
        return address.interface_index != interface_index;
    });
    return found;
}

Result<std::vector<InterfaceAddress>> Rtnetlink::all_addresses(model::Family family) {
    Request<ifaddrmsg> request(RTM_GETADDR, NLM_F_DUMP);
    request.header().ifa_family = kernel_family(family);
    std::vector<InterfaceAddress> found;
    FPVS_TRY(const int refused, exchange(request.message(), [&](const nlmsghdr& message) {
                 if (const auto address = parse_address(message)) {
                     found.push_back(*address);
                 }
             }));
    if (refused != 0 && refused != EINTR) {
        return fail(Code::unavailable, "cannot list addresses: {}", std::strerror(refused));
    }
    return found;
}

Status Rtnetlink::change_address(std::uint16_t type,
                                 std::uint16_t flags,
                                 const InterfaceAddress& address,
                                 int harmless_error) {
    Request<ifaddrmsg> request(type, static_cast<std::uint16_t>(NLM_F_ACK | flags));
    request.header().ifa_family = kernel_family(address.address.family);
    request.header().ifa_prefixlen = address.prefix_length;
    request.header().ifa_index = address.interface_index;
    request.put(IFA_LOCAL, address.address);
    if (address.address.is_ipv6()) {
        request.put(IFA_FLAGS, std::uint32_t{IFA_F_NODAD});
    }
    FPVS_TRY(const int refused, exchange(request.message(), [](const nlmsghdr&) {}));
    if (refused != 0 && refused != harmless_error) {
        return fail(Code::unavailable,
                    "cannot {} address {}/{}: {}",
                    type == RTM_NEWADDR ? "add" : "remove",
                    model::to_string(address.address),
                    address.prefix_length,
                    std::strerror(refused));
    }
    return {};
}

Status Rtnetlink::add_address(const InterfaceAddress& address) {
    return change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address, EEXIST);
}

Status Rtnetlink::remove_address(const InterfaceAddress& address) {
    return change_address(RTM_DELADDR, 0, address, EADDRNOTAVAIL);
}

Status Rtnetlink::change_interface(nlmsghdr& request, std::string_view what) {
    FPVS_TRY(const int refused, exchange(request, [](const nlmsghdr&) {}));
    if (refused != 0) {
        return fail(Code::unavailable, "cannot {}: {}", what, std::strerror(refused));
    }
    return {};
}

Status Rtnetlink::add_macvlan(std::string_view name,
                              std::uint32_t base_index,
                              model::MacAddress mac) {
    Request<ifinfomsg> request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    request.put(IFLA_IFNAME, name);
    request.put(IFLA_LINK, base_index);
    nlmsghdr* const message = &request.message();
    mnl_attr_put(message, IFLA_ADDRESS, mac.octets.size(), mac.octets.data());
    nlattr* const info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, "macvlan");
    nlattr* const data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    mnl_attr_put_u32(message, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, info);
    return change_interface(*message, fmt::format("make the interface {}", name));
}

Status Rtnetlink::set_up(std::uint32_t interface_index) {
    Request<ifinfomsg> request(RTM_NEWLINK, NLM_F_ACK);
    request.header().ifi_index = static_cast<int>(interface_index);
    request.header().ifi_change = IFF_UP;
    request.header().ifi_flags = IFF_UP;
    return change_interface(request.message(), "set the interface up");
}

Status Rtnetlink::remove_interface(std::uint32_t interface_index) {
    Request<ifinfomsg> request(RTM_DELLINK, NLM_F_ACK);
    request.header().ifi_index = static_cast<int>(interface_index);
    return change_interface(request.message(), "remove the interface");
}

Result<RouteList> Rtnetlink::routes(std::size_t routes_max) {
    RouteList list;
    std::vector<provider::Route> main;
    for (const model::Family family : {model::Family::ipv4, model::Family::ipv6}) {
        Request<rtmsg> request(RTM_GETROUTE, NLM_F_DUMP);
        request.header().rtm_family = kernel_family(family);
        FPVS_TRY(
            const int refused, exchange(request.message(), [&](const nlmsghdr& message) {
                const auto found = parse_route(message);
                if (!found || (found->table != RT_TABLE_LOCAL && found->table != RT_TABLE_MAIN)) {
                    return;
                }
                if (list.routes.size() + main.size() == routes_max) {
                    ++list.refused;
                    return;
                }
                list.multipath += found->multipath ? 1 : 0;
                (found->table == RT_TABLE_LOCAL ? list.routes : main).push_back(found->route);
            }));
        if (refused != 0 && refused != EINTR) {
            return fail(Code::unavailable, "cannot list routes: {}", std::strerror(refused));
        }
        list.settled &= refused == 0;
    }
    list.routes.insert(list.routes.end(), main.begin(), main.end());
    return list;
}

Result<std::optional<NextHop>> Rtnetlink::route_to(const model::IpAddress& destination) {
    Request<rtmsg> request(RTM_GETROUTE, 0);
    request.header().rtm_family = kernel_family(destination.family);
    request.header().rtm_dst_len = static_cast<std::uint8_t>(8 * octets_of(destination.family));
    request.put(RTA_DST, destination);
    NextHop hop{.interface_index = 0,
                .address = destination,
                .source = model::IpAddress::any(destination.family)};
    bool unicast = false;
    FPVS_TRY(const int refused, exchange(request.message(), [&](const nlmsghdr& message) {
                 if (!holds<rtmsg>(message)) {
                     return;
                 }
                 const auto& header = for_each_attribute<rtmsg>(
                     message, [&](std::uint16_t type, const nlattr& value) {
                         if (type == RTA_OIF) {
                             hop.interface_index = mnl_attr_get_u32(&value);
                         } else if (type == RTA_GATEWAY) {
                             hop.address = address_of(value).value_or(destination);
                         } else if (type == RTA_VIA) {
                             hop.address = via_of(value).value_or(destination);
                         } else if (type == RTA_PREFSRC) {
                             hop.source = address_of(value).value_or(hop.source);
                         }
                     });
                 unicast = header.rtm_type == RTN_UNICAST;
             }));
    // A refusal is the kernel's way to say unreachable, prohibited or blackhole.
    if (refused != 0 || !unicast || hop.interface_index == 0) {
        return std::nullopt;
    }
    return hop;
}

Result<std::optional<NeighbourEntry>> Rtnetlink::neighbour(std::uint32_t interface_index,
                                                           const model::IpAddress& address) {
    Request<ndmsg> request(RTM_GETNEIGH, 0);
    request.header().ndm_family = kernel_family(address.family);
    request.header().ndm_ifindex = static_cast<int>(interface_index);
    request.put(NDA_DST, address);
    std::optional<NeighbourEntry> found;
    FPVS_TRY(const int refused, exchange(request.message(), [&](const nlmsghdr& message) {
                 found = parse_neighbour(message);
             }));
    if (refused != 0 && refused != ENOENT && refused != ENODEV) {
        return fail(Code::unavailable,
                    "cannot look up neighbour {}: {}",
                    model::to_string(address),
                    std::strerror(refused));
    }
    return found;
}

Status Rtnetlink::use_neighbour(std::uint32_t interface_index, const model::IpAddress& address) {
    Request<ndmsg> request(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE);
    request.header().ndm_family = kernel_family(address.family);
    request.header().ndm_ifindex = static_cast<int>(interface_index);
    request.header().ndm_flags = NTF_USE;
    request.put(NDA_DST, address);
    FPVS_TRY(const int refused, exchange(request.message(), [](const nlmsghdr&) {}));
    if (refused != 0) {
        return fail(Code::unavailable,
                    "cannot resolve neighbour {}: {}",
                    model::to_string(address),
                    std::strerror(refused));
    }
    return {};
}

}  // namespace fpvs::kernel
