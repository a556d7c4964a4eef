# Compiler flags, ccache, linker and sanitizers, the same for every target.
# GCC 12 reports false overflows inside std::string; the engine has no raw copies for it to find.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-stringop-overflow -Wno-restrict -Wno-stringop-overread -Wno-array-bounds)
endif()
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  # The generated protocol code and Arrow's wheel are not instrumented for RTTI checks.
  add_compile_options(-fno-sanitize=vptr)
endif()
if(SLUICE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Without the time in it a precompiled header is the same after each build, and ccache finds what was made with it.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
find_package(Threads REQUIRED)
