// SPDX-License-Identifier: Apache-2.0
// event: what the card tells the host, and the end of the chain of commands.
//
// Consumes commands and FlowNews, produces event beats (hw/abi/events.hpp).  II 1.  An echo and
// every answered command become events; other commands end here.  Commands go first: parse lets few
// of them in, so they cannot keep the news out.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/events.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using EventBeat = ap_uint<abi::Event::bits>;

inline ap_uint<8> event_kind(abi::EventKind kind) {
#pragma HLS INLINE
    return ap_uint<8>(static_cast<unsigned>(kind));
}

inline EventBeat answer_event(const Command& command) {
#pragma HLS INLINE
    EventBeat event = 0;
    lib::set<abi::Event::tag>(event, command.tag);
    if (command.opcode == static_cast<int>(abi::Opcode::echo)) {
        lib::set<abi::Event::kind>(event, event_kind(abi::EventKind::echo));
        return event;
    }
    lib::set<abi::Event::way>(event, command.way);
    lib::set<abi::Event::index>(event, command.index);
    if (command.opcode == static_cast<int>(abi::Opcode::read_activity)) {
        lib::set<abi::Event::kind>(event, event_kind(abi::EventKind::activity));
        lib::set<abi::Event::table>(event, command.table);
        lib::set<abi::Event::epoch>(event, slice<15, 0>(command.payload));
    } else {
        lib::set<abi::Event::kind>(event, event_kind(abi::EventKind::counter));
        lib::set<abi::Event::table>(event, command.table);
        lib::set<abi::Event::packets>(event, slice<63, 0>(command.payload));
        lib::set<abi::Event::bytes>(event, slice<127, 64>(command.payload));
    }
    return event;
}

inline EventBeat news_event(const FlowNews& news) {
#pragma HLS INLINE
    using abi::EventKind;
    EventBeat event = 0;
    lib::set<abi::Event::kind>(
        event,
        news.learned == 1 ? event_kind(EventKind::learned) : event_kind(EventKind::flow_flags));
    lib::set<abi::Event::tcp_flags>(event, news.tcp_flags);
    lib::set<abi::Event::client_address_low>(event, slice<63, 0>(news.flow.client_address));
    lib::set<abi::Event::client_address_high>(event, slice<127, 64>(news.flow.client_address));
    lib::set<abi::Event::client_port>(event, news.flow.client_port);
    lib::set<abi::Event::service>(event, news.flow.service);
    lib::set<abi::Event::ipv6>(event, news.ipv6);
    lib::set<abi::Event::reply>(event, news.flow.reply);
    lib::set<abi::Event::from_server>(event, news.flow.from_server);
    lib::set<abi::Event::server>(event, news.server);
    return event;
}

inline void event_step(hls::stream<Command>& commands,
                       hls::stream<FlowNews>& news,
                       hls::stream<EventBeat>& axis) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.answered == 1 || command.opcode == static_cast<int>(abi::Opcode::echo)) {
            axis.write(answer_event(command));
        }
    } else if (!news.empty()) {
        const FlowNews flow = news.read();
        axis.write(news_event(flow));
    }
}

inline void event(hls::stream<Command>& commands,
                  hls::stream<FlowNews>& news,
                  hls::stream<EventBeat>& axis) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    event_step(commands, news, axis);
}

}  // namespace kernels
}  // namespace fpvs
