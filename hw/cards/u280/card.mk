# SPDX-License-Identifier: Apache-2.0
PLATFORM := xilinx_u280_gen3x16_xdma_1_202211_1
PART := xcu280-fsvh2892-2L-e
# Tables: buckets of a half of the flow tables (hw/abi/limits.hpp).
FLOW_BUCKETS_LOG2 := 17
FLOW6_BUCKETS_LOG2 := 14
