# SPDX-License-Identifier: Apache-2.0
# SystemVerilog as a C++ library.
#
# Verilator's own verilate() runs at configure time; our pipeline exists only once the build has
# compiled it.  So this runs Verilator as a build step, and joins its many files to two whose names
# are known beforehand: what runs every cycle and what runs once.

find_package(verilator 5 REQUIRED HINTS $ENV{VERILATOR_ROOT} /usr/share/verilator)

if(NOT TARGET fpvs_verilator_runtime)
    add_library(fpvs_verilator_runtime STATIC
        ${VERILATOR_ROOT}/include/verilated.cpp
        ${VERILATOR_ROOT}/include/verilated_threads.cpp)
    target_include_directories(fpvs_verilator_runtime SYSTEM PUBLIC
        ${VERILATOR_ROOT}/include ${VERILATOR_ROOT}/include/vltstd)
    target_compile_options(fpvs_verilator_runtime PRIVATE -w)
    target_link_libraries(fpvs_verilator_runtime PUBLIC Threads::Threads)
endif()

# Wide words move in fewer instructions on a machine that has them.  What is built here runs here.
include(CheckCXXSourceRuns)
check_cxx_source_runs(
    "int main() { return __builtin_cpu_supports(\"x86-64-v3\") ? 0 : 1; }" FPVS_RUNS_X86_64_V3)
set(FPVS_VERILATED_OPTIONS -O2 -w -g0)
if(FPVS_RUNS_X86_64_V3)
    list(APPEND FPVS_VERILATED_OPTIONS -march=x86-64-v3)
endif()

# fpvs_verilated_library(name TOP module SOURCES a.sv ... [ARGS -GWIDTH=8 ...]): a static library
# with the class V<TOP> in "V<TOP>.h".  Sources are absolute, packages first.  Blocks are not split:
# one of hlsc's is a stage, skipped as a whole while it is empty, and its variables stay local.
function(fpvs_verilated_library name)
    cmake_parse_arguments(arg "" "TOP" "SOURCES;ARGS" ${ARGN})
    set(dir ${CMAKE_CURRENT_BINARY_DIR}/${name}.verilated)
    set(prefix V${arg_TOP})
    add_custom_command(
        OUTPUT ${dir}/every_cycle.cpp ${dir}/once.cpp
        BYPRODUCTS ${dir}/${prefix}.h
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${dir}
        COMMAND ${VERILATOR_BIN} --cc --top-module ${arg_TOP} --prefix ${prefix} -Mdir ${dir}
                -O3 -fno-split --x-assign fast --x-initial fast -Wno-fatal -Wno-PINCONNECTEMPTY
                -Wno-UNUSEDPARAM ${arg_ARGS} ${arg_SOURCES}
        COMMAND ${CMAKE_COMMAND} -DDIR=${dir} -P ${CMAKE_SOURCE_DIR}/hw/rtl/join_verilated.cmake
        DEPENDS ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/hw/rtl/join_verilated.cmake
        COMMENT "Verilating ${arg_TOP}"
        VERBATIM)
    add_library(${name} STATIC ${dir}/every_cycle.cpp ${dir}/once.cpp)
    set_source_files_properties(${dir}/every_cycle.cpp PROPERTIES
        COMPILE_OPTIONS "${FPVS_VERILATED_OPTIONS}")
    set_source_files_properties(${dir}/once.cpp PROPERTIES COMPILE_OPTIONS "-O1;-w;-g0")
    target_include_directories(${name} SYSTEM PUBLIC ${dir})
    target_link_libraries(${name} PUBLIC fpvs_verilator_runtime)
endfunction()
