# C++ code of the Spark Connect protocol, generated from the descriptors inside the installed client.
set(SLUICE_PROTOCOL_DIR ${CMAKE_BINARY_DIR}/protocol)
set(_connect base catalog commands common example_plugins expressions ml ml_common pipelines relations types)
set(_protos)
foreach(_name ${_connect})
  list(APPEND _protos spark/connect/${_name}.proto)
endforeach()
list(APPEND _protos org/apache/spark/sql/execution/streaming/StateMessage.proto
     google/rpc/status.proto google/rpc/error_details.proto)
set(_sources)
foreach(_proto ${_protos})
  string(REGEX REPLACE "\\.proto$" "" _stem ${_proto})
  list(APPEND _sources ${SLUICE_PROTOCOL_DIR}/${_stem}.pb.cc)
  list(APPEND _headers ${SLUICE_PROTOCOL_DIR}/${_stem}.pb.h)
endforeach()
list(APPEND _sources ${SLUICE_PROTOCOL_DIR}/spark/connect/base.grpc.pb.cc)
add_custom_command(
  OUTPUT ${_sources} ${_headers}
  COMMAND ${SLUICE_PYTHON} ${CMAKE_SOURCE_DIR}/tools/generate_protocol.py --out ${SLUICE_PROTOCOL_DIR} ${_protos}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/generate_protocol.py
  COMMENT "Generating the protocol from the installed pyspark-client")
add_library(sluice_protocol STATIC ${_sources})
target_include_directories(sluice_protocol SYSTEM PUBLIC ${SLUICE_PROTOCOL_DIR})
# The protocol keeps deprecated fields that today's and older clients still send.
target_compile_options(sluice_protocol PRIVATE -w -O1 INTERFACE -Wno-deprecated-declarations)
target_precompile_headers(sluice_protocol PRIVATE <google/protobuf/message.h> <google/protobuf/map.h>
                          <google/protobuf/generated_message_reflection.h> <string> <vector>)
target_link_libraries(sluice_protocol PUBLIC PkgConfig::GRPC PkgConfig::PROTOBUF absl_synchronization)
