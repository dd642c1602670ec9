# SPDX-License-Identifier: Apache-2.0
# Joins the files that Verilator wrote to DIR: every_cycle.cpp and once.cpp.
file(GLOB sources ${DIR}/V*.cpp)
set(every_cycle "")
set(once "")
foreach(source IN LISTS sources)
    if(source MATCHES "(__Slow|__Syms)\\.cpp$")
        string(APPEND once "#include \"${source}\"\n")
    else()
        string(APPEND every_cycle "#include \"${source}\"\n")
    endif()
endforeach()
file(WRITE ${DIR}/every_cycle.cpp "${every_cycle}")
file(WRITE ${DIR}/once.cpp "${once}")
