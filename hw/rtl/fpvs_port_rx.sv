// SPDX-License-Identifier: Apache-2.0
// From a MAC to the pipeline.  A MAC cannot wait: what finds no room is lost as a whole frame and
// counted.  (A simulated MAC can, and looks at s_axis_room before each frame.)
module fpvs_port_rx #(
    parameter int unsigned DATA_W = 512,
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

    output logic [31:0]         frames,
    output logic [31:0]         dropped
);

    logic frame_taken;
    logic frame_dropped;

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
        .s_axis_tvalid(s_axis_tvalid),
        .s_axis_room(s_axis_room),
        .m_axis_tdata(m_axis_tdata),
        .m_axis_tkeep(m_axis_tkeep),
        .m_axis_tlast(m_axis_tlast),
        .m_axis_tvalid(m_axis_tvalid),
        .m_axis_tready(m_axis_tready),
        .frame_taken(frame_taken),
        .frame_dropped(frame_dropped)
    );

    always_ff @(posedge clk) begin
        if (frame_taken) frames <= frames + 1'b1;
        if (frame_dropped) dropped <= dropped + 1'b1;
        if (!rst_n) begin
            frames  <= '0;
            dropped <= '0;
        end
    end

endmodule
