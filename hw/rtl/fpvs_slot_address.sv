// SPDX-License-Identifier: Apache-2.0
// Where the slot of an index lies in host memory.
module fpvs_slot_address (
    input  logic [63:0] base,
    input  logic [4:0]  slots_log2,
    input  logic [3:0]  slot_bytes_log2,
    input  logic [31:0] index,
    output logic [63:0] address
);

    // An index is taken modulo the ring: natural wrap-around of 32 bits keeps its low bits right.
    wire [31:0] slot = index & ~(32'hffff_ffff << slots_log2);

    assign address = base + ({32'd0, slot} << slot_bytes_log2);

endmodule
