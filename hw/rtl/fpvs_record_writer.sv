// SPDX-License-Identifier: Apache-2.0
// The card's end of a ring that the card fills with one-beat records (hw/abi/rings.hpp: event).
//
// Takes a record a cycle, puts the lap of its slot into the stamp and writes it to host memory.
// A record that finds no free slot, or a ring that does not run, is dropped and counted.
// card_index counts the records that memory has acknowledged.  While `run` is low nothing is
// written; once all writes are acknowledged, the ring is at rest and its index is zero.
module fpvs_record_writer #(
    parameter int unsigned DATA_W = 512,
    parameter int unsigned STAMP_LSB = 480
) (
    input  logic                clk,
    input  logic                rst_n,

    input  logic                run,
    input  logic [63:0]         base,
    input  logic [4:0]          slots_log2,
    input  logic [3:0]          slot_bytes_log2,
    input  logic [31:0]         host_index,
    output logic [31:0]         card_index,
    output logic [31:0]         dropped,
    output logic [31:0]         full,
    output logic                at_rest,

    input  logic [DATA_W-1:0]   s_axis_tdata,
    input  logic                s_axis_tvalid,
    output logic                s_axis_tready,

    output logic [63:0]         m_axi_awaddr,
    output logic [7:0]          m_axi_awlen,
    output logic                m_axi_awvalid,
    input  logic                m_axi_awready,
    output logic [DATA_W-1:0]   m_axi_wdata,
    output logic                m_axi_wlast,
    output logic                m_axi_wvalid,
    input  logic                m_axi_wready,
    input  logic                m_axi_bvalid,
    output logic                m_axi_bready
);

    if (STAMP_LSB + 32 > DATA_W)
        $fatal(0, "Error: the stamp must lie within a beat (instance %m)");

    logic [31:0] issue_index;
    logic [63:0] slot_address;

    fpvs_slot_address u_slot_address (
        .base(base),
        .slots_log2(slots_log2),
        .slot_bytes_log2(slot_bytes_log2),
        .index(issue_index),
        .address(slot_address)
    );

    wire have_slot = (issue_index - host_index) < (32'd1 << slots_log2);
    wire take = s_axis_tvalid && s_axis_tready;
    wire keep = run && have_slot;

    assign s_axis_tready = (!m_axi_awvalid || m_axi_awready) && (!m_axi_wvalid || m_axi_wready);
    assign m_axi_awlen   = 8'd0;
    assign m_axi_wlast   = 1'b1;
    assign m_axi_bready  = 1'b1;
    assign at_rest       = issue_index == card_index;

    always_ff @(posedge clk) begin
        if (m_axi_awready) m_axi_awvalid <= 1'b0;
        if (m_axi_wready) m_axi_wvalid <= 1'b0;
        if (take && keep) begin
            m_axi_awaddr  <= slot_address;
            m_axi_awvalid <= 1'b1;
            m_axi_wdata   <= s_axis_tdata;
            m_axi_wdata[STAMP_LSB+:32] <= (issue_index >> slots_log2) + 1'b1;
            m_axi_wvalid  <= 1'b1;
            issue_index   <= issue_index + 1'b1;
        end
        if (take && !keep) dropped <= dropped + 1'b1;
        if (take && run && !have_slot) full <= full + 1'b1;
        if (m_axi_bvalid) card_index <= card_index + 1'b1;
        if (!run && at_rest) begin
            issue_index <= '0;
            card_index  <= '0;
        end
        if (!rst_n) begin
            m_axi_awvalid <= 1'b0;
            m_axi_wvalid  <= 1'b0;
            issue_index   <= '0;
            card_index    <= '0;
            dropped       <= '0;
            full          <= '0;
        end
    end

endmodule
