# cmake/open62541.cmake: the OPC UA stack (tools/open62541.lock) as the library target `open62541`.
#
# Built with the flags of this build, sanitizers too, but without our warnings. What is left out is
# code that nobody here asks for and that would read bytes from outside: PubSub, MQTT, mDNS, the XML
# form of values. (Its filter parser needs the JSON form.)
file(STRINGS ${PROJECT_SOURCE_DIR}/tools/open62541.lock locked REGEX "^[^#]")
string(REGEX MATCH "[^ ]+$" open62541_version "${locked}")
set(open62541_source ${PROJECT_SOURCE_DIR}/.tools/open62541-${open62541_version})
if(NOT EXISTS ${open62541_source}/CMakeLists.txt)
  message(FATAL_ERROR "open62541 ${open62541_version} is missing: run tools/setup")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/open62541.lock)

# A function, so that what is set for that build stays out of ours.
function(lineshaft_add_open62541)
  # The variables below win over its options and over what it puts into the cache.
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(CMAKE_POLICY_DEFAULT_CMP0126 NEW)
  set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
  set(CMAKE_EXPORT_COMPILE_COMMANDS OFF)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)
  set(BUILD_SHARED_LIBS OFF)

  string(REGEX MATCHALL "-f(no-)?(sanitize|omit)[^ ]*" sanitizers "${CMAKE_CXX_FLAGS}")
  list(JOIN sanitizers " " sanitizers)
  set(CMAKE_C_FLAGS "${CMAKE_C_FLAGS} ${sanitizers} -w")
  set(CMAKE_C_FLAGS_DEBUG "${CMAKE_CXX_FLAGS_DEBUG}")
  set(CMAKE_C_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
  set(UA_ENABLE_DEBUG_SANITIZER OFF)

  set(UA_ENABLE_ENCRYPTION OPENSSL)
  set(UA_MULTITHREADING 100)  # its static variables are then each thread's own
  set(UA_NAMESPACE_ZERO REDUCED)
  set(UA_LOGLEVEL 300)
  set(UA_FORCE_WERROR OFF)
  foreach(part PUBSUB PUBSUB_INFORMATIONMODEL XML_ENCODING MQTT DIAGNOSTICS DISCOVERY_SEMAPHORE
               NODESETLOADER GDS_PUSHMANAGEMENT)
    set(UA_ENABLE_${part} OFF)
  endforeach()
  add_subdirectory(${open62541_source} ${PROJECT_BINARY_DIR}/open62541 EXCLUDE_FROM_ALL)

  # For our clang-tidy and warnings its headers are the system's.
  get_target_property(headers open62541 INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(open62541 PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${headers}")
endfunction()
lineshaft_add_open62541()
