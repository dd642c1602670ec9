// SPDX-License-Identifier: Apache-2.0
// Stands in for the compiled pipeline where a test is about the shell.  It has the ports of
// hw/kernels/pipeline and the simplest traffic that uses them all:
//   rx0 -> punt, or control if it is for everybody, each frame followed by a header with its length
//   and port 0;
//   rx1 -> tx1 unchanged;
//   inject -> tx0 or tx1, as the header's port says;
//   command -> event, with the kind "echo" and the command's index and tag.
// It leaves most of its inputs alone.
/* verilator lint_off UNUSEDSIGNAL */
module fpvs_pipeline (
    input  logic         ap_clk,
    input  logic         ap_rst_n,

    input  logic [511:0] rx0_tdata,
    input  logic [63:0]  rx0_tkeep,
    input  logic [63:0]  rx0_tstrb,
    input  logic         rx0_tlast,
    input  logic         rx0_tvalid,
    output logic         rx0_tready,
    input  logic [511:0] rx1_tdata,
    input  logic [63:0]  rx1_tkeep,
    input  logic [63:0]  rx1_tstrb,
    input  logic         rx1_tlast,
    input  logic         rx1_tvalid,
    output logic         rx1_tready,
    input  logic [511:0] inject_tdata,
    input  logic [63:0]  inject_tkeep,
    input  logic [63:0]  inject_tstrb,
    input  logic         inject_tlast,
    input  logic         inject_tvalid,
    output logic         inject_tready,
    input  logic [511:0] command_tdata,
    input  logic         command_tvalid,
    output logic         command_tready,

    output logic [511:0] tx0_tdata,
    output logic [63:0]  tx0_tkeep,
    output logic [63:0]  tx0_tstrb,
    output logic         tx0_tlast,
    output logic         tx0_tvalid,
    input  logic         tx0_tready,
    output logic [511:0] tx1_tdata,
    output logic [63:0]  tx1_tkeep,
    output logic [63:0]  tx1_tstrb,
    output logic         tx1_tlast,
    output logic         tx1_tvalid,
    input  logic         tx1_tready,
    output logic [511:0] punt_tdata,
    output logic [63:0]  punt_tkeep,
    output logic [63:0]  punt_tstrb,
    output logic         punt_tlast,
    output logic         punt_tvalid,
    input  logic         punt_tready,
    output logic [511:0] control_tdata,
    output logic [63:0]  control_tkeep,
    output logic [63:0]  control_tstrb,
    output logic         control_tlast,
    output logic         control_tvalid,
    input  logic         control_tready,
    output logic [511:0] event_tdata,
    output logic         event_tvalid,
    input  logic         event_tready
);

    import fpvs_abi_pkg::*;

    // ---- rx0 -> punt, control.
    logic        in_frame;
    logic        of_control;
    logic        header_due;
    logic [15:0] length_bytes;
    wire         to_control = in_frame || header_due ? of_control : &rx0_tdata[47:0];
    wire         taken = to_control ? control_tready : punt_tready;

    assign punt_tvalid    = !to_control && (header_due || rx0_tvalid);
    assign punt_tlast     = header_due;
    assign punt_tkeep     = header_due ? '1 : rx0_tkeep;
    assign punt_tstrb     = punt_tkeep;
    assign control_tdata  = punt_tdata;
    assign control_tvalid = to_control && (header_due || rx0_tvalid);
    assign control_tlast  = punt_tlast;
    assign control_tkeep  = punt_tkeep;
    assign control_tstrb  = punt_tkeep;
    assign rx0_tready     = !header_due && taken;

    always_comb begin
        punt_tdata = rx0_tdata;
        if (header_due) begin
            punt_tdata = '0;
            punt_tdata[PUNT_HEADER_REASON_LSB+:8] =
                to_control ? REASON_GROUP_ADDRESS : REASON_SERVICE_MISS;
            punt_tdata[PUNT_HEADER_LENGTH_BYTES_LSB+:16] = length_bytes;
        end
    end

    always_ff @(posedge ap_clk) begin
        if (rx0_tvalid && rx0_tready) begin
            in_frame     <= !rx0_tlast;
            of_control   <= to_control;
            length_bytes <= length_bytes + 16'($countones(rx0_tkeep));
            header_due   <= rx0_tlast;
        end
        if (header_due && taken) begin
            header_due   <= 1'b0;
            length_bytes <= '0;
        end
        if (!ap_rst_n) begin
            in_frame     <= 1'b0;
            header_due   <= 1'b0;
            length_bytes <= '0;
        end
    end

    // ---- inject -> tx0, tx1; rx1 -> tx1 between injected frames.
    logic inject_in_frame;
    logic inject_to_1;
    logic rx1_in_frame;
    wire  inject_0 = inject_in_frame && !inject_to_1 && inject_tvalid;
    wire  inject_1 = inject_in_frame && inject_to_1 && inject_tvalid && !rx1_in_frame;
    wire  rx1_goes = rx1_in_frame || !(inject_in_frame && inject_to_1);

    assign tx0_tdata  = inject_tdata;
    assign tx0_tkeep  = inject_tkeep;
    assign tx0_tstrb  = inject_tstrb;
    assign tx0_tlast  = inject_tlast;
    assign tx0_tvalid = inject_0;
    assign tx1_tdata  = rx1_goes ? rx1_tdata : inject_tdata;
    assign tx1_tkeep  = rx1_goes ? rx1_tkeep : inject_tkeep;
    assign tx1_tstrb  = rx1_goes ? rx1_tstrb : inject_tstrb;
    assign tx1_tlast  = rx1_goes ? rx1_tlast : inject_tlast;
    assign tx1_tvalid = rx1_goes ? rx1_tvalid : inject_1;
    assign rx1_tready = rx1_goes && tx1_tready;
    assign inject_tready =
        !inject_in_frame || (inject_to_1 ? !rx1_in_frame && tx1_tready : tx0_tready);

    always_ff @(posedge ap_clk) begin
        if (inject_tvalid && inject_tready) begin
            inject_in_frame <= !inject_tlast;
            if (!inject_in_frame) inject_to_1 <= inject_tdata[INJECT_HEADER_PORT_LSB];
        end
        if (rx1_tvalid && rx1_tready) rx1_in_frame <= !rx1_tlast;
        if (!ap_rst_n) begin
            inject_in_frame <= 1'b0;
            inject_to_1     <= 1'b0;
            rx1_in_frame    <= 1'b0;
        end
    end

    // ---- command -> event.
    assign event_tvalid   = command_tvalid;
    assign command_tready = event_tready;

    always_comb begin
        event_tdata = '0;
        event_tdata[EVENT_KIND_LSB+:8]   = EVENT_ECHO;
        event_tdata[EVENT_INDEX_LSB+:32] = command_tdata[COMMAND_INDEX_LSB+:32];
        event_tdata[EVENT_TAG_LSB+:64]   = command_tdata[COMMAND_TAG_LSB+:64];
    end

endmodule
