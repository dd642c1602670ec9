// SPDX-License-Identifier: Apache-2.0
// What `fpvsadm card status` shows.
#include <iterator>
#include <string>

#include "host/offload/offload.hpp"
#include "hw/abi/abi_hash.hpp"
#include "hw/abi/reasons.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::offload {
namespace {

struct ReasonInfo {
    const char* name;
    std::size_t number;
    const char* stage;
};

constexpr ReasonInfo kReasons[] = {
#define FPVS_OFFLOAD_REASON(name, number, stage, verdict, meaning) {#name, number, #stage},
    FPVS_ABI_REASONS(FPVS_OFFLOAD_REASON)
#undef FPVS_OFFLOAD_REASON
};

constexpr const char* kRingNames[abi::kRings] = {
#define FPVS_OFFLOAD_RING(name, number, meaning) #name,
    FPVS_ABI_RINGS(FPVS_OFFLOAD_RING)
#undef FPVS_OFFLOAD_RING
};

constexpr const char* kCapabilityNames[] = {
#define FPVS_OFFLOAD_CAPABILITY(name, number, meaning) #name,
    FPVS_ABI_CAPABILITIES(FPVS_OFFLOAD_CAPABILITY)
#undef FPVS_OFFLOAD_CAPABILITY
};

constexpr const char* kSteerNames[] = {"none", "source", "maglev", "fixed", "in_turn"};
static_assert(static_cast<int>(abi::Steer::in_turn) == 4);

}  // namespace

model::CardView Offload::view() {
    const provider::Bitstream& bitstream = rings_.card().bitstream();
    model::CardView card{.present = state_ != CardState::lost,
                         .state = sentence_,
                         .bitstream_path = bitstream.path,
                         .platform = bitstream.platform,
                         .uuid = bitstream.uuid,
                         .simulated = bitstream.simulated,
                         .abi_hash = abi::kAbiHash,
                         .flows = tables_.flow_count(),
                         .flows_max = tables_.flows_max(),
                         .flows6 = tables_.flow6_count(),
                         .flows6_max = tables_.flows6_max(),
                         .next_hops = tables_.next_hops().in_use(),
                         .next_hops_max = tables_.next_hops().size(),
                         .steer_words = abi::kSteerWords - tables_.steer_words_free(),
                         .steer_words_max = abi::kSteerWords,
                         .capabilities = capability_names(),
                         .services = service_views(),
                         .ports = {},
                         .rings = {},
                         .stages = {}};
    const std::uint32_t link = read(abi::reg::link);
    for (const provider::NetworkPort& port : options_.ports) {
        card.ports.push_back({.index = port.number,
                              .interface = port.interface,
                              .mac = port.mac,
                              .link_up = (link >> port.number & 1) != 0});
    }
    card.rings = ring_views();
    card.stages = stage_views();
    return card;
}

std::vector<std::string> Offload::capability_names() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::size(kCapabilityNames); ++i) {
        if ((options_.limits.capabilities >> i & 1) != 0) {
            names.emplace_back(kCapabilityNames[i]);
        }
    }
    return names;
}

std::vector<model::CardServiceView> Offload::service_views() const {
    std::vector<model::CardServiceView> views;
    for (engine::ServiceIndex index = 0; index < services_.size(); ++index) {
        if (!services_[index].known) {
            continue;
        }
        const Traffic total = counters_of(abi::CounterTable::services).total(index);
        views.push_back(
            {.key = services_[index].key,
             .steering = kSteerNames[static_cast<std::size_t>(tables_.steering_of(index))],
             .steer_words = tables_.steer_words_of(index),
             .packets = total.packets,
             .bytes = total.bytes});
    }
    return views;
}

// 0 from a card that does not answer; the next poll() finds out.
std::uint32_t Offload::read(std::uint32_t offset) {
    if (state_ == CardState::lost) {
        return 0;
    }
    const auto value = rings_.card().read_register(offset);
    if (!value) {
        rings_.declare_lost(value.error());
        return 0;
    }
    return *value;
}

std::vector<model::RingView> Offload::ring_views() {
    const provider::RingGeometry geometries[abi::kRings] = {rings_.commands().geometry(),
                                                            rings_.events().geometry(),
                                                            rings_.punts().geometry(),
                                                            rings_.injects().geometry(),
                                                            rings_.controls().geometry()};
    std::vector<model::RingView> views;
    for (int index = 0; index < abi::kRings; ++index) {
        const auto ring = static_cast<abi::Ring>(index);
        const std::uint32_t host = read(abi::ring_register(ring, abi::reg::ring::host_index));
        const std::uint32_t card = read(abi::ring_register(ring, abi::reg::ring::card_index));
        const bool host_produces = ring == abi::Ring::command || ring == abi::Ring::inject;
        views.push_back({.name = kRingNames[index],
                         .level = host_produces ? host - card : card - host,
                         .slots = geometries[index].slots()});
    }
    return views;
}

// The card's stages in the order a packet meets them, then its ports and rings, then our own part.
std::vector<model::StageView> Offload::stage_views() {
    std::vector<model::StageView> stages;
    for (const ReasonInfo& reason : kReasons) {
        if (stages.empty() || stages.back().name != reason.stage) {
            stages.push_back({.name = reason.stage, .counters = {}});
        }
        const Traffic total = counters_of(abi::CounterTable::reasons).total(reason.number);
        stages.back().counters.push_back({reason.name, total.packets, total.bytes});
    }
    model::StageView ports{.name = "ports", .counters = {}};
    for (const provider::NetworkPort& port : options_.ports) {
        const auto counter = [&](const char* name, std::uint32_t offset) {
            ports.counters.push_back({"port" + std::to_string(port.number) + "_" + name,
                                      read(abi::port_register(port.number, offset)),
                                      0});
        };
        counter("rx_frames", abi::reg::port::rx_frames);
        counter("rx_dropped", abi::reg::port::rx_dropped);
        counter("tx_frames", abi::reg::port::tx_frames);
    }
    stages.push_back(std::move(ports));
    model::StageView rings{.name = "rings", .counters = {}};
    for (const abi::Ring ring : {abi::Ring::event, abi::Ring::punt, abi::Ring::control}) {
        rings.counters.push_back({std::string(kRingNames[static_cast<int>(ring)]) + "_dropped",
                                  read(abi::ring_register(ring, abi::reg::ring::dropped)),
                                  0});
    }
    stages.push_back(std::move(rings));
    stages.push_back({.name = "tables",
                      .counters = {{"flow_moves", tables_.moves(), 0},
                                   {"writes_waiting", tables_.writes_waiting(), 0}}});
    stages.push_back(counters_.view());
    return stages;
}

}  // namespace fpvs::offload
