// SPDX-License-Identifier: Apache-2.0
// A shallow FIFO of words in LUT RAM: the oldest word is on the output while m_valid is high.
// One word in and one word out each cycle.
module fpvs_fifo #(
    parameter int unsigned WIDTH = 8,
    parameter int unsigned DEPTH = 16
) (
    input  logic             clk,
    input  logic             rst_n,

    input  logic [WIDTH-1:0] s_data,
    input  logic             s_valid,
    output logic             s_ready,

    output logic [WIDTH-1:0] m_data,
    output logic             m_valid,
    input  logic             m_ready
);

    localparam int unsigned INDEX_W = $clog2(DEPTH);

    if (DEPTH < 2 || (DEPTH & (DEPTH - 1)) != 0)
        $fatal(0, "Error: DEPTH must be a power of two, 2 or more (instance %m)");

    logic [WIDTH-1:0] words[DEPTH];
    // One bit more than an index, so that full and empty differ.
    logic [INDEX_W:0] write_count;
    logic [INDEX_W:0] read_count;

    assign s_ready = (write_count - read_count) != (INDEX_W + 1)'(DEPTH);
    assign m_valid = write_count != read_count;
    assign m_data  = words[read_count[INDEX_W-1:0]];

    always_ff @(posedge clk) begin
        if (s_valid && s_ready) begin
            words[write_count[INDEX_W-1:0]] <= s_data;
            write_count <= write_count + 1'b1;
        end
        if (m_valid && m_ready) read_count <= read_count + 1'b1;
        if (!rst_n) begin
            write_count <= '0;
            read_count  <= '0;
        end
    end

endmodule
