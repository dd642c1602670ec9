# SPDX-License-Identifier: Apache-2.0
# Kernels to SystemVerilog as a build step.

set(FPVS_HLSC_RTL_LIBRARY
    ${CMAKE_SOURCE_DIR}/hw/rtl/lib/fpvs_axis_register.sv
    ${CMAKE_SOURCE_DIR}/hw/rtl/lib/fpvs_ram_s2p.sv
    ${CMAKE_SOURCE_DIR}/hw/rtl/lib/fpvs_stream_fifo.sv)

# fpvs_hls_kernel(NAME top SOURCE file.cpp [INCLUDES folder ...] [CLOCK_NS ns]) compiles the top
# function `top` with hlsc when the build runs, and gives the caller's scope
#   <top>_SOURCES          absolute files of the RTL, library modules first, module <top> last
#   <top>_OBSERVE_SOURCES  the same, with the ports that a lock-step harness needs
#   target <top>_rtl       everything generated, also <top>_report.txt
#   target <top>_model     INTERFACE library: <top>_model.hpp, the native twin for lock-step
function(fpvs_hls_kernel)
    cmake_parse_arguments(arg "" "NAME;SOURCE;CLOCK_NS" "INCLUDES" ${ARGN})
    get_filename_component(source ${arg_SOURCE} ABSOLUTE)
    set(dir ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.hlsc)
    set(base ${dir}/${arg_NAME})
    set(options "")
    foreach(include IN LISTS arg_INCLUDES)
        get_filename_component(include ${include} ABSOLUTE)
        list(APPEND options -I ${include})
    endforeach()
    if(arg_CLOCK_NS)
        list(APPEND options --clock-ns ${arg_CLOCK_NS})
    endif()
    add_custom_command(
        OUTPUT ${base}.sv ${base}_observe.sv ${base}_model.hpp
        BYPRODUCTS ${base}_report.txt ${base}_report.json
        COMMAND hlsc ${source} --top ${arg_NAME} -o ${dir} --observe --depfile ${base}.d ${options}
        DEPENDS hlsc ${source}
        DEPFILE ${base}.d
        COMMENT "hlsc ${arg_NAME}"
        VERBATIM)
    add_custom_target(${arg_NAME}_rtl DEPENDS ${base}.sv ${base}_observe.sv ${base}_model.hpp)
    add_library(${arg_NAME}_model INTERFACE)
    target_include_directories(${arg_NAME}_model INTERFACE ${dir} ${CMAKE_SOURCE_DIR})
    target_link_libraries(${arg_NAME}_model INTERFACE fpvs_hls_headers)
    add_dependencies(${arg_NAME}_model ${arg_NAME}_rtl)
    set(${arg_NAME}_SOURCES ${FPVS_HLSC_RTL_LIBRARY} ${base}.sv PARENT_SCOPE)
    set(${arg_NAME}_OBSERVE_SOURCES ${FPVS_HLSC_RTL_LIBRARY} ${base}_observe.sv PARENT_SCOPE)
endfunction()
