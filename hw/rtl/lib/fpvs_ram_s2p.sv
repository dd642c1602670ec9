// SPDX-License-Identifier: Apache-2.0
// A memory with one read and one write port on one clock, read first: a read in the cycle of a
// write to its word returns the old word.  (URAM may return either; hlsc states that as the
// meaning of tables bound to it.)  data follows address after LATENCY cycles; read_enable[i] moves
// the word on in the i-th of them, so a read that nobody waits for moves nothing.
module fpvs_ram_s2p #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 16,
    parameter int LATENCY = 2,
    parameter STYLE = "auto",  // "block", "ultra", "distributed" or "auto".
    parameter bit INITIALISED = 0,
    parameter [WIDTH*(INITIALISED ? DEPTH : 1)-1:0] INITIAL = '0,  // Word 0 lowest.
    localparam int ADDRESS = (DEPTH > 1) ? $clog2(DEPTH) : 1
) (
    input  wire                ap_clk,
    input  wire                write_enable,
    input  wire  [ADDRESS-1:0] write_address,
    input  wire  [WIDTH-1:0]   write_data,
    input  wire  [LATENCY-1:0] read_enable,
    input  wire  [ADDRESS-1:0] read_address,
    output wire  [WIDTH-1:0]   data
);
    if (WIDTH < 1 || DEPTH < 1) $fatal(1, "WIDTH or DEPTH is not positive (instance %m)");
    if (LATENCY < 1 || LATENCY > 3) $fatal(1, "LATENCY is not 1..3 (instance %m)");
    // verilator lint_off WIDTH
    if (INITIALISED && STYLE == "ultra") $fatal(1, "URAM has no initial value (instance %m)");
    // verilator lint_on WIDTH

    (* ram_style = STYLE *) reg [WIDTH-1:0] memory[0:DEPTH-1];
    reg [WIDTH-1:0] out[1:LATENCY];
    assign data = out[LATENCY];

    initial begin
        if (INITIALISED) begin
            for (int i = 0; i < DEPTH; i++) memory[i] = INITIAL[i*WIDTH+:WIDTH];
        end
`ifndef SYNTHESIS
        else for (int i = 0; i < DEPTH; i++) memory[i] = '0;
`endif
    end

    always_ff @(posedge ap_clk) begin
        if (write_enable) memory[write_address] <= write_data;
        if (read_enable[0]) out[1] <= memory[read_address];
        for (int i = 2; i <= LATENCY; i++) if (read_enable[i-1]) out[i] <= out[i-1];
    end
endmodule
