# cmake/units.cmake: files of a room that share no name of their own, compiled as one (LINESHAFT_UNITS).
#
# Half of a compiler's time, and nearly all of clang-tidy's, goes into headers and what is made anew of
# them in each file.
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
  foreach(source IN LISTS ARGN)
    if(units MATCHES "src/${room}/${source};([0-9]+)")
      get_filename_component(folder ${source} DIRECTORY)
      string(MAKE_C_IDENTIFIER "${folder}_${CMAKE_MATCH_1}" unit)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${unit})
    endif()
  endforeach()
endfunction()
