// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/ports.hpp"

#include <algorithm>

namespace fpvs::slowpath {

Status Ports::add(const provider::NetworkPort& port, provider::PacketPort* host) {
    if (port.number >= ports_.size()) {
        return fail(Code::exhausted,
                    "{}: port {} is too high, there are {}",
                    port.interface,
                    port.number,
                    ports_.size());
    }
    Port& added = ports_[port.number];
    if (added.exists) {
        return fail(Code::already_exists, "{}: port {} is taken", port.interface, port.number);
    }
    added.exists = true;
    added.mac = port.mac.value();
    added.interface = port.interface;
    if (host != nullptr) {
        added.host.emplace(*host);
    }
    return {};
}

void Ports::carry(std::uint16_t port, provider::PacketPort* wire, Selection selection) {
    flush();
    ports_[port].wire = nullptr;
    if (wire != nullptr) {
        auto found = std::find_if(wires_.begin(), wires_.end(), [wire](const auto& known) {
            return &known->tx.port() == wire;
        });
        if (found == wires_.end()) {
            found = wires_.insert(found, std::make_unique<Wire>(Wire{TxQueue(*wire), selection}));
        }
        ports_[port].wire = &(*found)->tx;
    }
    std::erase_if(wires_, [this](const auto& known) {
        return std::none_of(ports_.begin(), ports_.end(), [&known](const Port& candidate) {
            return candidate.wire == &known->tx;
        });
    });
}

std::optional<std::uint16_t> Ports::number_of(std::string_view interface) const {
    const auto found = std::find_if(ports_.begin(), ports_.end(), [interface](const Port& port) {
        return port.exists && port.interface == interface;
    });
    return found != ports_.end() ? std::optional(static_cast<std::uint16_t>(found - ports_.begin()))
                                 : std::nullopt;
}

void Ports::lose(rte_mbuf& frame) noexcept {
    counters_.count(Incident::no_wire, frame.pkt_len);
    rte_pktmbuf_free(&frame);
}

void Ports::end(rte_mbuf& frame, Outcome outcome) noexcept {
    counters_.count(outcome, frame.pkt_len);
    if (fate(outcome) == Fate::host && ports_[frame.port].host) {
        ports_[frame.port].host->push(&frame);
        return;
    }
    rte_pktmbuf_free(&frame);
}

void Ports::flush() noexcept {
    for (const auto& wire : wires_) {
        wire->tx.flush();
    }
    for (Port& port : ports_) {
        if (port.host) {
            port.host->flush();
        }
    }
}

}  // namespace fpvs::slowpath
