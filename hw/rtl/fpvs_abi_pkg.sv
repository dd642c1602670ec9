// SPDX-License-Identifier: Apache-2.0
// The contract of card and host as constants.
// Printed from hw/abi by `fpvs-abi-print package`; a test keeps it so.  Do not edit.
package fpvs_abi_pkg;

    localparam logic [31:0] MAGIC = 32'h53565046;
    localparam logic [31:0] VERSION = 32'd1;
    localparam logic [63:0] ABI_HASH = 64'h2968fdea04521dcf;

    localparam int unsigned PORTS_MAX = 2;
    localparam int unsigned BEAT_BITS = 512;
    localparam int unsigned BEAT_BYTES = 64;
    localparam int unsigned FRAME_BYTES_MIN = 14;
    localparam int unsigned FRAME_BYTES_MAX = 9600;
    localparam int unsigned TABLE_WAYS = 4;
    localparam int unsigned SERVICE_BUCKETS = 256;
    localparam int unsigned FLOW_BUCKETS = 16384;
    localparam int unsigned SERVERS_MAX = 4096;
    localparam int unsigned NEXT_HOPS_MAX = 1024;
    localparam int unsigned COUNTER_BANKS = 4;
    localparam int unsigned REASONS_MAX = 32;
    localparam int unsigned RINGS = 4;
    localparam int unsigned RING_SLOTS_LOG2_MIN = 4;
    localparam int unsigned RING_SLOTS_LOG2_MAX = 16;
    localparam int unsigned RECORD_BYTES = 64;
    localparam int unsigned FRAME_SLOT_LOG2_MIN = 11;
    localparam int unsigned FRAME_SLOT_LOG2_MAX = 14;

    // Register block: byte offsets.
    localparam logic [11:0] REG_MAGIC = 12'h010;  // ro
    localparam logic [11:0] REG_VERSION = 12'h014;  // ro
    localparam logic [11:0] REG_ABI_HASH_LOW = 12'h018;  // ro
    localparam logic [11:0] REG_ABI_HASH_HIGH = 12'h01c;  // ro
    localparam logic [11:0] REG_PORTS = 12'h020;  // ro
    localparam logic [11:0] REG_SERVICE_BUCKETS = 12'h024;  // ro
    localparam logic [11:0] REG_FLOW_BUCKETS = 12'h028;  // ro
    localparam logic [11:0] REG_SERVERS = 12'h02c;  // ro
    localparam logic [11:0] REG_NEXT_HOPS = 12'h030;  // ro
    localparam logic [11:0] REG_LINK = 12'h034;  // ro
    localparam logic [11:0] REG_RUN = 12'h038;  // rw
    localparam logic [11:0] REG_CYCLES_LOW = 12'h040;  // ro
    localparam logic [11:0] REG_CYCLES_HIGH = 12'h044;  // ro

    localparam logic [11:0] RING_BLOCK = 12'h100;
    localparam logic [11:0] RING_STRIDE = 12'h040;
    localparam logic [11:0] RING_REG_BASE_LOW = 12'h000;  // rw
    localparam logic [11:0] RING_REG_BASE_HIGH = 12'h004;  // rw
    localparam logic [11:0] RING_REG_SLOTS_LOG2 = 12'h008;  // rw
    localparam logic [11:0] RING_REG_SLOT_BYTES_LOG2 = 12'h00c;  // rw
    localparam logic [11:0] RING_REG_HOST_INDEX = 12'h010;  // rw
    localparam logic [11:0] RING_REG_CARD_INDEX = 12'h014;  // ro
    localparam logic [11:0] RING_REG_DROPPED = 12'h018;  // ro
    localparam logic [11:0] RING_REG_FULL = 12'h01c;  // ro

    localparam logic [11:0] PORT_BLOCK = 12'h200;
    localparam logic [11:0] PORT_STRIDE = 12'h040;
    localparam logic [11:0] PORT_REG_RX_FRAMES = 12'h000;  // ro
    localparam logic [11:0] PORT_REG_RX_DROPPED = 12'h004;  // ro
    localparam logic [11:0] PORT_REG_TX_FRAMES = 12'h008;  // ro

    localparam logic [1:0] RING_COMMAND = 2'd0;
    localparam logic [1:0] RING_EVENT = 2'd1;
    localparam logic [1:0] RING_PUNT = 2'd2;
    localparam logic [1:0] RING_INJECT = 2'd3;

    localparam logic [7:0] OPCODE_NOP = 8'd0;
    localparam logic [7:0] OPCODE_ECHO = 8'd1;
    localparam logic [7:0] OPCODE_WRITE_PORT = 8'd2;
    localparam logic [7:0] OPCODE_WRITE_SERVICE = 8'd3;
    localparam logic [7:0] OPCODE_WRITE_FLOW = 8'd4;
    localparam logic [7:0] OPCODE_WRITE_NEXT_HOP = 8'd5;
    localparam logic [7:0] OPCODE_SET_HASH_KEY = 8'd6;
    localparam logic [7:0] OPCODE_SET_EPOCH = 8'd7;
    localparam logic [7:0] OPCODE_READ_ACTIVITY = 8'd8;
    localparam logic [7:0] OPCODE_READ_COUNTER = 8'd9;

    localparam logic [7:0] EVENT_ECHO = 8'd1;
    localparam logic [7:0] EVENT_FLOW_FLAGS = 8'd2;
    localparam logic [7:0] EVENT_ACTIVITY = 8'd3;
    localparam logic [7:0] EVENT_COUNTER = 8'd4;

    localparam logic [7:0] REASON_RUNT = 8'd1;
    localparam logic [7:0] REASON_OVERSIZE = 8'd2;
    localparam logic [7:0] REASON_PORT_DISABLED = 8'd3;
    localparam logic [7:0] REASON_OTHER_HOST = 8'd4;
    localparam logic [7:0] REASON_GROUP_ADDRESS = 8'd5;
    localparam logic [7:0] REASON_VLAN_STACKED = 8'd6;
    localparam logic [7:0] REASON_NOT_IPV4 = 8'd7;
    localparam logic [7:0] REASON_IP_HEADER = 8'd8;
    localparam logic [7:0] REASON_IP_LENGTH = 8'd9;
    localparam logic [7:0] REASON_IP_CHECKSUM = 8'd10;
    localparam logic [7:0] REASON_IP_OPTIONS = 8'd11;
    localparam logic [7:0] REASON_FRAGMENT = 8'd12;
    localparam logic [7:0] REASON_PROTOCOL = 8'd13;
    localparam logic [7:0] REASON_TRANSPORT_HEADER = 8'd14;
    localparam logic [7:0] REASON_SERVICE_MISS = 8'd15;
    localparam logic [7:0] REASON_FLOW_MISS = 8'd16;
    localparam logic [7:0] REASON_TCP_SYN = 8'd17;
    localparam logic [7:0] REASON_METHOD = 8'd18;
    localparam logic [7:0] REASON_NEXT_HOP = 8'd19;
    localparam logic [7:0] REASON_TTL = 8'd20;
    localparam logic [7:0] REASON_MTU = 8'd21;
    localparam logic [7:0] REASON_VLAN_CHANGE = 8'd22;
    localparam logic [7:0] REASON_FORWARDED = 8'd23;
    localparam logic [7:0] REASON_INJECTED = 8'd24;
    localparam logic [7:0] REASON_INJECT_PORT = 8'd25;

    // Fields of records: word[LSB +: WIDTH].
    localparam int unsigned SERVICE_ENTRY_ADDRESS_LSB = 0;
    localparam int unsigned SERVICE_ENTRY_ADDRESS_WIDTH = 32;
    localparam int unsigned SERVICE_ENTRY_PORT_LSB = 32;
    localparam int unsigned SERVICE_ENTRY_PORT_WIDTH = 16;
    localparam int unsigned SERVICE_ENTRY_PROTOCOL_LSB = 48;
    localparam int unsigned SERVICE_ENTRY_PROTOCOL_WIDTH = 8;
    localparam int unsigned SERVICE_ENTRY_VALID_LSB = 56;
    localparam int unsigned SERVICE_ENTRY_VALID_WIDTH = 1;
    localparam int unsigned SERVICE_ENTRY_SERVICE_LSB = 64;
    localparam int unsigned SERVICE_ENTRY_SERVICE_WIDTH = 12;

    localparam int unsigned FLOW_ENTRY_CLIENT_ADDRESS_LSB = 0;
    localparam int unsigned FLOW_ENTRY_CLIENT_ADDRESS_WIDTH = 32;
    localparam int unsigned FLOW_ENTRY_CLIENT_PORT_LSB = 32;
    localparam int unsigned FLOW_ENTRY_CLIENT_PORT_WIDTH = 16;
    localparam int unsigned FLOW_ENTRY_SERVICE_LSB = 48;
    localparam int unsigned FLOW_ENTRY_SERVICE_WIDTH = 12;
    localparam int unsigned FLOW_ENTRY_VALID_LSB = 63;
    localparam int unsigned FLOW_ENTRY_VALID_WIDTH = 1;
    localparam int unsigned FLOW_ENTRY_SERVER_LSB = 64;
    localparam int unsigned FLOW_ENTRY_SERVER_WIDTH = 12;
    localparam int unsigned FLOW_ENTRY_NEXT_HOP_LSB = 80;
    localparam int unsigned FLOW_ENTRY_NEXT_HOP_WIDTH = 12;
    localparam int unsigned FLOW_ENTRY_METHOD_LSB = 96;
    localparam int unsigned FLOW_ENTRY_METHOD_WIDTH = 3;

    localparam int unsigned NEXT_HOP_ENTRY_DESTINATION_MAC_LSB = 0;
    localparam int unsigned NEXT_HOP_ENTRY_DESTINATION_MAC_WIDTH = 48;
    localparam int unsigned NEXT_HOP_ENTRY_VALID_LSB = 48;
    localparam int unsigned NEXT_HOP_ENTRY_VALID_WIDTH = 1;
    localparam int unsigned NEXT_HOP_ENTRY_PORT_LSB = 49;
    localparam int unsigned NEXT_HOP_ENTRY_PORT_WIDTH = 1;
    localparam int unsigned NEXT_HOP_ENTRY_TAGGED_LSB = 50;
    localparam int unsigned NEXT_HOP_ENTRY_TAGGED_WIDTH = 1;
    localparam int unsigned NEXT_HOP_ENTRY_VLAN_LSB = 51;
    localparam int unsigned NEXT_HOP_ENTRY_VLAN_WIDTH = 12;
    localparam int unsigned NEXT_HOP_ENTRY_SOURCE_MAC_LSB = 64;
    localparam int unsigned NEXT_HOP_ENTRY_SOURCE_MAC_WIDTH = 48;
    localparam int unsigned NEXT_HOP_ENTRY_MTU_LSB = 112;
    localparam int unsigned NEXT_HOP_ENTRY_MTU_WIDTH = 14;

    localparam int unsigned PORT_ENTRY_MAC_LSB = 0;
    localparam int unsigned PORT_ENTRY_MAC_WIDTH = 48;
    localparam int unsigned PORT_ENTRY_ENABLED_LSB = 48;
    localparam int unsigned PORT_ENTRY_ENABLED_WIDTH = 1;

    localparam int unsigned COMMAND_OPCODE_LSB = 0;
    localparam int unsigned COMMAND_OPCODE_WIDTH = 8;
    localparam int unsigned COMMAND_WAY_LSB = 8;
    localparam int unsigned COMMAND_WAY_WIDTH = 8;
    localparam int unsigned COMMAND_TABLE_LSB = 16;
    localparam int unsigned COMMAND_TABLE_WIDTH = 8;
    localparam int unsigned COMMAND_INDEX_LSB = 32;
    localparam int unsigned COMMAND_INDEX_WIDTH = 32;
    localparam int unsigned COMMAND_TAG_LSB = 64;
    localparam int unsigned COMMAND_TAG_WIDTH = 64;
    localparam int unsigned COMMAND_PAYLOAD_LOW_LSB = 128;
    localparam int unsigned COMMAND_PAYLOAD_LOW_WIDTH = 64;
    localparam int unsigned COMMAND_PAYLOAD_HIGH_LSB = 192;
    localparam int unsigned COMMAND_PAYLOAD_HIGH_WIDTH = 64;

    localparam int unsigned EVENT_KIND_LSB = 0;
    localparam int unsigned EVENT_KIND_WIDTH = 8;
    localparam int unsigned EVENT_WAY_LSB = 8;
    localparam int unsigned EVENT_WAY_WIDTH = 8;
    localparam int unsigned EVENT_TABLE_LSB = 16;
    localparam int unsigned EVENT_TABLE_WIDTH = 8;
    localparam int unsigned EVENT_TCP_FLAGS_LSB = 24;
    localparam int unsigned EVENT_TCP_FLAGS_WIDTH = 8;
    localparam int unsigned EVENT_INDEX_LSB = 32;
    localparam int unsigned EVENT_INDEX_WIDTH = 32;
    localparam int unsigned EVENT_TAG_LSB = 64;
    localparam int unsigned EVENT_TAG_WIDTH = 64;
    localparam int unsigned EVENT_CLIENT_ADDRESS_LSB = 128;
    localparam int unsigned EVENT_CLIENT_ADDRESS_WIDTH = 32;
    localparam int unsigned EVENT_CLIENT_PORT_LSB = 160;
    localparam int unsigned EVENT_CLIENT_PORT_WIDTH = 16;
    localparam int unsigned EVENT_SERVICE_LSB = 176;
    localparam int unsigned EVENT_SERVICE_WIDTH = 12;
    localparam int unsigned EVENT_SERVER_LSB = 192;
    localparam int unsigned EVENT_SERVER_WIDTH = 12;
    localparam int unsigned EVENT_EPOCH_LSB = 208;
    localparam int unsigned EVENT_EPOCH_WIDTH = 16;
    localparam int unsigned EVENT_PACKETS_LSB = 256;
    localparam int unsigned EVENT_PACKETS_WIDTH = 64;
    localparam int unsigned EVENT_BYTES_LSB = 320;
    localparam int unsigned EVENT_BYTES_WIDTH = 64;
    localparam int unsigned EVENT_STAMP_LSB = 480;
    localparam int unsigned EVENT_STAMP_WIDTH = 32;

    localparam int unsigned PUNT_HEADER_REASON_LSB = 0;
    localparam int unsigned PUNT_HEADER_REASON_WIDTH = 8;
    localparam int unsigned PUNT_HEADER_PORT_LSB = 8;
    localparam int unsigned PUNT_HEADER_PORT_WIDTH = 8;
    localparam int unsigned PUNT_HEADER_LENGTH_BYTES_LSB = 16;
    localparam int unsigned PUNT_HEADER_LENGTH_BYTES_WIDTH = 16;
    localparam int unsigned PUNT_HEADER_SERVICE_LSB = 32;
    localparam int unsigned PUNT_HEADER_SERVICE_WIDTH = 12;
    localparam int unsigned PUNT_HEADER_SERVICE_FOUND_LSB = 48;
    localparam int unsigned PUNT_HEADER_SERVICE_FOUND_WIDTH = 1;
    localparam int unsigned PUNT_HEADER_STAMP_LSB = 480;
    localparam int unsigned PUNT_HEADER_STAMP_WIDTH = 32;

    localparam int unsigned INJECT_HEADER_PORT_LSB = 8;
    localparam int unsigned INJECT_HEADER_PORT_WIDTH = 8;
    localparam int unsigned INJECT_HEADER_LENGTH_BYTES_LSB = 16;
    localparam int unsigned INJECT_HEADER_LENGTH_BYTES_WIDTH = 16;

endpackage
