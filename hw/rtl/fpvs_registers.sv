// SPDX-License-Identifier: Apache-2.0
// The register block of hw/abi/registers.hpp on AXI4-Lite.
//
// A write is of a whole word; one with other byte strobes does nothing.  A ring's base and sizes
// are taken only while the rings are stopped, and sizes only within their limits; its host_index
// only while they run.  After a 0 was written, `run` reads 1 until every ring is at rest and
// DRAIN_CYCLES have passed, in which the pipeline hands over, to be dropped, what it still had: a
// host that reads 0 knows that the card no longer touches its memory, and that the next host sees
// nothing of this one's.
module fpvs_registers #(
    parameter int unsigned PORTS = 2,
    // Longer than anything takes through the pipeline: its stages, three frames' beats, and a queue
    // of punted frames of one beat each, which leave with a header.
    parameter int unsigned DRAIN_CYCLES = 4096,
    // Of the pipeline that this card has.
    parameter int unsigned FLOW_BUCKETS = fpvs_abi_pkg::FLOW_BUCKETS,
    parameter int unsigned FLOW6_BUCKETS = fpvs_abi_pkg::FLOW6_BUCKETS,
    localparam int unsigned RINGS = fpvs_abi_pkg::RINGS
) (
    input  logic                clk,
    input  logic                rst_n,

    input  logic [11:0]         s_axil_awaddr,
    input  logic                s_axil_awvalid,
    output logic                s_axil_awready,
    input  logic [31:0]         s_axil_wdata,
    input  logic [3:0]          s_axil_wstrb,
    input  logic                s_axil_wvalid,
    output logic                s_axil_wready,
    output logic [1:0]          s_axil_bresp,
    output logic                s_axil_bvalid,
    input  logic                s_axil_bready,
    input  logic [11:0]         s_axil_araddr,
    input  logic                s_axil_arvalid,
    output logic                s_axil_arready,
    output logic [31:0]         s_axil_rdata,
    output logic [1:0]          s_axil_rresp,
    output logic                s_axil_rvalid,
    input  logic                s_axil_rready,

    input  logic [PORTS-1:0]    link,
    input  logic [PORTS*32-1:0] rx_frames,
    input  logic [PORTS*32-1:0] rx_dropped,
    input  logic [PORTS*32-1:0] tx_frames,

    output logic                run,
    input  logic                rings_at_rest,
    output logic [RINGS*64-1:0] ring_base,
    output logic [RINGS*5-1:0]  ring_slots_log2,
    output logic [RINGS*4-1:0]  ring_slot_bytes_log2,
    output logic [RINGS*32-1:0] ring_host_index,
    input  logic [RINGS*32-1:0] ring_card_index,
    input  logic [RINGS*32-1:0] ring_dropped,
    input  logic [RINGS*32-1:0] ring_full
);

    localparam int unsigned RING_STRIDE_LOG2 = $clog2(fpvs_abi_pkg::RING_STRIDE);
    localparam int unsigned PORT_STRIDE_LOG2 = $clog2(fpvs_abi_pkg::PORT_STRIDE);
    localparam int unsigned DRAIN_W = $clog2(DRAIN_CYCLES + 1);
    localparam int unsigned SLOT_BYTES_LOG2_MIN = $clog2(fpvs_abi_pkg::RECORD_BYTES);

    if (PORTS < 1 || PORTS > fpvs_abi_pkg::PORTS_MAX)
        $fatal(0, "Error: PORTS must be 1 to PORTS_MAX (instance %m)");

    logic [63:0] cycles;
    logic [31:0] cycles_high;

    // ---- Writes.
    wire write = s_axil_awvalid && s_axil_wvalid && !s_axil_bvalid;
    wire write_word = write && s_axil_wstrb == 4'hf;
    wire [31:0] data = s_axil_wdata;
    wire moving = run || !rings_at_rest;
    logic [DRAIN_W-1:0] drain;

    assign s_axil_awready = write;
    assign s_axil_wready  = write;
    assign s_axil_bresp   = 2'b00;
    assign s_axil_rresp   = 2'b00;

    always_ff @(posedge clk) begin
        if (write) s_axil_bvalid <= 1'b1;
        else if (s_axil_bready) s_axil_bvalid <= 1'b0;
        if (write_word && s_axil_awaddr == fpvs_abi_pkg::REG_RUN) run <= data[0];
        if (moving) drain <= DRAIN_W'(DRAIN_CYCLES);
        else if (drain != '0) drain <= drain - 1'b1;
        if (!rst_n) begin
            s_axil_bvalid <= 1'b0;
            run           <= 1'b0;
            drain         <= '0;
        end
    end

    for (genvar r = 0; r < RINGS; r++) begin : g_ring
        localparam logic [11:0] BLOCK =
            fpvs_abi_pkg::RING_BLOCK + 12'(r) * fpvs_abi_pkg::RING_STRIDE;
        wire here = write_word && s_axil_awaddr[11:RING_STRIDE_LOG2] == BLOCK[11:RING_STRIDE_LOG2];
        wire [11:0] offset = s_axil_awaddr - BLOCK;

        always_ff @(posedge clk) begin
            if (here && !moving) begin
                case (offset)
                    fpvs_abi_pkg::RING_REG_BASE_LOW: ring_base[r*64+:32] <= data;
                    fpvs_abi_pkg::RING_REG_BASE_HIGH: ring_base[r*64+32+:32] <= data;
                    fpvs_abi_pkg::RING_REG_SLOTS_LOG2:
                    if (data >= fpvs_abi_pkg::RING_SLOTS_LOG2_MIN &&
                        data <= fpvs_abi_pkg::RING_SLOTS_LOG2_MAX)
                        ring_slots_log2[r*5+:5] <= data[4:0];
                    fpvs_abi_pkg::RING_REG_SLOT_BYTES_LOG2:
                    if (data >= SLOT_BYTES_LOG2_MIN && data <= fpvs_abi_pkg::FRAME_SLOT_LOG2_MAX)
                        ring_slot_bytes_log2[r*4+:4] <= data[3:0];
                    default: ;
                endcase
            end
            if (here && run && offset == fpvs_abi_pkg::RING_REG_HOST_INDEX)
                ring_host_index[r*32+:32] <= data;
            if (!run) ring_host_index[r*32+:32] <= '0;
            if (!rst_n) begin
                ring_base[r*64+:64]            <= '0;
                ring_slots_log2[r*5+:5]      <= 5'(fpvs_abi_pkg::RING_SLOTS_LOG2_MIN);
                ring_slot_bytes_log2[r*4+:4] <= 4'(SLOT_BYTES_LOG2_MIN);
                ring_host_index[r*32+:32]      <= '0;
            end
        end
    end

    // ---- Reads.
    wire read = s_axil_arvalid && s_axil_arready;
    wire [11:0] read_ring_offset = 12'(s_axil_araddr[RING_STRIDE_LOG2-1:0]);
    wire [11:0] read_port_offset = 12'(s_axil_araddr[PORT_STRIDE_LOG2-1:0]);
    logic [31:0] word;
    logic [31:0] ring_word;
    logic [31:0] port_word;

    assign s_axil_arready = !s_axil_rvalid;

    always_comb begin
        ring_word = '0;
        for (int unsigned r = 0; r < RINGS; r++) begin
            if (s_axil_araddr[11:RING_STRIDE_LOG2] ==
                fpvs_abi_pkg::RING_BLOCK[11:RING_STRIDE_LOG2] + (12 - RING_STRIDE_LOG2)'(r)) begin
                case (read_ring_offset)
                    fpvs_abi_pkg::RING_REG_BASE_LOW: ring_word = ring_base[r*64+:32];
                    fpvs_abi_pkg::RING_REG_BASE_HIGH: ring_word = ring_base[r*64+32+:32];
                    fpvs_abi_pkg::RING_REG_SLOTS_LOG2: ring_word = 32'(ring_slots_log2[r*5+:5]);
                    fpvs_abi_pkg::RING_REG_SLOT_BYTES_LOG2:
                    ring_word = 32'(ring_slot_bytes_log2[r*4+:4]);
                    fpvs_abi_pkg::RING_REG_HOST_INDEX: ring_word = ring_host_index[r*32+:32];
                    fpvs_abi_pkg::RING_REG_CARD_INDEX: ring_word = ring_card_index[r*32+:32];
                    fpvs_abi_pkg::RING_REG_DROPPED: ring_word = ring_dropped[r*32+:32];
                    fpvs_abi_pkg::RING_REG_FULL: ring_word = ring_full[r*32+:32];
                    default: ring_word = '0;
                endcase
            end
        end
    end

    always_comb begin
        port_word = '0;
        for (int unsigned p = 0; p < PORTS; p++) begin
            if (s_axil_araddr[11:PORT_STRIDE_LOG2] ==
                fpvs_abi_pkg::PORT_BLOCK[11:PORT_STRIDE_LOG2] + (12 - PORT_STRIDE_LOG2)'(p)) begin
                case (read_port_offset)
                    fpvs_abi_pkg::PORT_REG_RX_FRAMES: port_word = rx_frames[p*32+:32];
                    fpvs_abi_pkg::PORT_REG_RX_DROPPED: port_word = rx_dropped[p*32+:32];
                    fpvs_abi_pkg::PORT_REG_TX_FRAMES: port_word = tx_frames[p*32+:32];
                    default: port_word = '0;
                endcase
            end
        end
    end

    always_comb begin
        case (s_axil_araddr)
            fpvs_abi_pkg::REG_MAGIC: word = fpvs_abi_pkg::MAGIC;
            fpvs_abi_pkg::REG_VERSION: word = fpvs_abi_pkg::VERSION;
            fpvs_abi_pkg::REG_ABI_HASH_LOW: word = fpvs_abi_pkg::ABI_HASH[31:0];
            fpvs_abi_pkg::REG_ABI_HASH_HIGH: word = fpvs_abi_pkg::ABI_HASH[63:32];
            fpvs_abi_pkg::REG_PORTS: word = PORTS;
            fpvs_abi_pkg::REG_SERVICE_BUCKETS: word = fpvs_abi_pkg::SERVICE_BUCKETS;
            fpvs_abi_pkg::REG_FLOW_BUCKETS: word = FLOW_BUCKETS;
            fpvs_abi_pkg::REG_SERVERS: word = fpvs_abi_pkg::SERVERS_MAX;
            fpvs_abi_pkg::REG_NEXT_HOPS: word = fpvs_abi_pkg::NEXT_HOPS_MAX;
            fpvs_abi_pkg::REG_LINK: word = 32'(link);
            fpvs_abi_pkg::REG_RUN: word = 32'(moving || drain != '0);
            fpvs_abi_pkg::REG_CYCLES_LOW: word = cycles[31:0];
            fpvs_abi_pkg::REG_CYCLES_HIGH: word = cycles_high;
            fpvs_abi_pkg::REG_CAPABILITIES: word = fpvs_abi_pkg::CAPABILITIES;
            fpvs_abi_pkg::REG_FLOW6_BUCKETS: word = FLOW6_BUCKETS;
            fpvs_abi_pkg::REG_REPLY_BUCKETS: word = fpvs_abi_pkg::REPLY_BUCKETS;
            fpvs_abi_pkg::REG_STEER_WORDS: word = fpvs_abi_pkg::STEER_WORDS;
            fpvs_abi_pkg::REG_CURSORS: word = fpvs_abi_pkg::CURSORS_MAX;
            fpvs_abi_pkg::REG_YOUNG: word = fpvs_abi_pkg::YOUNG_MAX;
            default: word = ring_word | port_word;
        endcase
    end

    always_ff @(posedge clk) begin
        cycles <= cycles + 1'b1;
        if (read) begin
            s_axil_rvalid <= 1'b1;
            s_axil_rdata  <= word;
            if (s_axil_araddr == fpvs_abi_pkg::REG_CYCLES_LOW) cycles_high <= cycles[63:32];
        end else if (s_axil_rready) begin
            s_axil_rvalid <= 1'b0;
        end
        if (!rst_n) begin
            s_axil_rvalid <= 1'b0;
            cycles        <= '0;
            cycles_high   <= '0;
        end
    end

endmodule
