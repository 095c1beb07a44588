# cmake/headers.cmake: headers of others that most files read are read once (LINESHAFT_PCH).
#
# With clang this takes a third off a build; g++ 12 gains nothing. No file may lean on it: the preset
# `release` compiles without it, and tests/house/include_test.py reads what is missing.

set(LINESHAFT_COMMON_HEADERS
  <algorithm> <array> <atomic> <bit> <charconv> <cmath> <cstdint> <deque> <filesystem> <fstream>
  <functional> <iostream> <limits> <map> <memory> <mutex> <numeric> <optional> <random> <set> <span>
  <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <nlohmann/json.hpp>)

# Of a build of tests only these are optimised: trials of crashes and damage run them a hundred thousand
# times. The rest runs quicker than it compiles.
set(LINESHAFT_BUSY_ROOMS base codec historian identity intake ledger settlement sys vault wal
    wire/batch wire/csv)

# lineshaft_read_headers_once(<target> <room> PRODUCT|TEST): also says how the target is optimised, for the
# headers are good for that alone.
function(lineshaft_read_headers_once target room kind)
  if(NOT LINESHAFT_PCH)
    return()
  endif()
  set(optimise -O0)
  if(room IN_LIST LINESHAFT_BUSY_ROOMS)
    set(optimise -O1)
  endif()
  set(headers lineshaft_headers${optimise})
  set(options ${optimise})
  if(kind STREQUAL "TEST")
    string(APPEND headers -test)
    list(APPEND options -fno-sanitize=fuzzer-no-link) # no harness is led by what a test covers
  endif()
  if(NOT TARGET ${headers})
    file(WRITE ${PROJECT_BINARY_DIR}/headers.cpp "int main() {}\n")
    if(kind STREQUAL "TEST")
      add_executable(${headers} ${PROJECT_BINARY_DIR}/headers.cpp)
      target_link_libraries(${headers} PRIVATE GTest::gmock)
      target_precompile_headers(${headers} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
    else()
      add_library(${headers} STATIC ${PROJECT_BINARY_DIR}/headers.cpp)
    endif()
    target_compile_options(${headers} PRIVATE ${options})
    target_precompile_headers(${headers} PRIVATE ${LINESHAFT_COMMON_HEADERS})
  endif()
  target_compile_options(${target} PRIVATE ${options}
    $<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>)
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()
