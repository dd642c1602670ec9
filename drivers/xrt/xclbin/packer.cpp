// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt/xclbin/packer.hpp"

#include <xclbin.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "drivers/xrt/xclbin/format.hpp"
#include "drivers/xrt/xclbin/seal.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::xrt_card {
namespace {

struct Section {
    axlf_section_kind kind;
    std::string_view name;
    std::vector<char> bytes;
};

// Where the shells of the U250 show the host's memory, and how much of it (UG1393).
constexpr std::uint64_t kHostMemoryBase = 0x2000000000;
constexpr std::uint64_t kHostMemoryKilobytes = std::uint64_t{16} << 20;
constexpr std::uint64_t kKernelBase = 0x1800000;
constexpr std::size_t kSectionAlignment = 8;

std::vector<char> bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

template <class Char, std::size_t size>
void copy_name(Char (&field)[size], std::string_view name) {
    std::memcpy(field, name.data(), std::min(name.size(), size - 1));
}

template <class Table>
std::vector<char> bytes_of_table(const Table& table) {
    std::vector<char> bytes(sizeof table);
    std::memcpy(bytes.data(), &table, sizeof table);
    return bytes;
}

std::vector<char> memory_topology() {
    mem_topology table;
    std::memset(&table, 0, sizeof table);
    table.m_count = 1;
    mem_data& host = table.m_mem_data[0];
    host.m_type = MEM_DRAM;
    host.m_used = 1;
    host.m_size = kHostMemoryKilobytes;
    host.m_base_address = kHostMemoryBase;
    copy_name(host.m_tag, kHostMemoryTag);
    return bytes_of_table(table);
}

std::vector<char> layout_of_ips(const PackInput& input) {
    ip_layout table;
    std::memset(&table, 0, sizeof table);
    table.m_count = 1;
    ip_data& kernel = table.m_ip_data[0];
    kernel.m_type = IP_KERNEL;
    kernel.properties = AP_CTRL_NONE << IP_CONTROL_SHIFT;
    kernel.m_base_address = kKernelBase;
    copy_name(kernel.m_name, input.kernel + ":" + input.instance);
    return bytes_of_table(table);
}

// The kernel's one pointer argument reaches the one memory.
std::vector<char> connections() {
    connectivity table;
    std::memset(&table, 0, sizeof table);
    table.m_count = 1;
    return bytes_of_table(table);
}

std::vector<char> metadata(const PackInput& input) {
    return bytes_of(fmt::format(
        R"(<?xml version="1.0" encoding="UTF-8"?>
<project name="fpvs">
  <platform vendor="fpvs" boardid="sim" name="{platform}" featureRomTime="0">
    <device name="fpga0" fpgaDevice="simulated" addrWidth="0">
      <core name="OCL_REGION_0" target="hw" type="clc_region" clockFreq="0MHz" numComputeUnits="1">
        <kernelClocks>
          <clock port="KERNEL_CLK" frequency="300.0MHz"/>
          <clock port="DATA_CLK" frequency="300.0MHz"/>
        </kernelClocks>
        <kernel name="{kernel}" language="rtl" hwControlProtocol="user_managed" type="pl">
          <port name="s_axilite" mode="slave" range="{range:#x}" dataWidth="32"
                portType="addressable" base="0x0"/>
          <port name="m_axi_host" mode="master" range="0xFFFFFFFFFFFFFFFF" dataWidth="512"
                portType="addressable" base="0x0"/>
          <arg name="host" addressQualifier="1" id="0" port="m_axi_host" size="0x8"
               offset="{offset:#x}" hostOffset="0x0" hostSize="0x8" type="void*"/>
          <instance name="{instance}">
            <addrRemap base="{base:#x}" port="s_axilite"/>
          </instance>
        </kernel>
      </core>
    </device>
  </platform>
</project>
)",
        fmt::arg("platform", input.platform),
        fmt::arg("kernel", input.kernel),
        fmt::arg("instance", input.instance),
        fmt::arg("range", abi::kRegisterBlockBytes),
        fmt::arg("offset", abi::ring_register(abi::Ring::command, abi::reg::ring::base_low)),
        fmt::arg("base", kKernelBase)));
}

