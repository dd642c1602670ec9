// SPDX-License-Identifier: Apache-2.0
// The card's end of a ring that the host fills with one-beat records (hw/abi/rings.hpp: command).
//
// From the doorbell on it reads slots in order, one AXI read each with up to DEPTH under way, and
// hands them on as a stream.  card_index counts the records that were handed on, so the host may
// use their slots again.  While `run` is low nothing new is read; once everything read was handed
// on, the ring is at rest and its index is zero.
module fpvs_record_reader #(
    parameter int unsigned DATA_W = 512,
    parameter int unsigned DEPTH = 16
) (
    input  logic              clk,
    input  logic              rst_n,

    input  logic              run,
    input  logic [63:0]       base,
    input  logic [4:0]        slots_log2,
    input  logic [3:0]        slot_bytes_log2,
    input  logic [31:0]       host_index,
    output logic [31:0]       card_index,
    output logic              at_rest,

    output logic [63:0]       m_axi_araddr,
    output logic [7:0]        m_axi_arlen,
    output logic              m_axi_arvalid,
    input  logic              m_axi_arready,
    input  logic [DATA_W-1:0] m_axi_rdata,
    input  logic              m_axi_rvalid,
    output logic              m_axi_rready,

    output logic [DATA_W-1:0] m_axis_tdata,
    output logic              m_axis_tvalid,
    input  logic              m_axis_tready
);

    logic [31:0] issue_index;
    logic [63:0] slot_address;

    fpvs_slot_address u_slot_address (
        .base(base),
        .slots_log2(slots_log2),
        .slot_bytes_log2(slot_bytes_log2),
        .index(issue_index),
        .address(slot_address)
    );

    // What is issued and not handed on lies in the FIFO or is on its way there.
    wire have_room = (issue_index - card_index) < DEPTH;
    wire issue = run && (issue_index != host_index) && have_room &&
                 (!m_axi_arvalid || m_axi_arready);

    assign m_axi_arlen = 8'd0;
    assign at_rest = issue_index == card_index;

    fpvs_fifo #(
        .WIDTH(DATA_W),
        .DEPTH(DEPTH)
    ) u_records (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(m_axi_rdata),
        .s_valid(m_axi_rvalid),
        .s_ready(m_axi_rready),
        .m_data(m_axis_tdata),
        .m_valid(m_axis_tvalid),
        .m_ready(m_axis_tready)
    );

    always_ff @(posedge clk) begin
        if (issue) begin
            m_axi_araddr  <= slot_address;
            m_axi_arvalid <= 1'b1;
            issue_index   <= issue_index + 1'b1;
        end else if (m_axi_arready) begin
            m_axi_arvalid <= 1'b0;
        end
        if (m_axis_tvalid && m_axis_tready) card_index <= card_index + 1'b1;
        if (!rst_n || (!run && at_rest)) begin
            m_axi_arvalid <= 1'b0;
            issue_index   <= '0;
            card_index    <= '0;
        end
    end

endmodule
