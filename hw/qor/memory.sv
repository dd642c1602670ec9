// SPDX-License-Identifier: Apache-2.0
// hw/rtl/lib/fpvs_ram_s2p.sv as a box: tables are counted by arithmetic (memories.py), because
// yosys takes minutes for a deep one and builds no cascades of URAM.
(* blackbox *)
module fpvs_ram_s2p #(
    parameter WIDTH = 8,
    parameter DEPTH = 16,
    parameter LATENCY = 2,
    parameter STYLE = "auto",
    parameter INITIALISED = 0,
    parameter [WIDTH*(INITIALISED ? DEPTH : 1)-1:0] INITIAL = 0
) (
    input  wire                                       ap_clk,
    input  wire                                       write_enable,
    input  wire [((DEPTH > 1) ? $clog2(DEPTH) : 1)-1:0] write_address,
    input  wire [WIDTH-1:0]                           write_data,
    input  wire [LATENCY-1:0]                         read_enable,
    input  wire [((DEPTH > 1) ? $clog2(DEPTH) : 1)-1:0] read_address,
    output wire [WIDTH-1:0]                           data
);
endmodule
