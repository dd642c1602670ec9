// SPDX-License-Identifier: Apache-2.0
// Fields that depend on the machine that recorded and not on what it was told:
//
//  identification  IPv4 identification of a packet that the director makes itself (a tunnel's outer
//                  header without "do not fragment", an ICMP error): a counter of the kernel's that
//                  begins at random.  Fragments of one packet must share ours as they shared its.
//  flow label      of an ICMPv6 error that the director makes: a keyed hash.
//  GUE port        source port of a tunnel's UDP header: a keyed hash of the flow, of the kernel's
//                  local ports (32768 to 60999); ours must be one of those.
//
// Nothing else is masked, and only where the recording filled the field in.  A checksum over a
// masked field must be the recorded one, changed for our value.
#pragma once

#include <map>
#include <string>

#include "tests/conformance/packets/frame_view.hpp"

namespace fpvs::test {

class Masks {
  public:
    // `own` tells which outer headers are a tunnel's; empty where there is no tunnel.
    explicit Masks(std::map<model::Family, model::IpAddress> own) : own_(std::move(own)) {}

    // `recorded` with its masked fields as `ours` has them.
    [[nodiscard]] Frame adapted(const Frame& recorded, const Frame& ours);
    // To be called for the pair that was found equal: what it masked, by name.
    void settle(const Frame& recorded, const Frame& ours);
    [[nodiscard]] const std::map<std::string, std::size_t>& counts() const { return counts_; }

  private:
    struct Fields {
        bool identification = false;
        bool flow_label = false;
        bool gue_port = false;
    };
    [[nodiscard]] Fields fields_of(const Frame& recorded, const IpView& ip) const;
    [[nodiscard]] bool is_tunnel_header(const IpView& ip) const;

    std::map<model::Family, model::IpAddress> own_;
    std::map<std::uint16_t, std::uint16_t> identifications_;  // Of fragments: theirs to ours.
    std::map<std::string, std::size_t> counts_;
};

}  // namespace fpvs::test
