// SPDX-License-Identifier: Apache-2.0
// Questions to and orders for the kernel's interfaces, addresses, routes and neighbours
// (rtnetlink).
//
// One socket of the network namespace that it was opened in.  The kernel answers within the call,
// so a call takes microseconds and nothing waits for the network.  Not thread safe.
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/address.hpp"
#include "host/provider/routes.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

struct Interface {
    std::uint32_t index = 0;
    std::string name;
    model::MacAddress mac;
    std::uint32_t mtu = 0;
    bool up = false;  // Set up, and the link has carrier.
};

struct InterfaceAddress {
    std::uint32_t interface_index = 0;
    model::IpAddress address;
    std::uint8_t prefix_length = 0;
};

struct NextHop {
    std::uint32_t interface_index = 0;
    model::IpAddress address;  // The destination itself when it is on-link.
    model::IpAddress source;
};

struct NeighbourEntry {
    std::uint32_t interface_index = 0;
    model::IpAddress address;
    std::optional<model::MacAddress> mac;  // None while it is not known to be right.
    bool stale = false;                    // The kernel would confirm it if it sent something.
    bool probing = false;                  // The kernel is asking just now.
};

// What the kernel does with packets that no rule treats otherwise: its tables local and main.
struct RouteList {
    std::vector<provider::Route> routes;  // Those of the local table first, as the kernel asks it.
    std::uint64_t refused = 0;            // Beyond the number that was asked for.
    std::uint64_t multipath = 0;          // With several next hops, of which we take the first.
    bool settled = true;                  // False: the table changed while it was read.
};

class Rtnetlink {
  public:
    [[nodiscard]] static Result<Rtnetlink> open();

    [[nodiscard]] Result<Interface> interface(std::string_view name);
    [[nodiscard]] Result<Interface> interface(std::uint32_t index);
    // Of one family, in the order the kernel has them: for IPv4 the oldest first.
    [[nodiscard]] Result<std::vector<InterfaceAddress>> addresses(std::uint32_t interface_index,
                                                                  model::Family family);
    // Of all interfaces.
    [[nodiscard]] Result<std::vector<InterfaceAddress>> all_addresses(model::Family family);
    // Adding what is there and removing what is not are successes.  An IPv6 address is usable at
    // once: whether another host has it is not asked, as a virtual address has been taken over.
    [[nodiscard]] Status add_address(const InterfaceAddress& address);
    [[nodiscard]] Status remove_address(const InterfaceAddress& address);

    // A macvlan of mode private, not yet set up.
    [[nodiscard]] Status add_macvlan(std::string_view name,
                                     std::uint32_t base_index,
                                     model::MacAddress mac);
    [[nodiscard]] Status set_up(std::uint32_t interface_index);
    [[nodiscard]] Status remove_interface(std::uint32_t interface_index);

    // Both families.
    [[nodiscard]] Result<RouteList> routes(std::size_t routes_max);
    // None: unreachable, or an address of this host, or not unicast.
    [[nodiscard]] Result<std::optional<NextHop>> route_to(const model::IpAddress& destination);
    [[nodiscard]] Result<std::optional<NeighbourEntry>> neighbour(std::uint32_t interface_index,
                                                                  const model::IpAddress& address);
    // As if a packet were sent: an unknown neighbour is resolved, a stale one confirmed.
    [[nodiscard]] Status use_neighbour(std::uint32_t interface_index,
                                       const model::IpAddress& address);

  private:
    struct CloseSocket {
        void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
    };
    using Socket = std::unique_ptr<mnl_socket, CloseSocket>;
    using OnReply = std::function<void(const nlmsghdr&)>;

    explicit Rtnetlink(Socket socket) noexcept : socket_(std::move(socket)) {}
    // Sends and hands over every reply.  The value is 0, or the errno of the kernel's refusal;
    // EINTR: the replies are all there but come from before and after a change.
    [[nodiscard]] Result<int> exchange(nlmsghdr& request, const OnReply& on_reply);
    [[nodiscard]] Result<Interface> query_interface(nlmsghdr& request, std::string_view what);
    [[nodiscard]] Status change_interface(nlmsghdr& request, std::string_view what);
    [[nodiscard]] Status change_address(std::uint16_t type,
                                        std::uint16_t flags,
                                        const InterfaceAddress& address,
                                        int harmless_error);

    Socket socket_;
    std::uint32_t sequence_ = 0;
};

// What a message says, or none when it is not about IPv4 or IPv6, or lacks what it must have.
[[nodiscard]] std::optional<Interface> parse_interface(const nlmsghdr& message);
[[nodiscard]] std::optional<InterfaceAddress> parse_address(const nlmsghdr& message);
[[nodiscard]] std::optional<NeighbourEntry> parse_neighbour(const nlmsghdr& message);

struct RouteMessage {
    provider::Route route;
    std::uint32_t table = 0;
    bool multipath = false;
};
// Also none for a route that holds for some packets to its prefix only: by their source or TOS.
[[nodiscard]] std::optional<RouteMessage> parse_route(const nlmsghdr& message);

}  // namespace fpvs::kernel
