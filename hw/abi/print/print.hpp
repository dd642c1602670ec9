// SPDX-License-Identifier: Apache-2.0
// The contract of hw/abi as text: for people, and for the SystemVerilog that we write by hand.
//
// Both texts are committed (docs/registers.md, hw/rtl/fpvs_abi_pkg.sv) and a test compares them
// with what these functions return, so no number of the contract is ever typed twice.
#pragma once

#include <string>

namespace fpvs::abi {

std::string registers_markdown();
std::string systemverilog_package();

}  // namespace fpvs::abi
