// SPDX-License-Identifier: Apache-2.0
// A packet's way through the card.  Read this first.
//
//   rx0 -> ingress -.                                                    .-> egress -> tx0
//                   +-> merge -> frame head == beats wait ==> rewrite ---+-> egress -> tx1
//   rx1 -> ingress -'                |                          ^        '-> punt   -> punt
//                                    | header                   | decision
//                                    v                          |
//        parse -> service -> flow hash -> flow lookup -> next hop -> activity -> count
//                                                                       |          ^
//                                                              event <--'          |
//   inject -> inject ingress -> inject --> egress of either port                   |
//                                    '---------------------------------------------'
//   command -> command -> parse -> service -> flow hash -> flow lookup -> next hop -> activity
//                               -> count -> event -> event      (the chain of commands)
//
// Each name is a process; each arrow a FIFO.  A frame's beats wait while its header walks; the
// verdict of the last lookup says what becomes of them.
//
// Depths.  A process needs room for the words that are on their way in its own pipeline, so that it
// can start one a cycle: kHeaderDepth, and kHashDepth behind the five SipRounds.  `waiting` holds a
// whole frame, because its header is sent when its last beat has come, and all beats that come
// while the header walks the lookups: 150 beats and about 100 cycles.  kFrameDepth has both, so it
// never fills before the decision of its oldest frame is there, whatever the frames' lengths.
//
// Nothing waits in a circle.  Every FIFO leads on from its writer; a full one stops the stages
// before it and nothing else.  A stalled port or punt stream stops the frames behind, and commands
// with them once a stage must wait; injected frames and the other stages' outputs go on.  The ring
// engine takes punted frames and events always (hw/abi/rings.hpp), so these stalls end.
//
// Tables are written by commands only, or each word at most every fourth call (count).  Commands
// and packets pass the stages in one order and commands go first, so a packet that saw a table
// write has seen all earlier ones.  A lookup in the very cycles of a write of its entry may see the
// old or the new one; the tables' DEPENDENCE pragmas say so to the tools: none waits for a write.
#include "hw/kernels/pipeline/pipeline.hpp"

#include "hw/kernels/activity/activity.hpp"
#include "hw/kernels/command/command.hpp"
#include "hw/kernels/count/count.hpp"
#include "hw/kernels/egress/egress.hpp"
#include "hw/kernels/event/event.hpp"
#include "hw/kernels/flow/flow_hash.hpp"
#include "hw/kernels/flow/flow_lookup.hpp"
#include "hw/kernels/ingress/ingress.hpp"
#include "hw/kernels/inject/inject.hpp"
#include "hw/kernels/merge/merge.hpp"
#include "hw/kernels/next_hop/next_hop.hpp"
#include "hw/kernels/parse/frame_head.hpp"
#include "hw/kernels/parse/parse.hpp"
#include "hw/kernels/punt/punt.hpp"
#include "hw/kernels/rewrite/rewrite.hpp"
#include "hw/kernels/service/service.hpp"

namespace {

enum : int {
    kBeatDepth = 16,
    kHeaderDepth = 32,
    kHashDepth = 64,
    kCommandDepth = 32,
    kFrameDepth = 512,
};
static_assert(kFrameDepth >= fpvs::kernels::kFrameBeatsMax + 256,
              "a frame and what comes while its header walks");

}  // namespace

extern "C" void fpvs_pipeline(hls::stream<fpvs::lib::AxisBeat>& rx0,
                              hls::stream<fpvs::lib::AxisBeat>& rx1,
                              hls::stream<fpvs::lib::AxisBeat>& inject,
                              hls::stream<ap_uint<512>>& command,
                              hls::stream<fpvs::lib::AxisBeat>& tx0,
                              hls::stream<fpvs::lib::AxisBeat>& tx1,
                              hls::stream<fpvs::lib::AxisBeat>& punt,
                              hls::stream<ap_uint<512>>& event) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = rx0 register_mode = both
#pragma HLS INTERFACE axis port = rx1 register_mode = both
#pragma HLS INTERFACE axis port = inject register_mode = both
#pragma HLS INTERFACE axis port = command register_mode = both
#pragma HLS INTERFACE axis port = tx0 register_mode = both
#pragma HLS INTERFACE axis port = tx1 register_mode = both
#pragma HLS INTERFACE axis port = punt register_mode = both
#pragma HLS INTERFACE axis port = event register_mode = both
#pragma HLS DATAFLOW disable_start_propagation

    // The frames' beats.
    static hls::stream<fpvs::lib::Beat> received_0("received_0");
