// SPDX-License-Identifier: Apache-2.0
// A card through XRT: an Alveo, or the simulator that an xclbin carries.
//
// The same calls run both.  Only a simulated card's platform makes a difference: the shim that
// plays XRT's driver is then loaded first, and a process that has done so cannot open a real card
// any more (XRT keeps one driver for its lifetime).
//
// (The namespace is not fpvs::xrt, which would hide XRT's own ::xrt.)
#pragma once

#include <memory>
#include <string>

#include "host/provider/card.hpp"
#include "host/util/result.hpp"

namespace fpvs::xrt_card {

struct OpenOptions {
    std::string path;          // The xclbin.
    std::string device = "0";  // An index, or domain:bus:device.function.
    // libfpvs_xrt_sim.so.  Where empty: $FPVS_XRT_SIM, or ../lib beside the executable.
    std::string shim = {};
};

// Whether the file is an xclbin of ours, as far as it can tell without a card.
[[nodiscard]] Status check_file(const std::string& path);

// Loads the xclbin and checks that the card keeps the contract of hw/abi.  Takes as long as the
// card needs; every mistake is a sentence that names the file.
[[nodiscard]] Result<std::unique_ptr<provider::Card>> open_card(const OpenOptions& options);

}  // namespace fpvs::xrt_card
