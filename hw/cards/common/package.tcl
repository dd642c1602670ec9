# SPDX-License-Identifier: Apache-2.0
# RTL shell and pipeline as one kernel: vivado -mode batch -source package.tcl -tclargs ROOT PART XO
# Run where hls/ (hls.tcl) and wrap/ (wrap.py) are.
lassign $argv root part xo

create_project -force kernel kernel -part $part
# The package comes from wrap/, with this card's sizes.
set shell [lsearch -all -inline -not [glob $root/hw/rtl/*.sv] */fpvs_abi_pkg.sv]
set verilog hls/solution/syn/verilog
add_files [concat $shell [glob wrap/*.sv] [glob $verilog/*.v] [glob -nocomplain $verilog/*.dat]]
set_property top fpvs_card_kernel [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir ip -vendor fpvs -library kernel -taxonomy /KernelIP \
                     -import_files -set_current false
ipx::unload_core ip/component.xml
ipx::edit_ip_in_project -upgrade true -name edit -directory ip ip/component.xml
set core [ipx::current_core]
set_property core_revision 1 $core
foreach bus {s_axil m_axi_host rx0_axis tx0_axis rx1_axis tx1_axis} {
    ipx::associate_bus_interfaces -busif $bus -clock ap_clk $core
}
set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property vitis_drc {ctrl_protocol user_managed} $core
set_property ipi_drc {ignore_freq_hz true} $core
set_property xpm_libraries {XPM_CDC XPM_MEMORY XPM_FIFO} $core
set_property supported_families {} $core
set_property auto_family_support_level level_2 $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::save_core $core
close_project -delete

package_xo -force -xo_path $xo -kernel_name fpvs_card -ip_directory ip -kernel_xml wrap/kernel.xml \
           -ctrl_protocol user_managed
