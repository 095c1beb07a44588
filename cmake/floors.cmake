# cmake/floors.cmake: the floors of the house (docs/ARCHITECTURE.md) and the one way to declare a room.
#
# A room may depend on rooms of lower floors only; rooms of one floor do not know each other. CMake
# refuses a violation here, and tests/house/house_test.py reads every #include against this same list.

# One line a room: floor, folder under src/. The order is the order of building.
set(LINESHAFT_ROOMS
  "0 base"
  "1 model"
  "1 sys"
  "2 codec"
  "2 docket"
  "2 settlement"
  "2 wal"
  "2 wire/batch"
  "2 wire/csv"
  "2 wire/http"
  "2 wire/iec104"
  "2 wire/lineprotocol"
  "2 wire/modbus"
  "2 wire/mqtt"
  "2 wire/mtconnect"
  "2 wire/pdf"
  "2 wire/s7"
  "2 wire/shdr"
  "2 wire/sparkplug"
  "2 wire/webauthn"
  "2 wire/wipo"
  "3 historian"
  "3 ledger"
  "3 records"
  "3 vault"
  "4 connect"
  "4 identity"
  "4 intake"
  "4 retention"
  "4 tenancy"
  "5 plant"
  "5 rights"
  "6 api"
  "7 app")

function(lineshaft_floor_of room out)
  foreach(entry IN LISTS LINESHAFT_ROOMS)
    if(entry MATCHES "^([0-9]) (.+)$" AND CMAKE_MATCH_2 STREQUAL room)
      set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "room '${room}' is not listed in cmake/floors.cmake")
endfunction()

# The CMake target of a room: wire/modbus -> lineshaft_wire_modbus.
function(lineshaft_target_of room out)
  string(REPLACE "/" "_" name ${room})
  set(${out} lineshaft_${name} PARENT_SCOPE)
endfunction()

# lineshaft_room(<room> SOURCES ... [USES room...] [LIBRARIES target...] [TESTS file...])
#
# Declares the library of a room, and one test program that holds all its TESTS.
#   USES       rooms this room includes; each must be on a lower floor
#   LIBRARIES  third-party targets, visible to this room's .cpp files only
#   TESTS      *_test.cpp files, run by ctest under the name of the room
#   TEST_USES  rooms that only the tests include (also lower floors)
function(lineshaft_room room)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBRARIES;TESTS;TEST_USES;TEST_LIBRARIES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "room '${room}': unknown words ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  lineshaft_floor_of(${room} floor)
  lineshaft_target_of(${room} target)

  foreach(used IN LISTS ARG_USES ARG_TEST_USES)
    lineshaft_floor_of(${used} used_floor)
    if(NOT used_floor LESS floor)
      message(FATAL_ERROR "room '${room}' (floor ${floor}) may not use '${used}' (floor "
                          "${used_floor}): only lower floors")
    endif()
  endforeach()

  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE lineshaft_warnings ${ARG_LIBRARIES})
  lineshaft_read_headers_once(${target} ${room} PRODUCT)
  lineshaft_compile_in_units(${target} ${room} ${ARG_SOURCES})
  foreach(used IN LISTS ARG_USES)
    lineshaft_target_of(${used} used_target)
    target_link_libraries(${target} PUBLIC ${used_target})
  endforeach()

  if(ARG_TESTS AND LINESHAFT_TESTS)
    add_executable(${target}_test ${ARG_TESTS})
    target_link_libraries(${target}_test PRIVATE ${target} lineshaft_warnings
                          ${ARG_TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
    foreach(used IN LISTS ARG_TEST_USES)
      lineshaft_target_of(${used} used_target)
      target_link_libraries(${target}_test PRIVATE ${used_target})
    endforeach()
    target_compile_definitions(${target}_test PRIVATE
      LINESHAFT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
      LINESHAFT_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
    lineshaft_read_headers_once(${target}_test ${room} TEST)
    lineshaft_compile_in_units(${target}_test ${room} ${ARG_TESTS})
    add_test(NAME ${room} COMMAND ${target}_test)
  endif()
endfunction()

# lineshaft_fuzz(<room> <file>...): one libFuzzer program per file; built by the presets `dev` and `fuzz`.
# A harness is named x_fuzz.cpp and lives in fuzz/; its corpus seeds in fuzz/corpus/x/.
function(lineshaft_fuzz name)
  if(NOT LINESHAFT_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_executable(${name}_fuzz ${PROJECT_SOURCE_DIR}/fuzz/${name}_fuzz.cpp)
  add_dependencies(fuzzers ${name}_fuzz)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name}_fuzz PRIVATE lineshaft_warnings)
  foreach(used IN LISTS ARG_USES)
    lineshaft_target_of(${used} used_target)
    target_link_libraries(${name}_fuzz PRIVATE ${used_target})
  endforeach()
endfunction()
