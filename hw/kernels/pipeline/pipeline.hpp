// SPDX-License-Identifier: Apache-2.0
// The card's packet pipeline, seen from outside.
//
// Natively one call lets every stage do one step; call until all is quiet.  There is one pipeline a
// program: its state is static, as the kernel's is.
#pragma once

#include <hls_stream.h>

#include "hw/lib/beat.hpp"

extern "C" void fpvs_pipeline(hls::stream<fpvs::lib::AxisBeat>& rx0,
                              hls::stream<fpvs::lib::AxisBeat>& rx1,
                              hls::stream<fpvs::lib::AxisBeat>& inject,
                              hls::stream<ap_uint<512>>& command,
                              hls::stream<fpvs::lib::AxisBeat>& tx0,
                              hls::stream<fpvs::lib::AxisBeat>& tx1,
                              hls::stream<fpvs::lib::AxisBeat>& punt,
                              hls::stream<fpvs::lib::AxisBeat>& control,
                              hls::stream<ap_uint<512>>& event);
