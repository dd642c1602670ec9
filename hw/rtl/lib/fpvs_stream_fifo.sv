// SPDX-License-Identifier: Apache-2.0
// A channel between two processes: a FIFO with credits for a writer that cannot stop.
//
// The writer's pipeline never stalls.  It reserves room when it issues an iteration; later that
// iteration pushes its word or drops the reservation.  credit tells, from a register, that one
// more reservation fits.  The reader sees the word in an output register (valid, data_out) and
// takes it.  A word pushed into an empty FIFO is visible in the next cycle.
module fpvs_stream_fifo #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 4  // Words reserved or stored; the STREAM depth plus what is in flight.
) (
    input  wire              ap_clk,
    input  wire              ap_rst_n,
    input  wire              reserve,
    input  wire              push,
    input  wire              drop,
    input  wire  [WIDTH-1:0] data_in,
    output reg               credit,
    output reg               valid,
    output reg   [WIDTH-1:0] data_out,
    input  wire              take
);
    localparam int ADDRESS = (DEPTH > 2) ? $clog2(DEPTH) : 1;
    localparam int COUNT = $clog2(DEPTH + 1);

    if (WIDTH < 1) $fatal(1, "WIDTH is not positive (instance %m)");
    if (DEPTH < 1 || DEPTH > 65536 + 1024) $fatal(1, "DEPTH is out of range (instance %m)");

    (* ram_style = "distributed" *) reg [WIDTH-1:0] memory[0:(1<<ADDRESS)-1];
    reg [ADDRESS-1:0] write_at, read_at;
    reg [COUNT-1:0] stored;  // Words in memory, without the output register.
    reg [COUNT-1:0] used;    // Words reserved or stored anywhere.

    // Of an empty FIFO the output register is empty, too: without any of these nothing changes.
    wire moves = reserve || push || drop || take;
    wire room = !valid || take;
    wire refill = room && stored != 0;
    wire direct = room && stored == 0;

    always_ff @(posedge ap_clk) begin : state
        logic keep;
        logic [COUNT-1:0] used_next;
        if (moves) begin
            keep = push && !direct;
            used_next = used + COUNT'(reserve) - COUNT'(drop) - COUNT'(take);
            if (keep) memory[write_at] <= data_in;
            if (refill) data_out <= memory[read_at];
            else if (direct && push) data_out <= data_in;
            if (keep) write_at <= write_at + 1'b1;
            if (refill) read_at <= read_at + 1'b1;
            stored <= stored + COUNT'(keep) - COUNT'(refill);
            used <= used_next;
            if (room) valid <= stored != 0 || push;
            credit <= used_next < COUNT'(DEPTH);
        end
        if (!ap_rst_n) begin
            write_at <= '0;
            read_at <= '0;
            stored <= '0;
            used <= '0;
            valid <= 1'b0;
            credit <= 1'b1;
        end
    end

`ifndef SYNTHESIS
    always_ff @(posedge ap_clk) begin
        if (ap_rst_n && moves) begin
            if (take && !valid) $fatal(1, "a word is taken that is not there (instance %m)");
            if (reserve && int'(used) == DEPTH) $fatal(1, "reserved beyond DEPTH (instance %m)");
            if (push && !direct && int'(stored) == (1 << ADDRESS))
                $fatal(1, "overflow (instance %m)");
        end
    end
`endif
endmodule