std::vector<char> key_values(const PackInput& input) {
    return bytes_of(fmt::format(
        R"({{"keyvalue_metadata": {{"key_values": [{{"key": "{}", "value": "{:#018x}"}}]}}}})",
        kAbiHashKey,
        input.abi_hash));
}

bool is_name(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:";
    return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Status check(const PackInput& input) {
    if (!is_name(input.platform) || input.platform.size() >= sizeof axlf_header::m_platformVBNV) {
        return fail(Code::invalid_argument,
                    "a platform's name has 1 to {} letters, digits, '_', '-', '.' or ':': '{}'",
                    sizeof axlf_header::m_platformVBNV - 1,
                    input.platform);
    }
    if (!is_name(input.kernel) || !is_name(input.instance) ||
        input.kernel.size() + 1 + input.instance.size() >= sizeof ip_data::m_name) {
        return fail(Code::invalid_argument,
                    "'{}:{}' is no name of a kernel and its instance",
                    input.kernel,
                    input.instance);
    }
    if (input.bitstream.empty() || input.bitstream.size() > kXclbinBytesMax / 2) {
        return fail(Code::invalid_argument,
                    "a bitstream has 1 to {} bytes, this one has {}",
                    kXclbinBytesMax / 2,
                    input.bitstream.size());
    }
    return {};
}

// Header, table of sections, sections; all gaps are zero.
std::vector<char> assemble(const PackInput& input, const std::vector<Section>& sections) {
    axlf head;
    std::memset(&head, 0, sizeof head);
    std::memcpy(head.m_magic, "xclbin2", sizeof head.m_magic);
    head.m_signature_length = -1;
    std::memset(head.reserved, 0xff, sizeof head.reserved);
    std::memset(head.m_keyBlock, 0xff, sizeof head.m_keyBlock);
    head.m_header.m_versionMajor = 2;
    head.m_header.m_versionMinor = 13;
    head.m_header.m_mode = XCLBIN_PR;
    copy_name(head.m_header.m_platformVBNV, input.platform);
    head.m_header.m_numSections = static_cast<std::uint32_t>(sections.size());

    constexpr std::size_t kTable = offsetof(axlf, m_sections);
    std::vector<char> image(kTable + sections.size() * sizeof(axlf_section_header));
    for (std::size_t i = 0; i < sections.size(); ++i) {
        image.resize((image.size() + kSectionAlignment - 1) / kSectionAlignment *
                     kSectionAlignment);
        axlf_section_header entry;
        std::memset(&entry, 0, sizeof entry);
        entry.m_sectionKind = sections[i].kind;
        copy_name(entry.m_sectionName, sections[i].name);
        entry.m_sectionOffset = image.size();
        entry.m_sectionSize = sections[i].bytes.size();
        std::memcpy(image.data() + kTable + i * sizeof entry, &entry, sizeof entry);
        image.insert(image.end(), sections[i].bytes.begin(), sections[i].bytes.end());
    }
    head.m_header.m_length = image.size();
    std::memcpy(image.data(), &head, kTable);
    return image;
}

}  // namespace

Result<std::vector<char>> pack(const PackInput& input) {
    FPVS_TRY_STATUS(check(input));
    const std::vector<Section> sections = {
        {MEM_TOPOLOGY, "mem_topology", memory_topology()},
        {IP_LAYOUT, "ip_layout", layout_of_ips(input)},
        {CONNECTIVITY, "connectivity", connections()},
        {EMBEDDED_METADATA, "embedded_meta", metadata(input)},
        {KEYVALUE_METADATA, "keyvalue_meta", key_values(input)},
        {BITSTREAM, "bitstream", {input.bitstream.begin(), input.bitstream.end()}},
    };
    std::vector<char> image = assemble(input, sections);
    seal(image);
    return image;
}

}  // namespace fpvs::xrt_card
