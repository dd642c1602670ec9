// SPDX-License-Identifier: Apache-2.0
// Whose turn it is: the first source with a request after the one that was taken last.
module fpvs_round_robin #(
    parameter int unsigned SOURCES = 2,
    localparam int unsigned SOURCE_W = SOURCES > 1 ? $clog2(SOURCES) : 1
) (
    input  logic                clk,
    input  logic                rst_n,

    input  logic [SOURCES-1:0]  request,
    input  logic                take,
    output logic [SOURCE_W-1:0] chosen,
    output logic                chosen_valid
);

    if (SOURCES < 1) $fatal(0, "Error: SOURCES must be 1 or more (instance %m)");

    logic [SOURCE_W-1:0] last;

    assign chosen_valid = |request;

    // From the least preferred to the most: the last assignment wins.
    always_comb begin
        chosen = last;
        for (int unsigned i = 0; i < SOURCES; i++)
            if (request[SOURCES-1-i]) chosen = SOURCE_W'(SOURCES - 1 - i);
        for (int unsigned i = 0; i < SOURCES; i++)
            if (request[SOURCES-1-i] && SOURCES - 1 - i > 32'(last))
                chosen = SOURCE_W'(SOURCES - 1 - i);
    end

    always_ff @(posedge clk) begin
        if (take) last <= chosen;
        if (!rst_n) last <= '0;
    end

endmodule
