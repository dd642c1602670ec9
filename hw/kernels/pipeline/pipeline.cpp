// SPDX-License-Identifier: Apache-2.0
// A packet's way through the card.  Read this first.
//
//   rx0 -> ingress -.
//                   +-> merge -> frame head == beats wait =========================> edit => ...
//   rx1 -> ingress -'            |        '-- sum of the packet ---------.            ^
//                                | header                                v            | edits
//                                v                                    rewrite --------+
//   parse -> service -> flow hash -> flow lookup -> steer ->             ^            | prefix
//            server -> next hop -+-- decision ---------------------------'            v
//                                '-- settled -> activity                          ... shift
//
//   ... edit => shift -> egress of either port -> tx0, tx1
//            '-> punt sort => queues of control and data => punt out -> control, punt
//   inject -> inject ingress -> inject -> egress of either port
//   activity -> count, event          inject, punt sort -> count
//
//   command -> command -> parse -> service -> flow hash -> flow lookup -> steer -> server
//           -> next hop -> activity -> count -> event -> event          (the chain of commands)
//
// Each name is a process; each arrow a FIFO.  A frame's beats wait while its header walks; the
// verdict of the last lookup says what becomes of them.
//
// Depths.  A process needs room for the words that are on their way in its own pipeline, so that it
// can start one a cycle: kHeaderDepth, and kHashDepth behind the SipRounds of flow hash.  `waiting`
// holds a whole frame, because its header is sent when its last beat has come, and all beats that
// come while the header walks: 150 beats and less than a hundred cycles.  kFrameDepth has both, so
// it never fills before the decision of its oldest frame is there, whatever the frames' lengths.
// `sums` holds a word for each frame of one beat that does.
//
// Nothing waits in a circle.  Every FIFO but two leads on from its writer; a full one stops the
// stages before it and nothing else.  A stalled port stops the frames behind, and commands with
// them once a stage must wait; injected frames and the other stages' outputs go on.  Where two ways
// part and meet again (beats, sums and headers; edits and prefixes), a frame's words are sent into
// all of them without one waiting for another's answer, and the way that is shorter has room for
// what the longer one holds.
//
// The two that lead back are `control_freed` and `data_freed`: a word for each beat that left a
// queue of punted frames.  punt sort takes one of each in every call, whether it has a frame or
// not, and sends a frame only into room that it knows of, so it never waits for a queue; punt out
// may wait for punt sort, but not the other way round.  A punt stream that stalls fills its queue,
// then frames for it are dropped: it stops neither packets nor the other queue.  The ring engine
// takes events always (hw/abi/rings.hpp), so the chain of commands and count never wait for long.
//
// Tables are written by commands only, or each word at most every fourth call (count), or behind
// registers that remember the last calls (steer).  Commands and packets pass the stages in one
// order and commands go first, so a packet that saw a table write has seen all earlier ones.  A
// lookup in the very cycles of a write of its entry may see the old or the new one; the tables'
// DEPENDENCE pragmas say so to the tools: none waits for a write.
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
#include "hw/kernels/rewrite/edit.hpp"
#include "hw/kernels/rewrite/rewrite.hpp"
#include "hw/kernels/rewrite/shift.hpp"
#include "hw/kernels/server/server.hpp"
#include "hw/kernels/service/service.hpp"
#include "hw/kernels/steer/steer.hpp"

namespace {

enum : int {
    kBeatDepth = 16,
    kHeaderDepth = 32,
    kHashDepth = 64,
    kSumDepth = 256,
    kCommandDepth = 32,
    kFrameDepth = 512,
    kControlDepth = fpvs::abi::kPuntControlBeats,
    kDataDepth = fpvs::abi::kPuntDataBeats,
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
                              hls::stream<fpvs::lib::AxisBeat>& control,
                              hls::stream<ap_uint<512>>& event) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = rx0 register_mode = both
#pragma HLS INTERFACE axis port = rx1 register_mode = both
#pragma HLS INTERFACE axis port = inject register_mode = both
#pragma HLS INTERFACE axis port = command register_mode = both
#pragma HLS INTERFACE axis port = tx0 register_mode = both
#pragma HLS INTERFACE axis port = tx1 register_mode = both
#pragma HLS INTERFACE axis port = punt register_mode = both
#pragma HLS INTERFACE axis port = control register_mode = both
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
    static hls::stream<fpvs::kernels::PacketBeat> packets("packets");
#pragma HLS STREAM variable = packets depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> forwarded_0("forwarded_0");
#pragma HLS STREAM variable = forwarded_0 depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> forwarded_1("forwarded_1");
#pragma HLS STREAM variable = forwarded_1 depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> punted("punted");
#pragma HLS STREAM variable = punted depth = kBeatDepth
    static hls::stream<fpvs::lib::Beat> control_beats("control_beats");
#pragma HLS STREAM variable = control_beats depth = kControlDepth
    static hls::stream<fpvs::lib::Beat> data_beats("data_beats");
#pragma HLS STREAM variable = data_beats depth = kDataDepth
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
    static hls::stream<fpvs::kernels::SteeredHeader> steered("steered");
#pragma HLS STREAM variable = steered depth = kHeaderDepth
    static hls::stream<fpvs::kernels::ServedHeader> with_server("with_server");
#pragma HLS STREAM variable = with_server depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Decision> decisions("decisions");
#pragma HLS STREAM variable = decisions depth = kHeaderDepth
    static hls::stream<fpvs::kernels::PacketSum> sums("sums");
#pragma HLS STREAM variable = sums depth = kSumDepth
    static hls::stream<fpvs::kernels::Edits> edits("edits");
#pragma HLS STREAM variable = edits depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Prefix> prefixes("prefixes");
#pragma HLS STREAM variable = prefixes depth = kHeaderDepth

