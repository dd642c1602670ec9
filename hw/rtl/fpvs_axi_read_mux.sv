// SPDX-License-Identifier: Apache-2.0
// Joins AXI read masters to one, in turn.  Bursts come back in the order they were asked for, so
// no IDs are needed: the bus side is given one ID.
//
// A read that memory refuses (RRESP is an error) yields zeros: to a ring that is a nop command or a
// header without a length.
module fpvs_axi_read_mux #(
    parameter int unsigned SOURCES = 2,
    parameter int unsigned DATA_W = 512,
    // Bursts under way.
    parameter int unsigned BURSTS = 64
) (
    input  logic                  clk,
    input  logic                  rst_n,

    input  logic [SOURCES*64-1:0] s_axi_araddr,
    input  logic [SOURCES*8-1:0]  s_axi_arlen,
    input  logic [SOURCES-1:0]    s_axi_arvalid,
    output logic [SOURCES-1:0]    s_axi_arready,
    // The same to all: the valid one is meant.
    output logic [DATA_W-1:0]     s_axi_rdata,
    output logic                  s_axi_rlast,
    output logic [SOURCES-1:0]    s_axi_rvalid,
    input  logic [SOURCES-1:0]    s_axi_rready,

    output logic [63:0]           m_axi_araddr,
    output logic [7:0]            m_axi_arlen,
    output logic                  m_axi_arvalid,
    input  logic                  m_axi_arready,
    input  logic [DATA_W-1:0]     m_axi_rdata,
    input  logic [1:0]            m_axi_rresp,
    input  logic                  m_axi_rlast,
    input  logic                  m_axi_rvalid,
    output logic                  m_axi_rready
);

    localparam int unsigned SOURCE_W = SOURCES > 1 ? $clog2(SOURCES) : 1;

    logic [SOURCE_W-1:0] chosen;
    logic                chosen_valid;
    logic                owners_room;
    logic [SOURCE_W-1:0] owner;
    logic                owner_valid;

    wire take = chosen_valid && owners_room && (!m_axi_arvalid || m_axi_arready);

    fpvs_round_robin #(
        .SOURCES(SOURCES)
    ) u_turn (
        .clk(clk),
        .rst_n(rst_n),
        .request(s_axi_arvalid),
        .take(take),
        .chosen(chosen),
        .chosen_valid(chosen_valid)
    );

    fpvs_fifo #(
        .WIDTH(SOURCE_W),
        .DEPTH(BURSTS)
    ) u_owners (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(chosen),
        .s_valid(take),
        .s_ready(owners_room),
        .m_data(owner),
        .m_valid(owner_valid),
        .m_ready(m_axi_rvalid && m_axi_rready && m_axi_rlast)
    );

    assign s_axi_rdata  = m_axi_rresp[1] ? '0 : m_axi_rdata;
    assign s_axi_rlast  = m_axi_rlast;
    assign m_axi_rready = owner_valid && s_axi_rready[owner];

    always_comb begin
        s_axi_arready = '0;
        s_axi_arready[chosen] = take;
        s_axi_rvalid = '0;
        s_axi_rvalid[owner] = owner_valid && m_axi_rvalid;
    end

    always_ff @(posedge clk) begin
        if (take) begin
            m_axi_araddr  <= s_axi_araddr[chosen*64+:64];
            m_axi_arlen   <= s_axi_arlen[chosen*8+:8];
            m_axi_arvalid <= 1'b1;
        end else if (m_axi_arready) begin
            m_axi_arvalid <= 1'b0;
        end
        if (!rst_n) m_axi_arvalid <= 1'b0;
    end

endmodule
