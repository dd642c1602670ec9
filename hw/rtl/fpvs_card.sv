// SPDX-License-Identifier: Apache-2.0
// The card: everything between the MACs, the host's memory and the host's register accesses.
//
//             +--------------------------- fpvs_card ----------------------------+
//   rx0, rx1 -> port_rx ->|                                  |-> port_tx -> tx0, tx1
//                         |          fpvs_pipeline           |
//   m_axi_host <- readers:  command, inject ->|   |-> event, punt, control :writers -> m_axi_host
//   s_axil     -> registers
//
// The pipeline is compiled from hw/kernels; the rest is the shell.  To XRT this is a user-managed
// kernel (ap_ctrl_none) with one AXI4-Lite slave, one AXI4 master on host memory and an AXI4-Stream
// pair for each MAC.  rxN_axis_tready is always high, as a MAC does not look at it; rxN_axis_room
// is for a simulated MAC, which can wait, and is left open on a card.
module fpvs_card #(
    // Of the pipeline that is built in.
    parameter int unsigned FLOW_BUCKETS = fpvs_abi_pkg::FLOW_BUCKETS,
    parameter int unsigned FLOW6_BUCKETS = fpvs_abi_pkg::FLOW6_BUCKETS,
    localparam int unsigned DATA_W = fpvs_abi_pkg::BEAT_BITS,
    localparam int unsigned KEEP_W = DATA_W / 8,
    localparam int unsigned PORTS = 2
) (
    input  logic              ap_clk,
    input  logic              ap_rst_n,

    // A bit a port; on a card it comes from the MACs.
    input  logic [PORTS-1:0]  link,

    input  logic [11:0]       s_axil_awaddr,
    input  logic              s_axil_awvalid,
    output logic              s_axil_awready,
    input  logic [31:0]       s_axil_wdata,
    input  logic [3:0]        s_axil_wstrb,
    input  logic              s_axil_wvalid,
    output logic              s_axil_wready,
    output logic [1:0]        s_axil_bresp,
    output logic              s_axil_bvalid,
    input  logic              s_axil_bready,
    input  logic [11:0]       s_axil_araddr,
    input  logic              s_axil_arvalid,
    output logic              s_axil_arready,
    output logic [31:0]       s_axil_rdata,
    output logic [1:0]        s_axil_rresp,
    output logic              s_axil_rvalid,
    input  logic              s_axil_rready,

    output logic [63:0]       m_axi_host_awaddr,
    output logic [7:0]        m_axi_host_awlen,
    output logic [2:0]        m_axi_host_awsize,
    output logic [1:0]        m_axi_host_awburst,
    output logic [3:0]        m_axi_host_awcache,
    output logic [2:0]        m_axi_host_awprot,
    output logic              m_axi_host_awvalid,
    input  logic              m_axi_host_awready,
    output logic [DATA_W-1:0] m_axi_host_wdata,
    output logic [KEEP_W-1:0] m_axi_host_wstrb,
    output logic              m_axi_host_wlast,
    output logic              m_axi_host_wvalid,
    input  logic              m_axi_host_wready,
    input  logic [1:0]        m_axi_host_bresp,
    input  logic              m_axi_host_bvalid,
    output logic              m_axi_host_bready,
    output logic [63:0]       m_axi_host_araddr,
    output logic [7:0]        m_axi_host_arlen,
    output logic [2:0]        m_axi_host_arsize,
    output logic [1:0]        m_axi_host_arburst,
    output logic [3:0]        m_axi_host_arcache,
    output logic [2:0]        m_axi_host_arprot,
    output logic              m_axi_host_arvalid,
    input  logic              m_axi_host_arready,
    input  logic [DATA_W-1:0] m_axi_host_rdata,
    input  logic [1:0]        m_axi_host_rresp,
    input  logic              m_axi_host_rlast,
    input  logic              m_axi_host_rvalid,
    output logic              m_axi_host_rready,

    input  logic [DATA_W-1:0] rx0_axis_tdata,
    input  logic [KEEP_W-1:0] rx0_axis_tkeep,
    input  logic              rx0_axis_tlast,
    input  logic              rx0_axis_tvalid,
    output logic              rx0_axis_tready,
    output logic              rx0_axis_room,
    input  logic [DATA_W-1:0] rx1_axis_tdata,
    input  logic [KEEP_W-1:0] rx1_axis_tkeep,
    input  logic              rx1_axis_tlast,
    input  logic              rx1_axis_tvalid,
    output logic              rx1_axis_tready,
    output logic              rx1_axis_room,

    output logic [DATA_W-1:0] tx0_axis_tdata,
    output logic [KEEP_W-1:0] tx0_axis_tkeep,
    output logic              tx0_axis_tlast,
    output logic              tx0_axis_tvalid,
    input  logic              tx0_axis_tready,
    output logic [DATA_W-1:0] tx1_axis_tdata,
    output logic [KEEP_W-1:0] tx1_axis_tkeep,
    output logic              tx1_axis_tlast,
    output logic              tx1_axis_tvalid,
    input  logic              tx1_axis_tready
);

    localparam int unsigned RINGS = fpvs_abi_pkg::RINGS;
    localparam int unsigned COMMAND = 32'(fpvs_abi_pkg::RING_COMMAND);
    localparam int unsigned EVENT = 32'(fpvs_abi_pkg::RING_EVENT);
    localparam int unsigned PUNT = 32'(fpvs_abi_pkg::RING_PUNT);
    localparam int unsigned INJECT = 32'(fpvs_abi_pkg::RING_INJECT);
    localparam int unsigned CONTROL = 32'(fpvs_abi_pkg::RING_CONTROL);
    localparam int unsigned FRAME_BEATS_MAX =
        (fpvs_abi_pkg::FRAME_BYTES_MAX + KEEP_W - 1) / KEEP_W;

    // ---- Registers.
    logic                run;
    logic [RINGS-1:0]    at_rest;
    logic [RINGS*64-1:0] base;
    logic [RINGS*5-1:0]  slots_log2;
    logic [RINGS*4-1:0]  slot_bytes_log2;
    logic [RINGS*32-1:0] host_index;
    logic [RINGS*32-1:0] card_index;
    logic [RINGS*32-1:0] dropped;
    logic [RINGS*32-1:0] full;
    logic [PORTS*32-1:0] rx_frames;
    logic [PORTS*32-1:0] rx_dropped;
    logic [PORTS*32-1:0] tx_frames;

    fpvs_registers #(
        .PORTS(PORTS),
        .FLOW_BUCKETS(FLOW_BUCKETS),
        .FLOW6_BUCKETS(FLOW6_BUCKETS)
    ) u_registers (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .s_axil_awaddr(s_axil_awaddr),
        .s_axil_awvalid(s_axil_awvalid),
        .s_axil_awready(s_axil_awready),
        .s_axil_wdata(s_axil_wdata),
        .s_axil_wstrb(s_axil_wstrb),
        .s_axil_wvalid(s_axil_wvalid),
        .s_axil_wready(s_axil_wready),
        .s_axil_bresp(s_axil_bresp),
        .s_axil_bvalid(s_axil_bvalid),
        .s_axil_bready(s_axil_bready),
        .s_axil_araddr(s_axil_araddr),
        .s_axil_arvalid(s_axil_arvalid),
        .s_axil_arready(s_axil_arready),
        .s_axil_rdata(s_axil_rdata),
        .s_axil_rresp(s_axil_rresp),
        .s_axil_rvalid(s_axil_rvalid),
        .s_axil_rready(s_axil_rready),
        .link(link),
        .rx_frames(rx_frames),
        .rx_dropped(rx_dropped),
        .tx_frames(tx_frames),
        .run(run),
        .rings_at_rest(&at_rest),
        .ring_base(base),
        .ring_slots_log2(slots_log2),
        .ring_slot_bytes_log2(slot_bytes_log2),
        .ring_host_index(host_index),
        .ring_card_index(card_index),
        .ring_dropped(dropped),
        .ring_full(full)
    );

    // What a reader's ring cannot run out of.
    assign full[COMMAND*32+:32]    = '0;
    assign full[INJECT*32+:32]     = '0;
    assign dropped[COMMAND*32+:32] = '0;

    // ---- Ports.
    logic [DATA_W-1:0] rx0_tdata;
    logic [KEEP_W-1:0] rx0_tkeep;
    logic              rx0_tlast;
    logic              rx0_tvalid;
    logic              rx0_tready;
    logic [DATA_W-1:0] tx0_tdata;
    logic [KEEP_W-1:0] tx0_tkeep;
    logic              tx0_tlast;
    logic              tx0_tvalid;
    logic              tx0_tready;
    logic [DATA_W-1:0] rx1_tdata;
    logic [KEEP_W-1:0] rx1_tkeep;
    logic              rx1_tlast;
    logic              rx1_tvalid;
    logic              rx1_tready;
    logic [DATA_W-1:0] tx1_tdata;
    logic [KEEP_W-1:0] tx1_tkeep;
    logic              tx1_tlast;
    logic              tx1_tvalid;
    logic              tx1_tready;

    assign rx0_axis_tready = 1'b1;

    fpvs_port_rx #(
        .DATA_W(DATA_W),
        .FRAME_BEATS_MAX(FRAME_BEATS_MAX)
    ) u_rx0 (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .s_axis_tdata(rx0_axis_tdata),
        .s_axis_tkeep(rx0_axis_tkeep),
        .s_axis_tlast(rx0_axis_tlast),
        .s_axis_tvalid(rx0_axis_tvalid),
        .s_axis_room(rx0_axis_room),
        .m_axis_tdata(rx0_tdata),
        .m_axis_tkeep(rx0_tkeep),
        .m_axis_tlast(rx0_tlast),
        .m_axis_tvalid(rx0_tvalid),
        .m_axis_tready(rx0_tready),
        .frames(rx_frames[0+:32]),
        .dropped(rx_dropped[0+:32])
    );

    fpvs_port_tx #(
        .DATA_W(DATA_W),
        .FRAME_BEATS_MAX(FRAME_BEATS_MAX)
    ) u_tx0 (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .s_axis_tdata(tx0_tdata),
        .s_axis_tkeep(tx0_tkeep),
        .s_axis_tlast(tx0_tlast),
        .s_axis_tvalid(tx0_tvalid),
        .s_axis_tready(tx0_tready),
        .m_axis_tdata(tx0_axis_tdata),
        .m_axis_tkeep(tx0_axis_tkeep),
        .m_axis_tlast(tx0_axis_tlast),
        .m_axis_tvalid(tx0_axis_tvalid),
        .m_axis_tready(tx0_axis_tready),
        .frames(tx_frames[0+:32])
    );

    assign rx1_axis_tready = 1'b1;

    fpvs_port_rx #(
        .DATA_W(DATA_W),
        .FRAME_BEATS_MAX(FRAME_BEATS_MAX)
    ) u_rx1 (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .s_axis_tdata(rx1_axis_tdata),
        .s_axis_tkeep(rx1_axis_tkeep),
        .s_axis_tlast(rx1_axis_tlast),
        .s_axis_tvalid(rx1_axis_tvalid),
        .s_axis_room(rx1_axis_room),
        .m_axis_tdata(rx1_tdata),
        .m_axis_tkeep(rx1_tkeep),
        .m_axis_tlast(rx1_tlast),
        .m_axis_tvalid(rx1_tvalid),
        .m_axis_tready(rx1_tready),
        .frames(rx_frames[32+:32]),
        .dropped(rx_dropped[32+:32])
    );

    fpvs_port_tx #(
        .DATA_W(DATA_W),
        .FRAME_BEATS_MAX(FRAME_BEATS_MAX)
    ) u_tx1 (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .s_axis_tdata(tx1_tdata),
        .s_axis_tkeep(tx1_tkeep),
        .s_axis_tlast(tx1_tlast),
        .s_axis_tvalid(tx1_tvalid),
        .s_axis_tready(tx1_tready),
        .m_axis_tdata(tx1_axis_tdata),
        .m_axis_tkeep(tx1_axis_tkeep),
        .m_axis_tlast(tx1_axis_tlast),
        .m_axis_tvalid(tx1_axis_tvalid),
        .m_axis_tready(tx1_axis_tready),
        .frames(tx_frames[32+:32])
    );

    // ---- Rings.  Of the readers and writers, 0 carries records, 1 frames and 2 those of control
    // traffic.
    localparam int unsigned WRITERS = 3;
    logic [DATA_W-1:0] command_tdata;
    logic              command_tvalid;
    logic              command_tready;
    logic [DATA_W-1:0] inject_tdata;
    logic [KEEP_W-1:0] inject_tkeep;
    logic              inject_tlast;
    logic              inject_tvalid;
    logic              inject_tready;
    logic [DATA_W-1:0] event_tdata;
    logic              event_tvalid;
    logic              event_tready;
    logic [DATA_W-1:0] punt_tdata;
    logic              punt_tlast;
    logic              punt_tvalid;
    logic              punt_tready;
    logic [DATA_W-1:0] control_tdata;
    logic              control_tlast;
    logic              control_tvalid;
    logic              control_tready;

    logic [2*64-1:0]     read_araddr;
    logic [2*8-1:0]      read_arlen;
    logic [1:0]          read_arvalid;
    logic [1:0]          read_arready;
    logic [DATA_W-1:0]   read_rdata;
    logic                read_rlast;
    logic [1:0]          read_rvalid;
    logic [1:0]          read_rready;
    logic [WRITERS*64-1:0]     write_awaddr;
    logic [WRITERS*8-1:0]      write_awlen;
    logic [WRITERS-1:0]        write_awvalid;
    logic [WRITERS-1:0]        write_awready;
    logic [WRITERS*DATA_W-1:0] write_wdata;
    logic [WRITERS-1:0]        write_wlast;
    logic [WRITERS-1:0]        write_wvalid;
    logic [WRITERS-1:0]        write_wready;
    logic [WRITERS-1:0]        write_bvalid;
    logic [WRITERS-1:0]        write_bready;

    fpvs_record_reader #(
        .DATA_W(DATA_W)
    ) u_command (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .run(run),
        .base(base[COMMAND*64+:64]),
        .slots_log2(slots_log2[COMMAND*5+:5]),
        .slot_bytes_log2(slot_bytes_log2[COMMAND*4+:4]),
        .host_index(host_index[COMMAND*32+:32]),
        .card_index(card_index[COMMAND*32+:32]),
        .at_rest(at_rest[COMMAND]),
        .m_axi_araddr(read_araddr[0+:64]),
        .m_axi_arlen(read_arlen[0+:8]),
        .m_axi_arvalid(read_arvalid[0]),
        .m_axi_arready(read_arready[0]),
        .m_axi_rdata(read_rdata),
        .m_axi_rvalid(read_rvalid[0]),
        .m_axi_rready(read_rready[0]),
        .m_axis_tdata(command_tdata),
        .m_axis_tvalid(command_tvalid),
        .m_axis_tready(command_tready)
    );

    fpvs_frame_reader #(
        .DATA_W(DATA_W),
        .LENGTH_LSB(fpvs_abi_pkg::INJECT_HEADER_LENGTH_BYTES_LSB),
        .FRAME_BYTES_MIN(fpvs_abi_pkg::FRAME_BYTES_MIN),
        .FRAME_BYTES_MAX(fpvs_abi_pkg::FRAME_BYTES_MAX)
    ) u_inject (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .run(run),
        .base(base[INJECT*64+:64]),
        .slots_log2(slots_log2[INJECT*5+:5]),
        .slot_bytes_log2(slot_bytes_log2[INJECT*4+:4]),
        .host_index(host_index[INJECT*32+:32]),
        .card_index(card_index[INJECT*32+:32]),
        .dropped(dropped[INJECT*32+:32]),
        .at_rest(at_rest[INJECT]),
        .m_axi_araddr(read_araddr[64+:64]),
        .m_axi_arlen(read_arlen[8+:8]),
        .m_axi_arvalid(read_arvalid[1]),
        .m_axi_arready(read_arready[1]),
        .m_axi_rdata(read_rdata),
        .m_axi_rlast(read_rlast),
        .m_axi_rvalid(read_rvalid[1]),
        .m_axi_rready(read_rready[1]),
        .m_axis_tdata(inject_tdata),
        .m_axis_tkeep(inject_tkeep),
        .m_axis_tlast(inject_tlast),
        .m_axis_tvalid(inject_tvalid),
        .m_axis_tready(inject_tready)
    );

    fpvs_record_writer #(
        .DATA_W(DATA_W),
        .STAMP_LSB(fpvs_abi_pkg::EVENT_STAMP_LSB)
    ) u_event (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .run(run),
        .base(base[EVENT*64+:64]),
        .slots_log2(slots_log2[EVENT*5+:5]),
        .slot_bytes_log2(slot_bytes_log2[EVENT*4+:4]),
        .host_index(host_index[EVENT*32+:32]),
        .card_index(card_index[EVENT*32+:32]),
        .dropped(dropped[EVENT*32+:32]),
        .full(full[EVENT*32+:32]),
        .at_rest(at_rest[EVENT]),
        .s_axis_tdata(event_tdata),
        .s_axis_tvalid(event_tvalid),
        .s_axis_tready(event_tready),
        .m_axi_awaddr(write_awaddr[0+:64]),
        .m_axi_awlen(write_awlen[0+:8]),
        .m_axi_awvalid(write_awvalid[0]),
        .m_axi_awready(write_awready[0]),
        .m_axi_wdata(write_wdata[0+:DATA_W]),
        .m_axi_wlast(write_wlast[0]),
        .m_axi_wvalid(write_wvalid[0]),
        .m_axi_wready(write_wready[0]),
        .m_axi_bvalid(write_bvalid[0]),
        .m_axi_bready(write_bready[0])
    );

    fpvs_frame_writer #(
        .DATA_W(DATA_W),
        .STAMP_LSB(fpvs_abi_pkg::PUNT_HEADER_STAMP_LSB)
    ) u_punt (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .run(run),
        .base(base[PUNT*64+:64]),
        .slots_log2(slots_log2[PUNT*5+:5]),
        .slot_bytes_log2(slot_bytes_log2[PUNT*4+:4]),
        .host_index(host_index[PUNT*32+:32]),
        .card_index(card_index[PUNT*32+:32]),
        .dropped(dropped[PUNT*32+:32]),
        .full(full[PUNT*32+:32]),
        .at_rest(at_rest[PUNT]),
        .s_axis_tdata(punt_tdata),
        .s_axis_tlast(punt_tlast),
        .s_axis_tvalid(punt_tvalid),
        .s_axis_tready(punt_tready),
        .m_axi_awaddr(write_awaddr[64+:64]),
        .m_axi_awlen(write_awlen[8+:8]),
        .m_axi_awvalid(write_awvalid[1]),
        .m_axi_awready(write_awready[1]),
        .m_axi_wdata(write_wdata[DATA_W+:DATA_W]),
        .m_axi_wlast(write_wlast[1]),
        .m_axi_wvalid(write_wvalid[1]),
        .m_axi_wready(write_wready[1]),
        .m_axi_bvalid(write_bvalid[1]),
        .m_axi_bready(write_bready[1])
    );

    fpvs_frame_writer #(
        .DATA_W(DATA_W),
        .STAMP_LSB(fpvs_abi_pkg::PUNT_HEADER_STAMP_LSB)
    ) u_control (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .run(run),
        .base(base[CONTROL*64+:64]),
        .slots_log2(slots_log2[CONTROL*5+:5]),
        .slot_bytes_log2(slot_bytes_log2[CONTROL*4+:4]),
        .host_index(host_index[CONTROL*32+:32]),
        .card_index(card_index[CONTROL*32+:32]),
        .dropped(dropped[CONTROL*32+:32]),
        .full(full[CONTROL*32+:32]),
        .at_rest(at_rest[CONTROL]),
        .s_axis_tdata(control_tdata),
        .s_axis_tlast(control_tlast),
        .s_axis_tvalid(control_tvalid),
        .s_axis_tready(control_tready),
        .m_axi_awaddr(write_awaddr[128+:64]),
        .m_axi_awlen(write_awlen[16+:8]),
        .m_axi_awvalid(write_awvalid[2]),
        .m_axi_awready(write_awready[2]),
        .m_axi_wdata(write_wdata[2*DATA_W+:DATA_W]),
        .m_axi_wlast(write_wlast[2]),
        .m_axi_wvalid(write_wvalid[2]),
        .m_axi_wready(write_wready[2]),
        .m_axi_bvalid(write_bvalid[2]),
        .m_axi_bready(write_bready[2])
    );

    // ---- Host memory: beats of the bus's full width, incrementing, modifiable and bufferable.
    assign m_axi_host_awsize  = 3'($clog2(KEEP_W));
    assign m_axi_host_awburst = 2'b01;
    assign m_axi_host_awcache = 4'b0011;
    assign m_axi_host_awprot  = 3'b000;
    assign m_axi_host_wstrb   = '1;
    assign m_axi_host_arsize  = 3'($clog2(KEEP_W));
    assign m_axi_host_arburst = 2'b01;
    assign m_axi_host_arcache = 4'b0011;
    assign m_axi_host_arprot  = 3'b000;

    fpvs_axi_read_mux #(
        .DATA_W(DATA_W)
    ) u_reads (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .s_axi_araddr(read_araddr),
        .s_axi_arlen(read_arlen),
        .s_axi_arvalid(read_arvalid),
        .s_axi_arready(read_arready),
        .s_axi_rdata(read_rdata),
        .s_axi_rlast(read_rlast),
        .s_axi_rvalid(read_rvalid),
        .s_axi_rready(read_rready),
        .m_axi_araddr(m_axi_host_araddr),
        .m_axi_arlen(m_axi_host_arlen),
        .m_axi_arvalid(m_axi_host_arvalid),
        .m_axi_arready(m_axi_host_arready),
        .m_axi_rdata(m_axi_host_rdata),
        .m_axi_rresp(m_axi_host_rresp),
        .m_axi_rlast(m_axi_host_rlast),
        .m_axi_rvalid(m_axi_host_rvalid),
        .m_axi_rready(m_axi_host_rready)
    );

    fpvs_axi_write_mux #(
        .SOURCES(WRITERS),
        .DATA_W(DATA_W)
    ) u_writes (
        .clk(ap_clk),
        .rst_n(ap_rst_n),
        .s_axi_awaddr(write_awaddr),
        .s_axi_awlen(write_awlen),
        .s_axi_awvalid(write_awvalid),
        .s_axi_awready(write_awready),
        .s_axi_wdata(write_wdata),
        .s_axi_wlast(write_wlast),
        .s_axi_wvalid(write_wvalid),
        .s_axi_wready(write_wready),
        .s_axi_bvalid(write_bvalid),
        .s_axi_bready(write_bready),
        .m_axi_awaddr(m_axi_host_awaddr),
        .m_axi_awlen(m_axi_host_awlen),
        .m_axi_awvalid(m_axi_host_awvalid),
        .m_axi_awready(m_axi_host_awready),
        .m_axi_wdata(m_axi_host_wdata),
        .m_axi_wlast(m_axi_host_wlast),
        .m_axi_wvalid(m_axi_host_wvalid),
        .m_axi_wready(m_axi_host_wready),
        .m_axi_bvalid(m_axi_host_bvalid),
        .m_axi_bready(m_axi_host_bready)
    );

    // ---- The pipeline.
    fpvs_pipeline u_pipeline (
        .ap_clk(ap_clk),
        .ap_rst_n(ap_rst_n),
        .rx0_tdata(rx0_tdata),
        .rx0_tkeep(rx0_tkeep),
        .rx0_tstrb(rx0_tkeep),
        .rx0_tlast(rx0_tlast),
        .rx0_tvalid(rx0_tvalid),
        .rx0_tready(rx0_tready),
        .rx1_tdata(rx1_tdata),
        .rx1_tkeep(rx1_tkeep),
        .rx1_tstrb(rx1_tkeep),
        .rx1_tlast(rx1_tlast),
        .rx1_tvalid(rx1_tvalid),
        .rx1_tready(rx1_tready),
        .inject_tdata(inject_tdata),
        .inject_tkeep(inject_tkeep),
        .inject_tstrb(inject_tkeep),
        .inject_tlast(inject_tlast),
        .inject_tvalid(inject_tvalid),
        .inject_tready(inject_tready),
        .command_tdata(command_tdata),
        .command_tvalid(command_tvalid),
        .command_tready(command_tready),
        .tx0_tdata(tx0_tdata),
        .tx0_tkeep(tx0_tkeep),
        .tx0_tstrb(),
        .tx0_tlast(tx0_tlast),
        .tx0_tvalid(tx0_tvalid),
        .tx0_tready(tx0_tready),
        .tx1_tdata(tx1_tdata),
        .tx1_tkeep(tx1_tkeep),
        .tx1_tstrb(),
        .tx1_tlast(tx1_tlast),
        .tx1_tvalid(tx1_tvalid),
        .tx1_tready(tx1_tready),
        .punt_tdata(punt_tdata),
        .punt_tkeep(),
        .punt_tstrb(),
        .punt_tlast(punt_tlast),
        .punt_tvalid(punt_tvalid),
        .punt_tready(punt_tready),
        .control_tdata(control_tdata),
        .control_tkeep(),
        .control_tstrb(),
        .control_tlast(control_tlast),
        .control_tvalid(control_tvalid),
        .control_tready(control_tready),
        .event_tdata(event_tdata),
        .event_tvalid(event_tvalid),
        .event_tready(event_tready)
    );

endmodule
