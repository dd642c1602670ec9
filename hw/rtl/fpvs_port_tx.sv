// SPDX-License-Identifier: Apache-2.0
// From the pipeline to a MAC.  A MAC that has begun a frame needs a beat whenever it asks, so a
// frame is sent once it is complete here.
module fpvs_port_tx #(
    parameter int unsigned DATA_W = 512,
    // A block RAM is as deep; and the next frame must have room while one that is complete leaves.
    parameter int unsigned DEPTH = 512,
    parameter int unsigned FRAME_BEATS_MAX = 150
) (
    input  logic                clk,
    input  logic                rst_n,

    input  logic [DATA_W-1:0]   s_axis_tdata,
    input  logic [DATA_W/8-1:0] s_axis_tkeep,
    input  logic                s_axis_tlast,
    input  logic                s_axis_tvalid,
    output logic                s_axis_tready,

    output logic [DATA_W-1:0]   m_axis_tdata,
    output logic [DATA_W/8-1:0] m_axis_tkeep,
    output logic                m_axis_tlast,
    output logic                m_axis_tvalid,
    input  logic                m_axis_tready,

    output logic [31:0]         frames
);

    logic in_frame;
    logic room;

    assign s_axis_tready = in_frame || room;

    fpvs_frame_fifo #(
        .DATA_W(DATA_W),
        .DEPTH(DEPTH),
        .FRAME_BEATS_MAX(FRAME_BEATS_MAX)
    ) u_frames (
        .clk(clk),
        .rst_n(rst_n),
        .s_axis_tdata(s_axis_tdata),
        .s_axis_tkeep(s_axis_tkeep),
        .s_axis_tlast(s_axis_tlast),
        .s_axis_tvalid(s_axis_tvalid && s_axis_tready),
        .s_axis_room(room),
        .m_axis_tdata(m_axis_tdata),
        .m_axis_tkeep(m_axis_tkeep),
        .m_axis_tlast(m_axis_tlast),
        .m_axis_tvalid(m_axis_tvalid),
        .m_axis_tready(m_axis_tready),
        .frame_taken(),
        .frame_dropped()
    );

    always_ff @(posedge clk) begin
        if (s_axis_tvalid && s_axis_tready) in_frame <= !s_axis_tlast;
        if (m_axis_tvalid && m_axis_tready && m_axis_tlast) frames <= frames + 1'b1;
        if (!rst_n) begin
            in_frame <= 1'b0;
            frames   <= '0;
        end
    end

endmodule
