// SPDX-License-Identifier: Apache-2.0
// The card's end of a ring that the host fills with frames (hw/abi/rings.hpp: inject).
//
// A slot is a header beat and a frame; how many beats to read is known from the header alone.  So
// headers are read ahead, up to HEADERS of them, and frames are read while others are on their way
// out: neither a header's nor a frame's latency is waited for in a busy ring.
//
//   read header -> headers -> plan (check, ask for the frame's bursts) -> plans -> send
//   read frame  ----------------------------------------------------> beats -----^
//
// On the stream a frame follows its header beat; the frame's last beat has tlast.  A header whose
// length is not that of a frame, or does not fit its slot, is skipped and counted.  card_index
// counts the slots that were sent or skipped, so the host may use them again.  While `run` is low
// no header is read; once everything read was sent, the ring is at rest and its index is zero.
module fpvs_frame_reader #(
    parameter int unsigned DATA_W = 512,
    parameter int unsigned LENGTH_LSB = 16,
    parameter int unsigned FRAME_BYTES_MIN = 14,
    parameter int unsigned FRAME_BYTES_MAX = 9600,
    parameter int unsigned HEADERS = 8,
    // Beats of frames that may be on their way in or wait to be sent.
    parameter int unsigned DEPTH = 64
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
    output logic                at_rest,

    output logic [63:0]         m_axi_araddr,
    output logic [7:0]          m_axi_arlen,
    output logic                m_axi_arvalid,
    input  logic                m_axi_arready,
    input  logic [DATA_W-1:0]   m_axi_rdata,
    input  logic                m_axi_rlast,
    input  logic                m_axi_rvalid,
    output logic                m_axi_rready,

    output logic [DATA_W-1:0]   m_axis_tdata,
    output logic [DATA_W/8-1:0] m_axis_tkeep,
    output logic                m_axis_tlast,
    output logic                m_axis_tvalid,
    input  logic                m_axis_tready
);

    localparam int unsigned KEEP_W = DATA_W / 8;
    localparam int unsigned BEAT_BYTES_LOG2 = $clog2(KEEP_W);
    localparam int unsigned BEAT_W = 16 - BEAT_BYTES_LOG2;
    localparam int unsigned BURST_BEATS = 16;
    localparam int unsigned CREDIT_W = $clog2(DEPTH) + 1;
    // Every read under way is a header or a burst of at least one beat, most of them of many.
    localparam int unsigned READS = 32;

    if (LENGTH_LSB + 16 > DATA_W)
        $fatal(0, "Error: the length must lie within a beat (instance %m)");
    if (DEPTH < 2 * BURST_BEATS) $fatal(0, "Error: DEPTH must hold two bursts (instance %m)");
    if (FRAME_BYTES_MIN < 1 || FRAME_BYTES_MAX >= 65536)
        $fatal(0, "Error: lengths of frames must be 1 to 65535 (instance %m)");

    // Slots whose header was asked for, whose frame was asked for or that were found bad.
    logic [31:0]       header_index;
    logic [31:0]       plan_index;
    logic              want_frame;

    // ---- Reads: what was asked for comes back in that order.
    logic [63:0]       header_address;
    logic              reads_room;
    logic              read_is_frame;
    logic              read_awaited;
    logic              headers_room;
    logic              beats_room;

    wire can_ask = (!m_axi_arvalid || m_axi_arready) && reads_room;
    wire want_header = run && (header_index != host_index) &&
                       ((header_index - plan_index) < HEADERS);
    wire ask_frame = want_frame && can_ask;
    wire ask_header = want_header && can_ask && !want_frame;

    assign m_axi_rready = read_awaited && (read_is_frame ? beats_room : headers_room);
    wire read_beat = m_axi_rvalid && m_axi_rready;

    fpvs_slot_address u_header_address (
        .base(base),
        .slots_log2(slots_log2),
        .slot_bytes_log2(slot_bytes_log2),
        .index(header_index),
        .address(header_address)
    );

    fpvs_fifo #(
        .WIDTH(1),
        .DEPTH(READS)
    ) u_reads (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(ask_frame),
        .s_valid(ask_frame || ask_header),
        .s_ready(reads_room),
        .m_data(read_is_frame),
        .m_valid(read_awaited),
        .m_ready(read_beat && m_axi_rlast)
    );

    // ---- Plan: one header after the other.
    logic [63:0]         plan_address;
    logic                planning;
    logic [BEAT_W-1:0]   beat;
    logic [BEAT_W-1:0]   end_beat;
    logic [CREDIT_W-1:0] credit;
    logic [DATA_W-1:0]   header;
    logic                header_valid;
    logic                plans_room;

    wire [15:0] length_bytes = header[LENGTH_LSB+:16];
    wire [15:0] slot_frame_bytes = (16'd1 << slot_bytes_log2) - 16'(KEEP_W);
    wire good = length_bytes >= 16'(FRAME_BYTES_MIN) && length_bytes <= 16'(FRAME_BYTES_MAX) &&
                length_bytes <= slot_frame_bytes;
    wire plan = header_valid && plans_room && !planning;

    // The next burst ends with the frame or at a multiple of 16 beats, so it stays within 4 KiB.
    wire [BEAT_W-1:0] left = end_beat - beat;
    wire [4:0] to_boundary = 5'(BURST_BEATS) - {1'b0, beat[3:0]};
    wire [4:0] burst_beats = left < BEAT_W'(to_boundary) ? left[4:0] : to_boundary;
    assign want_frame = planning && credit >= CREDIT_W'(burst_beats);

    fpvs_slot_address u_plan_address (
        .base(base),
        .slots_log2(slots_log2),
        .slot_bytes_log2(slot_bytes_log2),
        .index(plan_index),
        .address(plan_address)
    );

    fpvs_fifo #(
        .WIDTH(DATA_W),
        .DEPTH(HEADERS)
    ) u_headers (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(m_axi_rdata),
        .s_valid(read_beat && !read_is_frame),
        .s_ready(headers_room),
        .m_data(header),
        .m_valid(header_valid),
        .m_ready(plan)
    );

    // ---- Send: a plan is a header and whether it is good.
    logic [DATA_W-1:0] sent_header;
    logic              sent_good;
    logic              plan_valid;
    logic [DATA_W-1:0] sent_beat;
    logic              beat_valid;
    logic              in_frame;
    logic [BEAT_W-1:0] sent_beats;

    wire [15:0] sent_length = sent_header[LENGTH_LSB+:16];
    wire [15:0] sent_last_byte = sent_length - 16'd1;
    wire [BEAT_BYTES_LOG2-1:0] last_beat_last_byte = sent_last_byte[BEAT_BYTES_LOG2-1:0];
    wire skip = plan_valid && !sent_good;
    wire send = m_axis_tvalid && m_axis_tready;
    wire sent = send && m_axis_tlast;

    assign m_axis_tvalid = plan_valid && sent_good && (!in_frame || beat_valid);
    assign m_axis_tdata  = in_frame ? sent_beat : sent_header;
    assign m_axis_tlast  = in_frame && sent_beats == sent_last_byte[15:BEAT_BYTES_LOG2];
    assign m_axis_tkeep  = m_axis_tlast ? {KEEP_W{1'b1}} >> ~last_beat_last_byte : {KEEP_W{1'b1}};
    assign at_rest       = header_index == card_index;

    fpvs_fifo #(
        .WIDTH(DATA_W + 1),
        .DEPTH(HEADERS)
    ) u_plans (
        .clk(clk),
        .rst_n(rst_n),
        .s_data({good, header}),
        .s_valid(plan),
        .s_ready(plans_room),
        .m_data({sent_good, sent_header}),
        .m_valid(plan_valid),
        .m_ready(skip || sent)
    );

    fpvs_fifo #(
        .WIDTH(DATA_W),
        .DEPTH(DEPTH)
    ) u_beats (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(m_axi_rdata),
        .s_valid(read_beat && read_is_frame),
        .s_ready(beats_room),
        .m_data(sent_beat),
        .m_valid(beat_valid),
        .m_ready(send && in_frame)
    );

    always_ff @(posedge clk) begin
        if (ask_frame) begin
            m_axi_araddr <= plan_address + (64'(beat) << BEAT_BYTES_LOG2);
            m_axi_arlen  <= 8'(burst_beats) - 8'd1;
            beat         <= beat + BEAT_W'(burst_beats);
            if (left == BEAT_W'(burst_beats)) begin
                planning   <= 1'b0;
                plan_index <= plan_index + 1'b1;
            end
        end
        if (ask_header) begin
            m_axi_araddr <= header_address;
            m_axi_arlen  <= 8'd0;
            header_index <= header_index + 1'b1;
        end
        if (ask_frame || ask_header) m_axi_arvalid <= 1'b1;
        else if (m_axi_arready) m_axi_arvalid <= 1'b0;

        if (plan) begin
            beat     <= BEAT_W'(1);
            end_beat <= BEAT_W'((length_bytes + 16'(KEEP_W - 1)) >> BEAT_BYTES_LOG2) + 1'b1;
            planning <= good;
            if (!good) plan_index <= plan_index + 1'b1;
        end
        credit <= credit - (ask_frame ? CREDIT_W'(burst_beats) : '0) +
                  ((send && in_frame) ? CREDIT_W'(1) : '0);

        if (send) begin
            in_frame   <= !m_axis_tlast;
            sent_beats <= in_frame ? sent_beats + 1'b1 : '0;
        end
        if (skip) dropped <= dropped + 1'b1;
        if (skip || sent) card_index <= card_index + 1'b1;

        if (!run && at_rest) begin
            header_index <= '0;
            plan_index   <= '0;
            card_index   <= '0;
        end
        if (!rst_n) begin
            m_axi_arvalid <= 1'b0;
            header_index  <= '0;
            plan_index    <= '0;
            planning      <= 1'b0;
            credit        <= CREDIT_W'(DEPTH);
            card_index    <= '0;
            dropped       <= '0;
            in_frame      <= 1'b0;
        end
    end

endmodule
