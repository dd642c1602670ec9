# SPDX-License-Identifier: Apache-2.0
PLATFORM := xilinx_u55c_gen3x16_xdma_3_202210_1
PART := xcu55c-fsvh2892-2L-e
# Tables: buckets of a half of the flow tables (hw/abi/limits.hpp).
FLOW_BUCKETS_LOG2 := 17
FLOW6_BUCKETS_LOG2 := 14
