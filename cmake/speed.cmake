# cmake/speed.cmake: how headers are parsed less often.
#
# LINESHAFT_UNITS: files of a room that share no name of their own are compiled as one (cmake/units.py).
# Takes a good part off a build with g++, and off clang-tidy: it goes into what headers and templates bring.
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
