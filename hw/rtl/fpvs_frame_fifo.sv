// SPDX-License-Identifier: Apache-2.0
// A store-and-forward FIFO of whole frames: a frame appears on the output once its last beat is in.
//
// A source that cannot wait (a MAC) has every beat taken; a frame that does not fit is lost as a
// whole and frame_dropped is pulsed.  A source that can wait watches s_axis_room, which is high
// while the largest frame is certain to fit, and starts a frame only then.  Once a frame has begun
// it may always be finished.
module fpvs_frame_fifo #(
    parameter int unsigned DATA_W = 512,
    // In beats; a power of two.
    parameter int unsigned DEPTH = 512,
    parameter int unsigned FRAME_BEATS_MAX = 150
) (
    input  logic                clk,
    input  logic                rst_n,

    input  logic [DATA_W-1:0]   s_axis_tdata,
    input  logic [DATA_W/8-1:0] s_axis_tkeep,
    input  logic                s_axis_tlast,
    input  logic                s_axis_tvalid,
    output logic                s_axis_room,

    output logic [DATA_W-1:0]   m_axis_tdata,
    output logic [DATA_W/8-1:0] m_axis_tkeep,
    output logic                m_axis_tlast,
    output logic                m_axis_tvalid,
    input  logic                m_axis_tready,

    output logic                frame_taken,
    output logic                frame_dropped
);

    localparam int unsigned KEEP_W = DATA_W / 8;
    localparam int unsigned WORD_W = DATA_W + KEEP_W + 1;
    localparam int unsigned INDEX_W = $clog2(DEPTH);
    localparam int unsigned COUNT_W = INDEX_W + 1;

    if (DEPTH < 2 || (DEPTH & (DEPTH - 1)) != 0)
        $fatal(0, "Error: DEPTH must be a power of two, 2 or more (instance %m)");
    if (DEPTH <= FRAME_BEATS_MAX)
        $fatal(0, "Error: DEPTH must exceed FRAME_BEATS_MAX (instance %m)");

    logic [WORD_W-1:0]  words[DEPTH];
    // Beats written, beats of whole frames, beats read.
    logic [COUNT_W-1:0] write_count;
    logic [COUNT_W-1:0] commit_count;
    logic [COUNT_W-1:0] read_count;
    logic               losing;

    wire full = (write_count - read_count) == COUNT_W'(DEPTH);
    wire lost = losing || full;
    wire read = (read_count != commit_count) && (!m_axis_tvalid || m_axis_tready);

    always_ff @(posedge clk) begin
        frame_taken   <= 1'b0;
        frame_dropped <= 1'b0;
        if (s_axis_tvalid) begin
            losing <= lost && !s_axis_tlast;
            if (!lost) begin
                words[write_count[INDEX_W-1:0]] <= {s_axis_tlast, s_axis_tkeep, s_axis_tdata};
                write_count <= write_count + 1'b1;
            end
            if (s_axis_tlast) begin
                frame_taken   <= !lost;
                frame_dropped <= lost;
                if (lost) write_count <= commit_count;
                else commit_count <= write_count + 1'b1;
            end
        end
        if (read) begin
            {m_axis_tlast, m_axis_tkeep, m_axis_tdata} <= words[read_count[INDEX_W-1:0]];
            read_count <= read_count + 1'b1;
        end
        if (read) m_axis_tvalid <= 1'b1;
        else if (m_axis_tready) m_axis_tvalid <= 1'b0;

        // Judged against what is written so far: safe to look at between frames, where it matters.
        s_axis_room <= (write_count - read_count) < COUNT_W'(DEPTH - FRAME_BEATS_MAX);

        if (!rst_n) begin
            write_count   <= '0;
            commit_count  <= '0;
            read_count    <= '0;
            losing        <= 1'b0;
            m_axis_tvalid <= 1'b0;
            s_axis_room   <= 1'b0;
            frame_taken   <= 1'b0;
            frame_dropped <= 1'b0;
        end
    end

endmodule
