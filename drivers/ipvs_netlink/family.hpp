// SPDX-License-Identifier: Apache-2.0
// The kernel's generic-netlink family "IPVS" (linux/ip_vs.h), answered by the daemon: what the
// stock ipvsadm and the stock keepalived say to a kernel they say to control::Operations here.
//
// Requests are taken as the kernel takes them: a malformed one is refused with EINVAL, what this
// director has not with the kernel's own code for that.
#pragma once

#include <cstdint>

#include "drivers/ipvs_netlink/message.hpp"
#include "host/control/operations.hpp"

namespace fpvs::ipvs_netlink {

// The number that the controller gives for the family's name; any free one would do.
constexpr std::uint16_t kFamilyId = 0x20;

class IpvsFamily {
  public:
    explicit IpvsFamily(control::Operations& operations) : operations_(operations) {}

    // Answers to all messages of one datagram, in order, as one run of netlink messages.
    [[nodiscard]] Bytes handle(ByteView datagram);

  private:
    struct Request;

    void answer(const Request& request, MessageWriter& out);
    [[nodiscard]] int controller(const Request& request, MessageWriter& out);
    [[nodiscard]] int dispatch(const Request& request, MessageWriter& out);
    [[nodiscard]] int edit_service(const Request& request);
    [[nodiscard]] int edit_destination(const Request& request);
    [[nodiscard]] int get_services(const Request& request, MessageWriter& out);
    [[nodiscard]] int get_destinations(const Request& request, MessageWriter& out);
    [[nodiscard]] int edit_sync_daemon(const Request& request);
    void get_sync_daemons(const Request& request, MessageWriter& out);
    [[nodiscard]] int zero(const Request& request);
    [[nodiscard]] int set_timeouts(const Request& request);
    void get_timeouts(const Request& request, MessageWriter& out);
    void list_connections(const Request& request, MessageWriter& out);
    void get_info(const Request& request, MessageWriter& out);

    control::Operations& operations_;
};

}  // namespace fpvs::ipvs_netlink
