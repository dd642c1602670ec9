// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/card_commands.hpp"

#include <stdexcept>

#include "hw/abi/entries.hpp"

namespace fpvs::kit {
namespace {

template <class Entry>
CommandRecord with_payload(CommandRecord command, const abi::Record<Entry>& entry) {
    for (std::size_t word = 0; word < entry.words.size(); ++word) {
        command.words[abi::Command::payload_lsb / 64 + word] = entry.words[word];
    }
    return command;
}

template <class Entry>
abi::Record<Entry> end_of(const Address& address, std::uint16_t port) {
    abi::Record<Entry> entry;
    return entry.template set<typename Entry::address_low>(address.low)
        .template set<typename Entry::address_high>(address.high)
        .template set<typename Entry::port>(port);
}

// Ways are filled in order; throws when a bucket is full.
class Ways {
  public:
    int next(std::uint32_t bucket) {
        const int way = used_[bucket]++;
        if (way >= abi::kTableWays) {
            throw std::runtime_error("a bucket of the setup is full");
        }
        return way;
    }

  private:
    std::map<std::uint32_t, int> used_;
};

CommandRecord write_ipv4_flow(std::uint32_t bucket, int way, const FlowSetup& setup) {
    abi::Record<abi::FlowEntry> entry;
    entry.set<abi::FlowEntry::client_address>(setup.client.low)
        .set<abi::FlowEntry::client_port>(setup.client_port)
        .set<abi::FlowEntry::service>(setup.service)
        .set<abi::FlowEntry::reply>(setup.reply)
        .set<abi::FlowEntry::valid>(1)
        .set<abi::FlowEntry::server>(setup.server)
        .set<abi::FlowEntry::method>(static_cast<std::uint64_t>(setup.method))
        .set<abi::FlowEntry::next_hop>(setup.next_hop)
        .set<abi::FlowEntry::other_address>(setup.other_address)
        .set<abi::FlowEntry::other_port>(setup.other_port);
    return with_payload(at(abi::Opcode::write_flow, bucket, way), entry);
}

CommandRecord write_ipv6_flow(std::uint32_t bucket, int way, const FlowSetup& setup) {
    abi::Record<abi::Flow6Entry> entry;
    entry.set<abi::Flow6Entry::client_address_low>(setup.client.low)
        .set<abi::Flow6Entry::client_address_high>(setup.client.high)
        .set<abi::Flow6Entry::client_port>(setup.client_port)
        .set<abi::Flow6Entry::service>(setup.service)
        .set<abi::Flow6Entry::valid>(1)
        .set<abi::Flow6Entry::server>(setup.server)
        .set<abi::Flow6Entry::method>(static_cast<std::uint64_t>(setup.method))
        .set<abi::Flow6Entry::next_hop>(setup.next_hop);
    return with_payload(at(abi::Opcode::write_flow6, bucket, way), entry);
}

}  // namespace

CommandRecord command_of(abi::Opcode opcode) {
    return CommandRecord{}.set<abi::Command::opcode>(static_cast<std::uint64_t>(opcode));
}

CommandRecord at(abi::Opcode opcode, std::uint32_t index, int way, int table) {
    return command_of(opcode)
        .set<abi::Command::index>(index)
        .set<abi::Command::way>(static_cast<std::uint64_t>(way))
        .set<abi::Command::table>(static_cast<std::uint64_t>(table));
}

CommandRecord write_port(int port, const PortSetup& setup) {
    abi::Record<abi::PortEntry> entry;
    entry.set<abi::PortEntry::mac>(setup.mac).set<abi::PortEntry::enabled>(setup.enabled);
    return with_payload(at(abi::Opcode::write_port, static_cast<std::uint32_t>(port)), entry);
}

CommandRecord write_service(
    std::uint32_t bucket, int way, int bank, const ServiceSetup& setup, std::uint32_t steer_base) {
    const auto size = static_cast<std::uint32_t>(setup.steer.places.size());
    auto entry = end_of<abi::ServiceEntry>(setup.address, setup.port);
    entry.set<abi::ServiceEntry::protocol>(setup.protocol)
        .set<abi::ServiceEntry::ipv6>(setup.address.ipv6)
        .set<abi::ServiceEntry::valid>(1)
        .set<abi::ServiceEntry::service>(setup.service)
        .set<abi::ServiceEntry::steer>(static_cast<std::uint64_t>(setup.steer.kind))
        .set<abi::ServiceEntry::steer_port>(setup.steer.use_port)
        .set<abi::ServiceEntry::steer_base>(steer_base)
        .set<abi::ServiceEntry::steer_size>(size)
        .set<abi::ServiceEntry::steer_reciprocal>(size == 0 ? 0 : abi::steer_reciprocal(size))
        .set<abi::ServiceEntry::cursor>(setup.steer.cursor);
    return with_payload(at(abi::Opcode::write_service, bucket, way, bank), entry);
}

CommandRecord write_reply(std::uint32_t bucket, int way, int bank, const ReplySetup& setup) {
    auto entry = end_of<abi::ReplyEntry>(setup.address, setup.port);
    entry.set<abi::ReplyEntry::protocol>(setup.protocol)
        .set<abi::ReplyEntry::ipv6>(setup.address.ipv6)
        .set<abi::ReplyEntry::valid>(1)
        .set<abi::ReplyEntry::service>(setup.service)
        .set<abi::ReplyEntry::server>(setup.server)
        .set<abi::ReplyEntry::full_nat>(setup.full_nat);
    return with_payload(at(abi::Opcode::write_reply, bucket, way, bank), entry);
}

CommandRecord write_server(const ServerSetup& setup) {
    auto entry = end_of<abi::ServerEntry>(setup.address, setup.port);
    entry.set<abi::ServerEntry::next_hop>(setup.next_hop)
        .set<abi::ServerEntry::valid>(setup.valid)
        .set<abi::ServerEntry::ipv6>(setup.address.ipv6)
        .set<abi::ServerEntry::method>(static_cast<std::uint64_t>(setup.method))
        .set<abi::ServerEntry::tunnel>(static_cast<std::uint64_t>(setup.tunnel))
        .set<abi::ServerEntry::tunnel_checksum>(setup.tunnel_checksum)
        .set<abi::ServerEntry::tunnel_port>(setup.tunnel_port)
        .set<abi::ServerEntry::outer_source_low>(setup.outer_source.low)
        .set<abi::ServerEntry::outer_source_high>(setup.outer_source.high);
    return with_payload(at(abi::Opcode::write_server, setup.server), entry);
}

CommandRecord write_virtual_end(const ServiceSetup& setup) {
    return with_payload(at(abi::Opcode::write_virtual_end, setup.service),
                        end_of<abi::VirtualEndEntry>(setup.address, setup.port));
}

CommandRecord write_next_hop(const NextHopSetup& setup) {
    abi::Record<abi::NextHopEntry> entry;
    entry.set<abi::NextHopEntry::destination_mac>(setup.destination_mac)
        .set<abi::NextHopEntry::source_mac>(setup.source_mac)
        .set<abi::NextHopEntry::valid>(1)
        .set<abi::NextHopEntry::port>(setup.port)
        .set<abi::NextHopEntry::tagged>(setup.vlan.has_value())
        .set<abi::NextHopEntry::vlan>(setup.vlan.value_or(0))
        .set<abi::NextHopEntry::mtu>(setup.mtu);
    return with_payload(at(abi::Opcode::write_next_hop, setup.next_hop), entry);
}

CommandRecord write_flow(std::uint32_t bucket, int way, const FlowSetup& setup) {
    return setup.client.ipv6 ? write_ipv6_flow(bucket, way, setup)
                             : write_ipv4_flow(bucket, way, setup);
}

CommandRecord write_steer(std::uint32_t word, std::optional<std::uint16_t> server) {
    abi::Record<abi::SteerEntry> entry;
    entry.set<abi::SteerEntry::server>(server.value_or(0))
        .set<abi::SteerEntry::valid>(server.has_value());
    return with_payload(at(abi::Opcode::write_steer, word), entry);
}

CommandRecord set_hash_key(abi::HashKey key) {
    return command_of(abi::Opcode::set_hash_key)
        .set<abi::Command::payload_0>(key.low)
        .set<abi::Command::payload_1>(key.high);
}

FlowKey key_of(const FlowSetup& flow) {
    return {flow.client, flow.client_port, flow.service, flow.reply};
}

FlowPlace FlowPlaces::add(const FlowSetup& flow) {
    const bool ipv6 = flow.client.ipv6;
    const std::uint64_t hash = abi::flow_hash(
        key_, flow.client.high, flow.client.low, flow.client_port, flow.service, flow.reply, ipv6);
    const int log2 = ipv6 ? abi::kFlow6BucketsLog2 : abi::kFlowBucketsLog2;
    for (int way = 0; way < abi::kFlowBucketWays; ++way) {
        const std::uint32_t bucket = abi::flow_bucket(hash, way / abi::kFlowWays, log2);
        if (used_.try_emplace({ipv6, bucket, way}, true).second) {
            return places_[key_of(flow)] = {bucket, way};
        }
    }
    throw std::runtime_error("both buckets of a flow are full");
}

void FlowPlaces::remove(const FlowSetup& flow) {
    const FlowPlace place = of(flow);
    used_.erase({flow.client.ipv6, place.bucket, place.way});
    places_.erase(key_of(flow));
}

TableCommands table_commands(const Setup& setup, int bank, std::uint32_t steer_base) {
    TableCommands commands;
    const auto add = [&](const CommandRecord& write, const CommandRecord& clear) {
        commands.writes.push_back(write);
        commands.clears.push_back(clear);
    };
    for (const NextHopSetup& hop : setup.next_hops) {
        add(write_next_hop(hop), at(abi::Opcode::write_next_hop, hop.next_hop));
    }
    for (const ServerSetup& server : setup.servers) {
        add(write_server(server), at(abi::Opcode::write_server, server.server));
    }
    Ways reply_ways;
    for (const ReplySetup& reply : setup.replies) {
        const std::uint32_t bucket =
            abi::reply_bucket(reply.address.high, reply.address.low, reply.port, reply.protocol);
        const int way = reply_ways.next(bucket);
        add(write_reply(bucket, way, bank, reply), at(abi::Opcode::write_reply, bucket, way, bank));
    }
    Ways service_ways;
    for (const ServiceSetup& service : setup.services) {
        add(write_virtual_end(service), at(abi::Opcode::write_virtual_end, service.service));
        std::uint32_t word = steer_base;
        for (const auto& server : service.steer.places) {
            commands.writes.push_back(write_steer(word++, server));
        }
        const std::uint32_t bucket = abi::service_bucket(
            service.address.high, service.address.low, service.port, service.protocol);
        const int way = service_ways.next(bucket);
        add(write_service(bucket, way, bank, service, steer_base),
            at(abi::Opcode::write_service, bucket, way, bank));
        steer_base = word;
    }
    return commands;
}

}  // namespace fpvs::kit
