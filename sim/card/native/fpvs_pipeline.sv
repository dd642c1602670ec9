// SPDX-License-Identifier: Apache-2.0
// The pipeline in C simulation inside the RTL shell: the same ports as the compiled one, but behind
// them the kernels run as native C++ (native_pipeline.cpp), one step a clock.
//
// It shows what the kernels mean, not what gates do: use it to tell a fault of the shell or of the
// host from one of the compiler.  Simulation only.  One instance a program, as the kernels' state
// is static; it survives a reset.
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

    // Streams by number, as in native_pipeline.cpp.
    localparam int RX0 = 0;
    localparam int RX1 = 1;
    localparam int INJECT = 2;
    localparam int COMMAND = 3;
    localparam int TX0 = 0;
    localparam int TX1 = 1;
    localparam int PUNT = 2;
    localparam int CONTROL = 3;
    localparam int EVENT = 4;

    import "DPI-C" function bit fpvs_native_has_room(input int stream);
    import "DPI-C" function void fpvs_native_take(
        input int stream, input bit [511:0] data, input bit [63:0] keep, input bit last);
    import "DPI-C" function void fpvs_native_step();
    import "DPI-C" function bit fpvs_native_has_output(input int stream);
    import "DPI-C" function void fpvs_native_give(
        input int stream, output bit [511:0] data, output bit [63:0] keep, output bit last);

    bit [511:0] data;
    bit [63:0]  keep;
    bit         last;

    assign tx0_tstrb  = tx0_tkeep;
    assign tx1_tstrb  = tx1_tkeep;
    assign punt_tstrb = punt_tkeep;
    assign control_tstrb = control_tkeep;

    // One process, as the order of the calls matters: take what was handed over in this cycle, let
    // every stage step, refill the output registers that are free.
    always_ff @(posedge ap_clk) begin
        if (rx0_tvalid && rx0_tready) fpvs_native_take(RX0, rx0_tdata, rx0_tkeep, rx0_tlast);
        if (rx1_tvalid && rx1_tready) fpvs_native_take(RX1, rx1_tdata, rx1_tkeep, rx1_tlast);
        if (inject_tvalid && inject_tready)
            fpvs_native_take(INJECT, inject_tdata, inject_tkeep, inject_tlast);
        if (command_tvalid && command_tready)
            fpvs_native_take(COMMAND, command_tdata, '1, 1'b1);

        fpvs_native_step();

        if (!tx0_tvalid || tx0_tready) begin
            tx0_tvalid <= fpvs_native_has_output(TX0);
            if (fpvs_native_has_output(TX0)) begin
                fpvs_native_give(TX0, data, keep, last);
                tx0_tdata <= data;
                tx0_tkeep <= keep;
                tx0_tlast <= last;
            end
        end
        if (!tx1_tvalid || tx1_tready) begin
            tx1_tvalid <= fpvs_native_has_output(TX1);
            if (fpvs_native_has_output(TX1)) begin
                fpvs_native_give(TX1, data, keep, last);
                tx1_tdata <= data;
                tx1_tkeep <= keep;
                tx1_tlast <= last;
            end
        end
        if (!punt_tvalid || punt_tready) begin
            punt_tvalid <= fpvs_native_has_output(PUNT);
            if (fpvs_native_has_output(PUNT)) begin
                fpvs_native_give(PUNT, data, keep, last);
                punt_tdata <= data;
                punt_tkeep <= keep;
                punt_tlast <= last;
            end
        end
        if (!control_tvalid || control_tready) begin
            control_tvalid <= fpvs_native_has_output(CONTROL);
            if (fpvs_native_has_output(CONTROL)) begin
                fpvs_native_give(CONTROL, data, keep, last);
                control_tdata <= data;
                control_tkeep <= keep;
                control_tlast <= last;
            end
        end
        if (!event_tvalid || event_tready) begin
            event_tvalid <= fpvs_native_has_output(EVENT);
            if (fpvs_native_has_output(EVENT)) begin
                fpvs_native_give(EVENT, data, keep, last);
                event_tdata <= data;
            end
        end

        rx0_tready     <= fpvs_native_has_room(RX0);
        rx1_tready     <= fpvs_native_has_room(RX1);
        inject_tready  <= fpvs_native_has_room(INJECT);
        command_tready <= fpvs_native_has_room(COMMAND);

        if (!ap_rst_n) begin
            rx0_tready     <= 1'b0;
            rx1_tready     <= 1'b0;
            inject_tready  <= 1'b0;
            command_tready <= 1'b0;
            tx0_tvalid     <= 1'b0;
            tx1_tvalid     <= 1'b0;
            punt_tvalid    <= 1'b0;
            control_tvalid <= 1'b0;
            event_tvalid   <= 1'b0;
        end
    end

endmodule
