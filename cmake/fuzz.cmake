# Every tests/fuzz/NAME.cc is a libFuzzer target NAME (the fuzz preset: clang, ASan and UBSan).
if(SLUICE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "SLUICE_FUZZ needs clang; use the fuzz preset")
  endif()
  file(GLOB _fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*.cc)
  foreach(_source ${_fuzzers})
    get_filename_component(_name ${_source} NAME_WE)
    add_executable(${_name} ${_source})
    target_link_libraries(${_name} PRIVATE sluice_connect sluice_sql sluice_formats sluice_checkpoint sluice_state
                          nlohmann_json::nlohmann_json)
    target_link_options(${_name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