#pragma HLS STREAM variable = received_0 depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> received_1("received_1");
#pragma HLS STREAM variable = received_1 depth = kBeatDepth
    static hls::stream<fpvs::lib::PortBeat> merged("merged");
#pragma HLS STREAM variable = merged depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> waiting("waiting");
#pragma HLS STREAM variable = waiting depth = kFrameDepth
    static hls::stream<fpvs::lib::Beat> forwarded_0("forwarded_0");
#pragma HLS STREAM variable = forwarded_0 depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> forwarded_1("forwarded_1");
#pragma HLS STREAM variable = forwarded_1 depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> punted("punted");
#pragma HLS STREAM variable = punted depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> inject_beats("inject_beats");
#pragma HLS STREAM variable = inject_beats depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> injected_0("injected_0");
#pragma HLS STREAM variable = injected_0 depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> injected_1("injected_1");
#pragma HLS STREAM variable = injected_1 depth = kBeatDepth

    // Their headers.
    static hls::stream<fpvs::kernels::FrameHead> heads("heads");
#pragma HLS STREAM variable = heads depth = kHeaderDepth
    static hls::stream<fpvs::kernels::ParsedHeader> parsed("parsed");
#pragma HLS STREAM variable = parsed depth = kHeaderDepth
    static hls::stream<fpvs::kernels::ServiceHeader> served("served");
#pragma HLS STREAM variable = served depth = kHeaderDepth
    static hls::stream<fpvs::kernels::HashedHeader> hashed("hashed");
#pragma HLS STREAM variable = hashed depth = kHashDepth
    static hls::stream<fpvs::kernels::FlowHeader> flows("flows");
#pragma HLS STREAM variable = flows depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Decision> decisions("decisions");
#pragma HLS STREAM variable = decisions depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Settled> settled("settled");
#pragma HLS STREAM variable = settled depth = kHeaderDepth
    static hls::stream<fpvs::kernels::PuntInfo> punt_infos("punt_infos");
#pragma HLS STREAM variable = punt_infos depth = kHeaderDepth
    static hls::stream<fpvs::kernels::FlowFlags> flow_flags("flow_flags");
#pragma HLS STREAM variable = flow_flags depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Counted> counted("counted");
#pragma HLS STREAM variable = counted depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Counted> counted_injected("counted_injected");
#pragma HLS STREAM variable = counted_injected depth = kHeaderDepth

    // The chain of commands, named by the stage that reads.
    static hls::stream<fpvs::kernels::Command> to_parse("to_parse");
#pragma HLS STREAM variable = to_parse depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_service("to_service");
#pragma HLS STREAM variable = to_service depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_flow_hash("to_flow_hash");
#pragma HLS STREAM variable = to_flow_hash depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_flow_lookup("to_flow_lookup");
#pragma HLS STREAM variable = to_flow_lookup depth = kHashDepth
    static hls::stream<fpvs::kernels::Command> to_next_hop("to_next_hop");
#pragma HLS STREAM variable = to_next_hop depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_activity("to_activity");
#pragma HLS STREAM variable = to_activity depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_count("to_count");
#pragma HLS STREAM variable = to_count depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_event("to_event");
#pragma HLS STREAM variable = to_event depth = kCommandDepth

    fpvs::kernels::command(command, to_parse);
    fpvs::kernels::ingress<0>(rx0, received_0);
    fpvs::kernels::ingress<1>(rx1, received_1);
    fpvs::kernels::inject_ingress(inject, inject_beats);
    fpvs::kernels::merge(received_0, received_1, merged);
    fpvs::kernels::frame_head(merged, waiting, heads);
    fpvs::kernels::parse(to_parse, heads, to_service, parsed);
    fpvs::kernels::service(to_service, parsed, to_flow_hash, served);
    fpvs::kernels::flow_hash(to_flow_hash, served, to_flow_lookup, hashed);
    fpvs::kernels::flow_lookup(to_flow_lookup, hashed, to_next_hop, flows);
    fpvs::kernels::next_hop(to_next_hop, flows, to_activity, decisions, settled);
    fpvs::kernels::rewrite(decisions, waiting, forwarded_0, forwarded_1, punted, punt_infos);
    fpvs::kernels::inject(inject_beats, injected_0, injected_1, counted_injected);
    fpvs::kernels::egress<0>(forwarded_0, injected_0, tx0);
    fpvs::kernels::egress<1>(forwarded_1, injected_1, tx1);
    fpvs::kernels::punt(punted, punt_infos, punt);
    fpvs::kernels::activity(to_activity, settled, to_count, flow_flags, counted);
    fpvs::kernels::count(to_count, counted, counted_injected, to_event);
    fpvs::kernels::event(to_event, flow_flags, event);
}
