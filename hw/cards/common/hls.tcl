# SPDX-License-Identifier: Apache-2.0
# The pipeline through Vitis HLS: vitis_hls -f hls.tcl -tclargs ROOT PART FLOW_LOG2 FLOW6_LOG2
lassign [lrange $argv end-3 end] root part flow_log2 flow6_log2
# ap_int.h and hls_stream.h are AMD's own; of ours, only what is written in their operations.
file mkdir include
file copy -force $root/hw/hlsc/include/fpvs_hls.hpp include
set flags "-std=c++14 -I$root -I[pwd]/include \
           -DFPVS_FLOW_BUCKETS_LOG2=$flow_log2 -DFPVS_FLOW6_BUCKETS_LOG2=$flow6_log2 \
           -DAP_INT_MAX_W=4096 -Dfpvs_pipeline=fpvs_pipeline_hls"

open_project -reset hls
set_top fpvs_pipeline_hls
add_files $root/hw/kernels/pipeline/pipeline.cpp -cflags $flags
open_solution -reset solution -flow_target vitis
set_part $part
create_clock -period 3.33
# The pragmas say flp; a tool's own default must not change what they leave open.
config_compile -pipeline_style flp
config_dataflow -strict_mode error
csynth_design
exit
