// SPDX-License-Identifier: Apache-2.0
// Writes beats to memory in the bursts that it is told.
//
// Beats wait in a FIFO; a burst is asked for once all its beats have been given, so the bus never
// waits for a source.  `done` is pulsed when memory has acknowledged a burst, in the order they
// were asked for, with the mark that the burst was given.
module fpvs_burst_writer #(
    parameter int unsigned DATA_W = 512,
    // Beats that may wait for the bus, and bursts that may wait for their acknowledgement.
    parameter int unsigned DEPTH = 64,
    parameter int unsigned BURSTS = 32
) (
    input  logic              clk,
    input  logic              rst_n,

    input  logic [DATA_W-1:0] s_data,
    input  logic              s_data_valid,
    output logic              s_data_ready,

    input  logic [63:0]       s_burst_address,
    // 1 to 16.
    input  logic [4:0]        s_burst_beats,
    input  logic              s_burst_mark,
    input  logic              s_burst_valid,
    output logic              s_burst_ready,

    output logic              done,
    output logic              done_mark,
    // Nothing that was asked for is without its acknowledgement.
    output logic              idle,

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

    if (DEPTH < 16) $fatal(0, "Error: DEPTH must hold the longest burst (instance %m)");

    wire        burst_taken = s_burst_valid && s_burst_ready;
    logic       length_room;
    logic       mark_room;
    logic       length_valid;
    logic [3:0] length;
    logic [3:0] beat;
    logic       data_valid;
    logic       awaited;

    assign s_burst_ready = (!m_axi_awvalid || m_axi_awready) && length_room && mark_room;
    assign m_axi_wlast   = beat == length;
    assign m_axi_wvalid  = data_valid && length_valid;
    assign m_axi_bready  = 1'b1;
    assign done          = awaited && m_axi_bvalid;
    assign idle          = !awaited;
    wire beat_written = m_axi_wvalid && m_axi_wready;

    fpvs_fifo #(
        .WIDTH(DATA_W),
        .DEPTH(DEPTH)
    ) u_beats (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(s_data),
        .s_valid(s_data_valid),
        .s_ready(s_data_ready),
        .m_data(m_axi_wdata),
        .m_valid(data_valid),
        .m_ready(beat_written)
    );

    // Beats of a burst, less one: of those that are not on the bus yet.
    fpvs_fifo #(
        .WIDTH(4),
        .DEPTH(BURSTS)
    ) u_lengths (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(4'(s_burst_beats - 5'd1)),
        .s_valid(burst_taken),
        .s_ready(length_room),
        .m_data(length),
        .m_valid(length_valid),
        .m_ready(beat_written && m_axi_wlast)
    );

    // Of those that are not acknowledged yet.
    fpvs_fifo #(
        .WIDTH(1),
        .DEPTH(BURSTS)
    ) u_marks (
        .clk(clk),
        .rst_n(rst_n),
        .s_data(s_burst_mark),
        .s_valid(burst_taken),
        .s_ready(mark_room),
        .m_data(done_mark),
        .m_valid(awaited),
        .m_ready(m_axi_bvalid)
    );

    always_ff @(posedge clk) begin
        if (burst_taken) begin
            m_axi_awaddr  <= s_burst_address;
            m_axi_awlen   <= 8'(s_burst_beats) - 8'd1;
            m_axi_awvalid <= 1'b1;
        end else if (m_axi_awready) begin
            m_axi_awvalid <= 1'b0;
        end
        if (beat_written) beat <= m_axi_wlast ? 4'd0 : beat + 4'd1;
        if (!rst_n) begin
            m_axi_awvalid <= 1'b0;
            beat          <= '0;
        end
    end

endmodule
