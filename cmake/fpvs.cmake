# SPDX-License-Identifier: Apache-2.0
# House rules of the build: one standard, warnings are errors, one way to name a target.

set(FPVS_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize= takes them")

find_program(FPVS_CCACHE ccache)
if(FPVS_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${FPVS_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${FPVS_CCACHE})
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
add_link_options(-fuse-ld=lld)
if(FPVS_SANITIZE)
    add_compile_options(-fsanitize=${FPVS_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${FPVS_SANITIZE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)

add_library(fpvs_warnings INTERFACE)
target_compile_options(fpvs_warnings INTERFACE -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor
                                               -Wimplicit-fallthrough -Wno-unknown-pragmas
                                               -Wno-missing-designated-field-initializers)
target_include_directories(fpvs_warnings INTERFACE ${CMAKE_SOURCE_DIR})

function(_fpvs_target name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    target_link_libraries(${name} PRIVATE fpvs_warnings PUBLIC ${arg_DEPS})
endfunction()

# fpvs_library(name SOURCES a.cpp b.cpp DEPS other): a static library, or an interface library
# where there is no source.  Includes are written from the root of the tree.
function(fpvs_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    if(arg_SOURCES)
        add_library(${name} STATIC ${arg_SOURCES})
        target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
        _fpvs_target(${name} DEPS ${arg_DEPS})
    else()
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
        target_link_libraries(${name} INTERFACE ${arg_DEPS})
    endif()
endfunction()

function(fpvs_executable name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    _fpvs_target(${name} DEPS ${arg_DEPS})
endfunction()

# fpvs_test(name LABEL unit SOURCES x_test.cpp DEPS lib): one GoogleTest program, one ctest entry.
# LABEL is one of unit property parity conformance cosim system fuzz bench tidy; TIMEOUT is in seconds.
function(fpvs_test name)
    cmake_parse_arguments(arg "NO_MAIN" "LABEL;TIMEOUT" "SOURCES;DEPS;ARGS;LABELS" ${ARGN})
    find_package(GTest REQUIRED)
    add_executable(${name} ${arg_SOURCES})
    _fpvs_target(${name} DEPS ${arg_DEPS} GTest::gtest GTest::gmock)
    if(NOT arg_NO_MAIN)
        target_link_libraries(${name} PRIVATE GTest::gtest_main)
    endif()
    add_test(NAME ${name} COMMAND ${name} ${arg_ARGS} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT})
endfunction()
