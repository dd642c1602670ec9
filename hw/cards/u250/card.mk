# SPDX-License-Identifier: Apache-2.0
PLATFORM := xilinx_u250_gen3x16_xdma_4_1_202210_1
PART := xcu250-figd2104-2L-e
# Tables: buckets of a half of the flow tables (hw/abi/limits.hpp).
FLOW_BUCKETS_LOG2 := 18
FLOW6_BUCKETS_LOG2 := 15
