// SPDX-License-Identifier: Apache-2.0
// Joins AXI write masters to one, in turn.  The beats of a burst follow those of the burst that was
// taken before it, and acknowledgements come in that order, so no IDs are needed: the bus side is
// given one ID.
module fpvs_axi_write_mux #(
    parameter int unsigned SOURCES = 2,
    parameter int unsigned DATA_W = 512,
    // Bursts under way.
    parameter int unsigned BURSTS = 64
) (
    input  logic                      clk,
    input  logic                      rst_n,

    input  logic [SOURCES*64-1:0]     s_axi_awaddr,
    input  logic [SOURCES*8-1:0]      s_axi_awlen,
    input  logic [SOURCES-1:0]        s_axi_awvalid,
    output logic [SOURCES-1:0]        s_axi_awready,
    input  logic [SOURCES*DATA_W-1:0] s_axi_wdata,
    input  logic [SOURCES-1:0]        s_axi_wlast,
    input  logic [SOURCES-1:0]        s_axi_wvalid,
    output logic [SOURCES-1:0]        s_axi_wready,
    output logic [SOURCES-1:0]        s_axi_bvalid,
    input  logic [SOURCES-1:0]        s_axi_bready,

    output logic [63:0]               m_axi_awaddr,
    output logic [7:0]                m_axi_awlen,
    output logic                      m_axi_awvalid,
    input  logic                      m_axi_awready,
    output logic [DATA_W-1:0]         m_axi_wdata,
    output logic                      m_axi_wlast,
    output logic                      m_axi_wvalid,
    input  logic                      m_axi_wready,
    input  logic                      m_axi_bvalid,
    output logic                      m_axi_bready
);

    localparam int unsigned SOURCE_W = SOURCES > 1 ? $clog2(SOURCES) : 1;

    logic [SOURCE_W-1:0] chosen;
    logic                chosen_valid;
    logic                data_room;
    logic [SOURCE_W-1:0] data_owner;
    logic                data_owned;
    logic                reply_room;
    logic [SOURCE_W-1:0] reply_owner;
    logic                reply_owned;

    wire take = chosen_valid && data_room && reply_room && (!m_axi_awvalid || m_axi_awready);

    fpvs_round_robin #(
        .SOURCES(SOURCES)
    ) u_turn (
        .clk(clk),
        .rst_n(rst_n),
        .request(s_axi_awvalid),
        .take(take),
        .chosen(chosen),
        .chosen_valid(chosen_valid)
    );

    fpvs_fifo #(
        .WIDTH(SOURCE_W),
        .DEPTH(BURSTS)
    ) u_data_owners (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(chosen),
        .s_valid(take),
        .s_ready(data_room),
        .m_data(data_owner),
        .m_valid(data_owned),
        .m_ready(m_axi_wvalid && m_axi_wready && m_axi_wlast)
    );

    fpvs_fifo #(
        .WIDTH(SOURCE_W),
        .DEPTH(BURSTS)
    ) u_reply_owners (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(chosen),
        .s_valid(take),
        .s_ready(reply_room),
        .m_data(reply_owner),
        .m_valid(reply_owned),
        .m_ready(m_axi_bvalid && m_axi_bready)
    );

    assign m_axi_wdata  = s_axi_wdata[data_owner*DATA_W+:DATA_W];
    assign m_axi_wlast  = s_axi_wlast[data_owner];
    assign m_axi_wvalid = data_owned && s_axi_wvalid[data_owner];
    assign m_axi_bready = reply_owned && s_axi_bready[reply_owner];

    always_comb begin
        s_axi_awready = '0;
        s_axi_awready[chosen] = take;
        s_axi_wready = '0;
        s_axi_wready[data_owner] = data_owned && m_axi_wready;
        s_axi_bvalid = '0;
        s_axi_bvalid[reply_owner] = reply_owned && m_axi_bvalid;
    end

    always_ff @(posedge clk) begin
        if (take) begin
            m_axi_awaddr  <= s_axi_awaddr[chosen*64+:64];
            m_axi_awlen   <= s_axi_awlen[chosen*8+:8];
            m_axi_awvalid <= 1'b1;
        end else if (m_axi_awready) begin
            m_axi_awvalid <= 1'b0;
        end
        if (!rst_n) m_axi_awvalid <= 1'b0;
    end

endmodule
