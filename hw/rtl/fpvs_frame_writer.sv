// SPDX-License-Identifier: Apache-2.0
// The card's end of a ring that the card fills with frames (hw/abi/rings.hpp: punt).
//
// On the stream a frame's beats come first and its header beat, marked by tlast, comes last.  In a
// slot the header is the first beat and the frame follows, so the frame is written in bursts as it
// comes and the header, with the stamp that makes the slot valid, after it.  All writes have one
// ID, so memory sees them in that order.
//
//   slot:  | header | frame ........................... |
//   beat:      0      1 .. 15 | 16 .. 31 | 32 .. 47 | ...     Bursts end at these multiples of 16,
//                                                             so none crosses a 4 KiB boundary.
//
// A frame that finds no free slot or a ring that does not run is consumed and dropped, and so is
// one that is longer than a slot; each is counted.  The slot of a frame that turned out too long is
// used again: without its stamp it never became valid.  card_index counts the slots that memory has
// acknowledged.  While `run` is low no frame is begun; once all is acknowledged, the ring is at
// rest and its index is zero.
//
// A frame takes a cycle a beat, one to begin, and one a burst.
module fpvs_frame_writer #(
    parameter int unsigned DATA_W = 512,
    parameter int unsigned STAMP_LSB = 480
) (
    input  logic              clk,
    input  logic              rst_n,

    input  logic              run,
    input  logic [63:0]       base,
    input  logic [4:0]        slots_log2,
    input  logic [3:0]        slot_bytes_log2,
    input  logic [31:0]       host_index,
    output logic [31:0]       card_index,
    output logic [31:0]       dropped,
    output logic [31:0]       full,
    output logic              at_rest,

    input  logic [DATA_W-1:0] s_axis_tdata,
    input  logic              s_axis_tlast,
    input  logic              s_axis_tvalid,
    output logic              s_axis_tready,

    output logic [63:0]       m_axi_awaddr,
    output logic [7:0]        m_axi_awlen,
    output logic              m_axi_awvalid,
    input  logic              m_axi_awready,
    output logic [DATA_W-1:0] m_axi_wdata,
    output logic              m_axi_wlast,
    output logic              m_axi_wvalid,
    input  logic              m_axi_wready,
    input  logic              m_axi_bvalid,
    output logic              m_axi_bready
);

    localparam int unsigned BEAT_BYTES_LOG2 = $clog2(DATA_W / 8);
    // Counts the beats of the largest slot that slot_bytes_log2 can say, 2^15 bytes.
    localparam int unsigned BEAT_W = 16 - BEAT_BYTES_LOG2;

    if (STAMP_LSB + 32 > DATA_W)
        $fatal(0, "Error: the stamp must lie within a beat (instance %m)");

    typedef enum logic [1:0] { BETWEEN_FRAMES, IN_FRAME, LOSING } state_t;
    state_t            state;

    // Where the next beat goes in the slot, and how many beats before it belong to no burst yet.
    logic [BEAT_W-1:0] beat;
    logic [4:0]        open_beats;

    logic [31:0]       issue_index;
    logic [63:0]       slot_address;
    logic              burst_ready;
    logic              beat_ready;
    logic              done;
    logic              done_header;
    logic              idle;

    wire have_slot = (issue_index - host_index) < (32'd1 << slots_log2);
    wire [BEAT_W-1:0] slot_beats = BEAT_W'(1) << (slot_bytes_log2 - 4'(BEAT_BYTES_LOG2));

    wire frame_beat = (state == IN_FRAME) && s_axis_tvalid;
    wire too_long = frame_beat && !s_axis_tlast && (beat == slot_beats);
    wire close_burst = (open_beats != 5'd0) &&
                       (beat[3:0] == 4'd0 || too_long || (frame_beat && s_axis_tlast));
    wire store = frame_beat && !close_burst && !too_long;
    wire store_header = store && s_axis_tlast;
    wire stored = store && s_axis_tready;

    assign s_axis_tready = (state == LOSING) ||
                           (store && beat_ready && (burst_ready || !s_axis_tlast));
    assign at_rest = idle && (state != IN_FRAME);

    logic [DATA_W-1:0] stored_data;
    always_comb begin
        stored_data = s_axis_tdata;
        if (s_axis_tlast) stored_data[STAMP_LSB+:32] = (issue_index >> slots_log2) + 1'b1;
    end

    wire [BEAT_W-1:0] burst_start = s_axis_tlast && store ? '0 : beat - BEAT_W'(open_beats);

    fpvs_slot_address u_slot_address (
        .base(base),
        .slots_log2(slots_log2),
        .slot_bytes_log2(slot_bytes_log2),
        .index(issue_index),
        .address(slot_address)
    );

    fpvs_burst_writer #(
        .DATA_W(DATA_W)
    ) u_burst_writer (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(stored_data),
        .s_data_valid(stored),
        .s_data_ready(beat_ready),
        .s_burst_address(slot_address + (64'(burst_start) << BEAT_BYTES_LOG2)),
        .s_burst_beats(store_header ? 5'd1 : open_beats),
        .s_burst_mark(store_header),
        .s_burst_valid(close_burst || (store_header && beat_ready)),
        .s_burst_ready(burst_ready),
        .done(done),
        .done_mark(done_header),
        .idle(idle),
        .m_axi_awaddr(m_axi_awaddr),
        .m_axi_awlen(m_axi_awlen),
        .m_axi_awvalid(m_axi_awvalid),
        .m_axi_awready(m_axi_awready),
        .m_axi_wdata(m_axi_wdata),
        .m_axi_wlast(m_axi_wlast),
        .m_axi_wvalid(m_axi_wvalid),
        .m_axi_wready(m_axi_wready),
        .m_axi_bvalid(m_axi_bvalid),
        .m_axi_bready(m_axi_bready)
    );

    always_ff @(posedge clk) begin
        case (state)
            IN_FRAME: begin
                if (stored && !s_axis_tlast) begin
                    beat       <= beat + 1'b1;
                    open_beats <= open_beats + 1'b1;
                end
                if (stored && s_axis_tlast) begin
                    issue_index <= issue_index + 1'b1;
                    state       <= BETWEEN_FRAMES;
                end
                if (close_burst && burst_ready) open_beats <= '0;
                if (too_long && !close_burst) state <= LOSING;
            end
            LOSING: begin
                if (s_axis_tvalid && s_axis_tlast) begin
                    dropped <= dropped + 1'b1;
                    state   <= BETWEEN_FRAMES;
                end
            end
            default: begin
                beat       <= BEAT_W'(1);
                open_beats <= '0;
                if (s_axis_tvalid) state <= run && have_slot ? IN_FRAME : LOSING;
                if (s_axis_tvalid && run && !have_slot) full <= full + 1'b1;
            end
        endcase
        if (done && done_header) card_index <= card_index + 1'b1;
        if (!run && at_rest) begin
            issue_index <= '0;
            card_index  <= '0;
        end
        if (!rst_n) begin
            state       <= BETWEEN_FRAMES;
            issue_index <= '0;
            card_index  <= '0;
            dropped     <= '0;
            full        <= '0;
        end
    end

endmodule
