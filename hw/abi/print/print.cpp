// SPDX-License-Identifier: Apache-2.0
#include "hw/abi/print/print.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include "hw/abi/abi_hash.hpp"

namespace fpvs::abi {
namespace {

struct FieldLine {
    std::string name;
    int lsb;
    int width;
};

struct RecordTable {
    std::string name;
    int bits;
    std::string meaning;
    std::vector<FieldLine> fields;
};

struct NumberLine {
    std::string name;
    int number;
    std::string meaning;
};

struct ReasonLine {
    NumberLine number;
    std::string stage;
    std::string verdict;
};

struct RegisterLine {
    std::string name;
    std::uint32_t offset;
    std::string access;
    std::string meaning;
};

struct LimitLine {
    std::string name;
    std::uint64_t value;
};

#define FPVS_PRINT_FIELD(name, lsb, width) FieldLine{#name, lsb, width},
#define FPVS_PRINT_NUMBER(name, number, meaning) NumberLine{#name, number, meaning},
#define FPVS_PRINT_REASON(name, number, stage, verdict, meaning) \
    ReasonLine{NumberLine{#name, number, meaning}, #stage, #verdict},
#define FPVS_PRINT_REGISTER(name, offset, access, meaning) \
    RegisterLine{#name, offset, #access, meaning},

std::vector<RecordTable> records() {
    return {
        {"service_entry",
         ServiceEntry::bits,
         "virtual service: all zero is an empty way",
         {FPVS_ABI_SERVICE_ENTRY(FPVS_PRINT_FIELD)}},
        {"reply_entry",
         ReplyEntry::bits,
         "where replies come from: all zero is an empty way",
         {FPVS_ABI_REPLY_ENTRY(FPVS_PRINT_FIELD)}},
        {"flow_entry",
         FlowEntry::bits,
         "flow of IPv4: all zero is an empty way",
         {FPVS_ABI_FLOW_ENTRY(FPVS_PRINT_FIELD)}},
        {"flow6_entry",
         Flow6Entry::bits,
         "flow of IPv6: all zero is an empty way",
         {FPVS_ABI_FLOW6_ENTRY(FPVS_PRINT_FIELD)}},
        {"server_entry",
         ServerEntry::bits,
         "real server of a service",
         {FPVS_ABI_SERVER_ENTRY(FPVS_PRINT_FIELD)}},
        {"virtual_end_entry",
         VirtualEndEntry::bits,
         "source of a service's replies",
         {FPVS_ABI_VIRTUAL_END_ENTRY(FPVS_PRINT_FIELD)}},
        {"steer_entry",
         SteerEntry::bits,
         "word of a hash table or a sequence",
         {FPVS_ABI_STEER_ENTRY(FPVS_PRINT_FIELD)}},
        {"next_hop_entry",
         NextHopEntry::bits,
         "the Ethernet header a frame gets and the port it leaves by",
         {FPVS_ABI_NEXT_HOP_ENTRY(FPVS_PRINT_FIELD)}},
        {"port_entry", PortEntry::bits, "network port", {FPVS_ABI_PORT_ENTRY(FPVS_PRINT_FIELD)}},
        {"command", Command::bits, "one beat", {FPVS_ABI_COMMAND(FPVS_PRINT_FIELD)}},
        {"event", Event::bits, "one beat", {FPVS_ABI_EVENT(FPVS_PRINT_FIELD)}},
        {"punt_header",
         PuntHeader::bits,
         "one beat: after the frame on the stream, before it in a slot",
         {FPVS_ABI_PUNT_HEADER(FPVS_PRINT_FIELD)}},
        {"inject_header",
         InjectHeader::bits,
         "one beat, before the frame",
         {FPVS_ABI_INJECT_HEADER(FPVS_PRINT_FIELD)}},
    };
}

std::vector<LimitLine> limits() {
    return {
        {"ports_max", kPortsMax},
        {"beat_bits", kBeatBits},
        {"beat_bytes", kBeatBytes},
        {"frame_bytes_min", kFrameBytesMin},
        {"frame_bytes_max", kFrameBytesMax},
        {"table_ways", kTableWays},
        {"service_buckets", kServiceBuckets},
        {"reply_buckets", kReplyBuckets},
        {"flow_halves", kFlowHalves},
        {"flow_ways", kFlowWays},
        {"flow_buckets", kFlowBuckets},
        {"flow6_buckets", kFlow6Buckets},
        {"epoch_bits", kEpochBits},
        {"servers_max", kServersMax},
        {"next_hops_max", kNextHopsMax},
        {"steer_words", kSteerWords},
        {"steer_size_max", kSteerSizeMax},
        {"cursors_max", kCursorsMax},
        {"young_max", kYoungMax},
        {"young_epochs", kYoungEpochs},
        {"punt_control_beats", kPuntControlBeats},
        {"punt_data_beats", kPuntDataBeats},
        {"counter_banks", kCounterBanks},
        {"reasons_max", kReasonsMax},
        {"rings", kRings},
        {"ring_slots_log2_min", kRingSlotsLog2Min},
        {"ring_slots_log2_max", kRingSlotsLog2Max},
        {"record_bytes", kRecordBytes},
        {"frame_slot_log2_min", kFrameSlotLog2Min},
        {"frame_slot_log2_max", kFrameSlotLog2Max},
    };
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return text;
}

std::string number_table(const std::vector<NumberLine>& lines) {
    std::string text = "| number | name | meaning |\n|---|---|---|\n";
    for (const NumberLine& line : lines) {
        text += fmt::format("| {} | `{}` | {} |\n", line.number, line.name, line.meaning);
    }
    return text;
}

std::string register_table(const std::vector<RegisterLine>& lines) {
    std::string text = "| offset | name | access | meaning |\n|---|---|---|---|\n";
    for (const RegisterLine& line : lines) {
        text += fmt::format(
            "| 0x{:03x} | `{}` | {} | {} |\n", line.offset, line.name, line.access, line.meaning);
    }
    return text;
}

std::string record_section(const RecordTable& record) {
    std::string text =
        fmt::format("### {}\n\n{} bits, {}.\n\n", record.name, record.bits, record.meaning);
    text += "| bits | field |\n|---|---|\n";
    for (const FieldLine& field : record.fields) {
        text +=
            field.width == 1
                ? fmt::format("| {} | `{}` |\n", field.lsb, field.name)
                : fmt::format(
                      "| {}..{} | `{}` |\n", field.lsb + field.width - 1, field.lsb, field.name);
    }
    return text + "\n";
}

std::string reason_table() {
    std::string text = "| number | name | stage | verdict | meaning |\n|---|---|---|---|---|\n";
    for (const ReasonLine& line : {FPVS_ABI_REASONS(FPVS_PRINT_REASON)}) {
        text += fmt::format("| {} | `{}` | {} | {} | {} |\n",
                            line.number.number,
                            line.number.name,
                            line.stage,
                            line.verdict,
                            line.number.meaning);
    }
    return text;
}

std::string number_parameters(const std::string& prefix,
                              int width,
                              const std::vector<NumberLine>& lines) {
    std::string text;
    for (const NumberLine& line : lines) {
        text += fmt::format("    localparam logic [{}:0] {}_{} = {}'d{};\n",
                            width - 1,
                            prefix,
                            upper(line.name),
                            width,
                            line.number);
    }
    return text + "\n";
}

std::string register_parameters(const std::string& prefix, const std::vector<RegisterLine>& lines) {
    std::string text;
    for (const RegisterLine& line : lines) {
        text += fmt::format("    localparam logic [11:0] {}_{} = 12'h{:03x};  // {}\n",
                            prefix,
                            upper(line.name),
                            line.offset,
                            line.access);
    }
    return text + "\n";
}

}  // namespace

std::string registers_markdown() {
    std::string text =
        "# The contract of card and host\n\n"
        "Printed from `hw/abi` by `fpvs-abi-print registers`; a test keeps it so. How the parts "
        "are\n"
        "used is said in the headers of `hw/abi`.\n\n";
    text += fmt::format(
        "Magic `0x{:08x}`, version {}, abi hash `0x{:016x}`.\n", kMagic, kVersion, kAbiHash);
    text += "\n## Registers\n\nAXI4-Lite, 32-bit, one page of 4 KiB.\n\n";
    text += register_table({FPVS_ABI_REGISTERS(FPVS_PRINT_REGISTER)});
    text += fmt::format(
        "\n### A ring's block\n\nAt 0x{:03x} + 0x{:02x} x ring.\n\n", kRingBlock, kRingStride);
    text += register_table({FPVS_ABI_RING_REGISTERS(FPVS_PRINT_REGISTER)});
    text += fmt::format(
        "\n### A port's block\n\nAt 0x{:03x} + 0x{:02x} x port.\n\n", kPortBlock, kPortStride);
    text += register_table({FPVS_ABI_PORT_REGISTERS(FPVS_PRINT_REGISTER)});
    text += "\n## Capabilities\n\nBits of the register `capabilities`.\n\n" +
            number_table({FPVS_ABI_CAPABILITIES(FPVS_PRINT_NUMBER)});
    text += "\n## Rings\n\n" + number_table({FPVS_ABI_RINGS(FPVS_PRINT_NUMBER)});
    text += "\n## Commands\n\n" + number_table({FPVS_ABI_OPCODES(FPVS_PRINT_NUMBER)});
    text += "\n## Events\n\n" + number_table({FPVS_ABI_EVENT_KINDS(FPVS_PRINT_NUMBER)});
    text += "\n## Reasons\n\nEvery frame gets exactly one and is counted under it.\n\n" +
            reason_table();
    text += "\n## Records\n\nBit 0 is the least significant bit of byte 0.\n\n";
    for (const RecordTable& record : records()) {
        text += record_section(record);
    }
    text +=
        "## Limits\n\nNumbers of flow buckets are those of the simulated card; others differ, and "
        "the register\n`flow_buckets` or `flow6_buckets` tells.\n\n"
        "| name | value |\n|---|---|\n";
    for (const LimitLine& limit : limits()) {
        text += fmt::format("| `{}` | {} |\n", limit.name, limit.value);
    }
    return text;
}

std::string systemverilog_package() {
    std::string text =
        "// SPDX-License-Identifier: Apache-2.0\n"
        "// The contract of card and host as constants.\n"
        "// Printed from hw/abi by `fpvs-abi-print package`; a test keeps it so.  Do not edit.\n"
        "package fpvs_abi_pkg;\n\n";
    text += fmt::format("    localparam logic [31:0] MAGIC = 32'h{:08x};\n", kMagic);
    text += fmt::format("    localparam logic [31:0] VERSION = 32'd{};\n", kVersion);
    text += fmt::format("    localparam logic [63:0] ABI_HASH = 64'h{:016x};\n", kAbiHash);
    text +=
        fmt::format("    localparam logic [31:0] CAPABILITIES = 32'h{:08x};\n\n", kCapabilities);
    for (const LimitLine& limit : limits()) {
        text +=
            fmt::format("    localparam int unsigned {} = {};\n", upper(limit.name), limit.value);
    }
    text += "\n    // Register block: byte offsets.\n";
    text += register_parameters("REG", {FPVS_ABI_REGISTERS(FPVS_PRINT_REGISTER)});
    text += fmt::format("    localparam logic [11:0] RING_BLOCK = 12'h{:03x};\n", kRingBlock);
    text += fmt::format("    localparam logic [11:0] RING_STRIDE = 12'h{:03x};\n", kRingStride);
    text += register_parameters("RING_REG", {FPVS_ABI_RING_REGISTERS(FPVS_PRINT_REGISTER)});
    text += fmt::format("    localparam logic [11:0] PORT_BLOCK = 12'h{:03x};\n", kPortBlock);
    text += fmt::format("    localparam logic [11:0] PORT_STRIDE = 12'h{:03x};\n", kPortStride);
    text += register_parameters("PORT_REG", {FPVS_ABI_PORT_REGISTERS(FPVS_PRINT_REGISTER)});
    text += number_parameters("RING", 3, {FPVS_ABI_RINGS(FPVS_PRINT_NUMBER)});
    text += number_parameters("OPCODE", 8, {FPVS_ABI_OPCODES(FPVS_PRINT_NUMBER)});
    text += number_parameters("EVENT", 8, {FPVS_ABI_EVENT_KINDS(FPVS_PRINT_NUMBER)});
    std::vector<NumberLine> reasons;
    for (const ReasonLine& line : {FPVS_ABI_REASONS(FPVS_PRINT_REASON)}) {
        reasons.push_back(line.number);
    }
    text += number_parameters("REASON", 8, reasons);
    text += "    // Fields of records: word[LSB +: WIDTH].\n";
    for (const RecordTable& record : records()) {
        for (const FieldLine& field : record.fields) {
            const std::string name = upper(record.name + "_" + field.name);
            text += fmt::format("    localparam int unsigned {}_LSB = {};\n", name, field.lsb);
            text += fmt::format("    localparam int unsigned {}_WIDTH = {};\n", name, field.width);
        }
        text += "\n";
    }
    return text + "endpackage\n";
}

}  // namespace fpvs::abi
