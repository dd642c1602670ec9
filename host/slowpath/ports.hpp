// SPDX-License-Identifier: Apache-2.0
// The director's network ports: each with the wire that carries it now and its way to the kernel.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/provider/network_port.hpp"
#include "host/provider/packet_port.hpp"
#include "host/slowpath/counters.hpp"
#include "host/slowpath/tx_queue.hpp"
#include "host/util/result.hpp"

namespace fpvs::slowpath {

// Whether a wire hands over only frames for its station, as the card does.
enum class Selection : std::uint8_t { by_wire, by_worker };

class Ports {
  public:
    struct Wire {
        TxQueue tx;
        Selection selection;
    };

    explicit Ports(Counters& counters) : counters_(counters) {}

    // `host` is the port's way to the kernel, a TAP; without one its frames are dropped.
    [[nodiscard]] Status add(const provider::NetworkPort& port, provider::PacketPort* host);
    // From now on `wire` carries the port, or nothing does.  One wire may carry several ports.
    void carry(std::uint16_t port, provider::PacketPort* wire, Selection selection);

    [[nodiscard]] bool exists(std::uint16_t port) const noexcept {
        return port < ports_.size() && ports_[port].exists;
    }
    // The MAC address of a port that exists.
    [[nodiscard]] std::uint64_t station(std::uint16_t port) const noexcept {
        return ports_[port].mac;
    }
    [[nodiscard]] std::optional<std::uint16_t> number_of(std::string_view interface) const;
    [[nodiscard]] const std::vector<std::unique_ptr<Wire>>& wires() const { return wires_; }

    // By the wire of the port that frame.port names.
    [[gnu::always_inline]] void send(rte_mbuf& frame) noexcept {
        TxQueue* wire = frame.port < ports_.size() ? ports_[frame.port].wire : nullptr;
        if (wire == nullptr) [[unlikely]] {
            lose(frame);
            return;
        }
        wire->push(&frame);
    }
    // The end of a frame's way through the director: to the kernel or nowhere, as its outcome says.
    void end(rte_mbuf& frame, Outcome outcome) noexcept;
    void flush() noexcept;

    // The kernel's side of each port that has one.
    template <class Function>
    void for_each_host(Function&& function) const {
        for (const Port& port : ports_) {
            if (port.host) {
                function(port.host->port());
            }
        }
    }

  private:
    struct Port {
        bool exists = false;
        std::uint64_t mac = 0;
        TxQueue* wire = nullptr;  // Of one of wires_; null while nothing carries the port.
        std::optional<TxQueue> host;
        std::string interface;
    };

    void lose(rte_mbuf& frame) noexcept;

    Counters& counters_;
    std::array<Port, provider::kNetworkPortsMax> ports_;
    std::vector<std::unique_ptr<Wire>> wires_;
};

}  // namespace fpvs::slowpath
