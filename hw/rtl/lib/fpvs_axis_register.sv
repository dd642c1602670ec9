// SPDX-License-Identifier: Apache-2.0
// A register slice at an AXI4-Stream input: ready and valid both come from registers, full rate.
// The inner side takes a word by `take`, which it raises only while m_valid is high.
module fpvs_axis_register #(
    parameter int WIDTH = 8
) (
    input  wire              ap_clk,
    input  wire              ap_rst_n,
    input  wire              s_valid,
    output reg               s_ready,
    input  wire  [WIDTH-1:0] s_data,
    output reg               m_valid,
    output reg   [WIDTH-1:0] m_data,
    input  wire              take
);
    if (WIDTH < 1) $fatal(1, "WIDTH is not positive (instance %m)");

    reg spare_valid;
    reg [WIDTH-1:0] spare;
    wire accept = s_valid && s_ready;
    wire room = !m_valid || take;

    always_ff @(posedge ap_clk) begin
        if (accept && !room) spare <= s_data;
        if (room && (spare_valid || accept)) m_data <= spare_valid ? spare : s_data;
        if (!ap_rst_n) begin
            s_ready <= 1'b0;
            m_valid <= 1'b0;
            spare_valid <= 1'b0;
        end else begin
            if (room) begin
                m_valid <= spare_valid || accept;
                spare_valid <= 1'b0;
                s_ready <= 1'b1;
            end else if (accept) begin
                spare_valid <= 1'b1;
                s_ready <= 1'b0;
            end else begin
                s_ready <= !spare_valid;
            end
        end
    end
endmodule
