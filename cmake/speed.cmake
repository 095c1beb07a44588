# cmake/speed.cmake: two ways to parse headers less often.
#
# LINESHAFT_PCH: headers of others that most files read are read once.
#
# With clang this takes a third off a build; g++ 12 gains nothing. No file may lean on it: the presets
# `release` and `tidy` compile without it, and fail where an #include is missing.

set(LINESHAFT_COMMON_HEADERS
  <algorithm> <array> <atomic> <bit> <charconv> <cmath> <cstdint> <deque> <filesystem> <fstream>
  <functional> <iostream> <limits> <map> <memory> <mutex> <numeric> <optional> <random> <set> <span>
  <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <nlohmann/json.hpp>)

if(LINESHAFT_PCH)
  file(WRITE ${PROJECT_BINARY_DIR}/headers.cpp "")
  add_library(lineshaft_headers STATIC ${PROJECT_BINARY_DIR}/headers.cpp)
  target_precompile_headers(lineshaft_headers PRIVATE ${LINESHAFT_COMMON_HEADERS})
  if(LINESHAFT_TESTS)
    add_executable(lineshaft_test_headers ${PROJECT_BINARY_DIR}/headers.cpp)
    target_link_libraries(lineshaft_test_headers PRIVATE GTest::gmock GTest::gtest_main)
    target_precompile_headers(lineshaft_test_headers PRIVATE ${LINESHAFT_COMMON_HEADERS}
                              <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

# What trials of crashes and damage run a hundred thousand times is worth optimising in a build of tests.
set(LINESHAFT_BUSY_ROOMS base codec historian wal)

# lineshaft_read_headers_once(<target> <of>): <of> is lineshaft_headers, or lineshaft_test_headers for
# programs that link GoogleTest.
function(lineshaft_read_headers_once target of)
  if(LINESHAFT_PCH)
    target_precompile_headers(${target} REUSE_FROM ${of})
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>)
  endif()
endfunction()

# lineshaft_prefer_optimised(<test> <library>): of a template that both compile the linker takes the first
# it meets: the library's, which is optimised.
function(lineshaft_prefer_optimised test library)
  target_link_options(${test} PRIVATE
    LINKER:--whole-archive $<TARGET_FILE:${library}> LINKER:--no-whole-archive)
endfunction()

# LINESHAFT_UNITS: files of a room that share no name of their own are compiled as one (cmake/units.py).
# Halves the time of a build with g++, and of clang-tidy: it goes into what headers and templates bring.
if(LINESHAFT_UNITS)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(COMMAND ${Python3_EXECUTABLE} cmake/units.py 8 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                  OUTPUT_VARIABLE units COMMAND_ERROR_IS_FATAL ANY)
endif()

# lineshaft_compile_in_units(<target> <room> <source>...)
function(lineshaft_compile_in_units target room)
  if(NOT LINESHAFT_UNITS)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP
    UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # says of every file's types what it means of a header's
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
  endif()
  foreach(source IN LISTS ARGN)
    if(units MATCHES "src/${room}/${source};([0-9]+)")
      get_filename_component(folder ${source} DIRECTORY)
      string(MAKE_C_IDENTIFIER "${folder}_${CMAKE_MATCH_1}" unit)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${unit})
    endif()
  endforeach()
endfunction()
