// SPDX-License-Identifier: Apache-2.0
// What the card, VRRP, health checks and the daemon itself look like, as messages.
#include "host/control/convert.hpp"

namespace fpvs::control {

api::Card to_api(const model::CardView& card) {
    api::Card wire;
    wire.set_present(card.present);
    wire.set_state(card.state);
    wire.set_bitstream_path(card.bitstream_path);
    wire.set_platform(card.platform);
    wire.set_uuid(card.uuid);
    wire.set_simulated(card.simulated);
    wire.set_abi_hash(card.abi_hash);
    wire.set_flows(card.flows);
    wire.set_flows_max(card.flows_max);
    wire.set_flows6(card.flows6);
    wire.set_flows6_max(card.flows6_max);
    wire.set_next_hops(card.next_hops);
    wire.set_next_hops_max(card.next_hops_max);
    wire.set_steer_words(card.steer_words);
    wire.set_steer_words_max(card.steer_words_max);
    for (const std::string& capability : card.capabilities) {
        wire.add_capabilities(capability);
    }
    for (const model::CardServiceView& service : card.services) {
        api::CardService& added = *wire.add_services();
        *added.mutable_key() = to_api(service.key);
        added.set_steering(service.steering);
        added.set_steer_words(service.steer_words);
        added.set_packets(service.packets);
        added.set_bytes(service.bytes);
    }
    for (const model::PortView& port : card.ports) {
        api::CardPort& added = *wire.add_ports();
        added.set_index(port.index);
        added.set_interface(port.interface);
        added.set_mac(model::to_string(port.mac));
        added.set_link_up(port.link_up);
    }
    for (const model::RingView& ring : card.rings) {
        api::CardRing& added = *wire.add_rings();
        added.set_name(ring.name);
        added.set_level(ring.level);
        added.set_slots(ring.slots);
    }
    for (const model::StageView& stage : card.stages) {
        api::CardStage& added = *wire.add_stages();
        added.set_name(stage.name);
        for (const model::StageCounterView& counter : stage.counters) {
            api::CardStageCounter& value = *added.add_counters();
            value.set_name(counter.name);
            value.set_packets(counter.packets);
            value.set_bytes(counter.bytes);
        }
    }
    return wire;
}

api::VrrpInstance to_api(const model::VrrpInstanceView& instance) {
    api::VrrpInstance wire;
    wire.set_name(instance.name);
    wire.set_interface(instance.interface);
    wire.set_virtual_router_id(instance.virtual_router_id);
    wire.set_state(instance.state);
    wire.set_priority(instance.priority);
    wire.set_advert_interval_cs(instance.advert_interval_cs);
    wire.set_master_address(model::to_string(instance.master_address));
    wire.set_master_priority(instance.master_priority);
    for (const model::VirtualAddress& address : instance.addresses) {
        api::VirtualAddress& added = *wire.add_addresses();
        added.set_address(model::to_string(address.address));
        added.set_prefix_length(address.prefix_length);
        added.set_interface(address.interface);
    }
    wire.set_master_transitions(instance.master_transitions);
    wire.set_adverts_sent(instance.adverts_sent);
    wire.set_adverts_received(instance.adverts_received);
    wire.set_adverts_refused(instance.adverts_refused);
    return wire;
}

api::HealthCheck to_api(const model::HealthCheckView& check) {
    api::HealthCheck wire;
    *wire.mutable_service() = to_api(check.service);
    *wire.mutable_server() = to_api(check.server);
    wire.set_kind(std::string(model::name(check.kind)));
    wire.set_up(check.up);
    wire.set_failures(check.failures);
    wire.set_since_s(check.since_s);
    wire.set_last_result(check.last_result);
    wire.set_checks_done(check.checks_done);
    return wire;
}

api::Announcements to_api(const model::AnnounceView& view) {
    api::Announcements wire;
    wire.set_configured(view.configured);
    wire.set_drained(view.drained);
    wire.set_state(view.state);
    wire.set_bgp_as(view.bgp_as);
    for (const model::AnnouncedAddress& address : view.addresses) {
        api::AnnouncedAddress& added = *wire.add_addresses();
        added.set_address(model::to_string(address.address));
        added.set_wanted(address.wanted);
        added.set_announced(address.announced);
    }
    wire.set_looks(view.counters.looks);
    wire.set_edits(view.counters.edits);
    wire.set_announced(view.counters.announced);
    wire.set_withdrawn(view.counters.withdrawn);
    wire.set_failures(view.counters.failures);
    return wire;
}

api::Daemon to_api(const model::DaemonView& daemon) {
    api::Daemon wire;
    wire.set_version(daemon.version);
    wire.set_process_id(daemon.process_id);
    wire.set_uptime_s(daemon.uptime_s);
    wire.set_config_path(daemon.config_path);
    wire.set_connections(daemon.connections);
    wire.set_connections_max(daemon.connections_max);
    return wire;
}

}  // namespace fpvs::control
