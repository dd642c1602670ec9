// SPDX-License-Identifier: Apache-2.0
// Going on with a card that forwarded while nobody was there.
#include "host/offload/method.hpp"
#include "host/offload/offload.hpp"

namespace fpvs::offload {
namespace {

using namespace std::chrono_literals;

// So long the kernel may take to tell of neighbours and routes that it told of before.  Without
// them the card's next hops would be withdrawn, and its connections come to the host for a while.
constexpr provider::Nanoseconds kAdoptionPatience = 2s;

}  // namespace

// Asks for everything, so that the answers come together.
bool Offload::may_adopt(Time now) {
    if (!adoption_due_) {
        adoption_due_ = now + kAdoptionPatience;
    }
    const CardLedger& ledger = adoption_->ledger;
    bool all_known = true;
    for (std::uint16_t number = 0; number < abi::kNextHopsMax; ++number) {
        if (ledger.hop(number).get<abi::NextHopEntry::valid>() == 0) {
            continue;
        }
        const NextHopKey& key = ledger.hop_key(number);
        all_known &= neighbours_.resolve(ledger.hop_target(number)).has_value();
        if (key.interface_index != 0 && options_.way_to) {
            all_known &= options_.way_to(key.address).has_value();
        }
    }
    return all_known || now >= *adoption_due_;
}

// All of it before anything is sent: what is overwritten is only what nobody wants any more.
void Offload::adopt(Time now) {
    const Adoption adoption = std::move(*adoption_);
    adoption_.reset();
    tables_.begin_adoption(adoption.ledger);
    NextHopTable& hops = tables_.next_hops();
    hops.visit(
        0, hops.size(), [&](std::uint16_t hop, const model::IpAddress& target, std::uint32_t mtu) {
            hops.set(hop, next_hop_to(target, neighbours_.resolve(target), mtu));
        });
    steers_ = engine_.may_steer();
    engine_.attach_offload(*this);
    const auto each_place = [](int buckets_log2, auto&& function) {
        for (std::uint32_t bucket = 0; bucket < 1u << buckets_log2; ++bucket) {
            for (std::uint32_t way = 0; way < abi::kFlowBucketWays; ++way) {
                function(bucket, way);
            }
        }
    };
    const TableSizes& sizes = adoption.ledger.sizes();
    each_place(sizes.flow_buckets_log2, [&](std::uint32_t bucket, std::uint32_t way) {
        const auto entry = adoption.ledger.flow(bucket, way);
        if (entry.get<abi::FlowEntry::valid>() != 0 && entry.get<abi::FlowEntry::reply>() != 0) {
            reply_places_.emplace(Ipv4FlowKey{entry.words[0]}.word,
                                  FlowPlace{.ipv6 = false, .bucket = bucket, .way = way});
        }
    });
    each_place(sizes.flow_buckets_log2, [&](std::uint32_t bucket, std::uint32_t way) {
        adopt_flow(
            {.ipv6 = false, .bucket = bucket, .way = way}, adoption.ledger.flow(bucket, way), now);
    });
    each_place(sizes.flow6_buckets_log2, [&](std::uint32_t bucket, std::uint32_t way) {
        adopt_flow6(
            {.ipv6 = true, .bucket = bucket, .way = way}, adoption.ledger.flow6(bucket, way), now);
    });
    reply_places_.clear();
    tables_.end_adoption();
    reroute_position_ = 0;
    enter(CardState::running, "running");
}

void Offload::adopt_flow(const FlowPlace& place,
                         const abi::Record<abi::FlowEntry>& entry,
                         Time now) {
    if (entry.get<abi::FlowEntry::valid>() == 0 || entry.get<abi::FlowEntry::reply>() != 0) {
        return;
    }
    const FlowKey key{
        .client_address =
            model::Ipv4{static_cast<std::uint32_t>(entry.get<abi::FlowEntry::client_address>())},
        .client_port = static_cast<std::uint16_t>(entry.get<abi::FlowEntry::client_port>()),
        .service = static_cast<engine::ServiceIndex>(entry.get<abi::FlowEntry::service>())};
    if (!is_known_service(key.service)) {
        return;
    }
    const auto flow =
        engine_.on_card_has(key.service,
                            static_cast<engine::ServerIndex>(entry.get<abi::FlowEntry::server>()),
                            key.client_address,
                            key.client_port,
                            now);
    if (!flow) {
        return;
    }
    const bool same_end =
        flow->forwarding != model::Forwarding::full_nat ||
        (flow->local_address.words[0] == entry.get<abi::FlowEntry::other_address>() &&
         flow->local_port == entry.get<abi::FlowEntry::other_port>());
    const bool same_method = static_cast<std::uint64_t>(method_of(flow->forwarding)) ==
                             entry.get<abi::FlowEntry::method>();
    if (!same_end || !same_method) {
        engine_.on_offload_refused(flow->connection, now);
        return;
    }
    put_adopted(place, key, *flow, now);
}

void Offload::adopt_flow6(const FlowPlace& place,
                          const abi::Record<abi::Flow6Entry>& entry,
                          Time now) {
    if (entry.get<abi::Flow6Entry::valid>() == 0) {
        return;
    }
    const Ipv6FlowKey own{.address_low = entry.words[0],
                          .address_high = entry.words[1],
                          .rest = static_cast<std::uint32_t>(entry.words[2])};
    const FlowKey key{.client_address = own.client_address(),
                      .client_port = own.client_port(),
                      .service = own.service()};
    if (!is_known_service(key.service)) {
        return;
    }
    const auto flow =
        engine_.on_card_has(key.service,
                            static_cast<engine::ServerIndex>(entry.get<abi::Flow6Entry::server>()),
                            key.client_address,
                            key.client_port,
                            now);
    if (!flow) {
        return;
    }
    if (static_cast<std::uint64_t>(method_of(flow->forwarding)) !=
        entry.get<abi::Flow6Entry::method>()) {
        engine_.on_offload_refused(flow->connection, now);
        return;
    }
    put_adopted(place, key, *flow, now);
}

// Of FULLNAT both flows or none.
void Offload::put_adopted(const FlowPlace& place,
                          const FlowKey& key,
                          const engine::OffloadFlow& flow,
                          Time now) {
    Flow entry{.connection = flow.connection.value(),
               .hit_epoch = epoch_,
               .server = static_cast<std::uint16_t>(flow.server),
               .method = method_of(flow.forwarding)};
    bool adopted = true;
    if (flow.forwarding == model::Forwarding::full_nat) {
        Flow answer = entry;
        answer.other_address = flow.client_address.ipv4().value;
        answer.other_port = flow.client_port;
        entry.other_address = flow.local_address.ipv4().value;
        entry.other_port = flow.local_port;
        const FlowKey reply{.client_address = flow.local_address,
                            .client_port = flow.local_port,
                            .service = flow.service,
                            .reply = true};
        const auto found = reply_places_.find(
            Ipv4FlowKey::make(reply.client_address, reply.client_port, reply.service, true).word);
        adopted = found != reply_places_.end() && tables_.adopt_flow(found->second, reply, answer);
        if (adopted && !tables_.adopt_flow(place, key, entry)) {
            tables_.remove_flow(reply);
            adopted = false;
        }
    } else {
        adopted = tables_.adopt_flow(place, key, entry);
    }
    if (!adopted) {
        // It is there under another place, or half of it is missing.
        if (!tables_.find_flow(key)) {
            engine_.on_offload_refused(flow.connection, now);
        }
        return;
    }
    counters_.count(OffloadCounter::adopted);
    servers_[flow.server].counted = true;
}

}  // namespace fpvs::offload