    // What is told about them.
    static hls::stream<fpvs::kernels::PuntInfo> punt_infos("punt_infos");
#pragma HLS STREAM variable = punt_infos depth = kHeaderDepth
    static hls::stream<fpvs::kernels::PuntInfo> control_infos("control_infos");
#pragma HLS STREAM variable = control_infos depth = kControlDepth
    static hls::stream<fpvs::kernels::PuntInfo> data_infos("data_infos");
#pragma HLS STREAM variable = data_infos depth = kDataDepth
    static hls::stream<fpvs::kernels::PuntFreed> control_freed("control_freed");
#pragma HLS STREAM variable = control_freed depth = kBeatDepth
    static hls::stream<fpvs::kernels::PuntFreed> data_freed("data_freed");
#pragma HLS STREAM variable = data_freed depth = kBeatDepth
    static hls::stream<fpvs::kernels::Settled> settled("settled");
#pragma HLS STREAM variable = settled depth = kHeaderDepth
    static hls::stream<fpvs::kernels::FlowNews> news("news");
#pragma HLS STREAM variable = news depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Counted> counted("counted");
#pragma HLS STREAM variable = counted depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Counted> counted_injected("counted_injected");
#pragma HLS STREAM variable = counted_injected depth = kHeaderDepth
    static hls::stream<fpvs::kernels::Counted> counted_dropped("counted_dropped");
#pragma HLS STREAM variable = counted_dropped depth = kHeaderDepth

    // The chain of commands, named by the stage that reads.
    static hls::stream<fpvs::kernels::Command> to_parse("to_parse");
#pragma HLS STREAM variable = to_parse depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_service("to_service");
#pragma HLS STREAM variable = to_service depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_flow_hash("to_flow_hash");
#pragma HLS STREAM variable = to_flow_hash depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_flow_lookup("to_flow_lookup");
#pragma HLS STREAM variable = to_flow_lookup depth = kHashDepth
    static hls::stream<fpvs::kernels::Command> to_steer("to_steer");
#pragma HLS STREAM variable = to_steer depth = kCommandDepth
    static hls::stream<fpvs::kernels::Command> to_server("to_server");
#pragma HLS STREAM variable = to_server depth = kCommandDepth
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
    fpvs::kernels::frame_head(merged, waiting, heads, sums);
    fpvs::kernels::parse(to_parse, heads, to_service, parsed);
    fpvs::kernels::service(to_service, parsed, to_flow_hash, served);
    fpvs::kernels::flow_hash(to_flow_hash, served, to_flow_lookup, hashed);
    fpvs::kernels::flow_lookup(to_flow_lookup, hashed, to_steer, flows);
    fpvs::kernels::steer(to_steer, flows, to_server, steered);
    fpvs::kernels::server(to_server, steered, to_next_hop, with_server);
    fpvs::kernels::next_hop(to_next_hop, with_server, to_activity, decisions, settled);
    fpvs::kernels::rewrite(decisions, sums, edits, prefixes);
    fpvs::kernels::edit(edits, waiting, packets, punted, punt_infos);
    fpvs::kernels::shift(packets, prefixes, forwarded_0, forwarded_1);
    fpvs::kernels::inject(inject_beats, injected_0, injected_1, counted_injected);
    fpvs::kernels::egress<0>(forwarded_0, injected_0, tx0);
    fpvs::kernels::egress<1>(forwarded_1, injected_1, tx1);
    fpvs::kernels::punt_sort(punted,
                             punt_infos,
                             control_freed,
                             data_freed,
                             control_beats,
                             control_infos,
                             data_beats,
                             data_infos,
                             counted_dropped);
    fpvs::kernels::punt_out<0>(control_beats, control_infos, control_freed, control);
    fpvs::kernels::punt_out<1>(data_beats, data_infos, data_freed, punt);
    fpvs::kernels::activity(to_activity, settled, to_count, news, counted);
    fpvs::kernels::count(to_count, counted, counted_injected, counted_dropped, to_event);
    fpvs::kernels::event(to_event, news, event);
}
