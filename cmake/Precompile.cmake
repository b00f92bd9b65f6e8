# dramatis_precompile(<target> <header>): gives a target one of the headers cmake/precompiled/*.h,
# parsed once for the whole build. Does nothing without DRAMATIS_PRECOMPILE.
if(DRAMATIS_PRECOMPILE)
  # One set of macros for all who share a header, or the compiler refuses it.
  add_compile_options(-pthread)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # The same bytes at every build in this folder, which is what a compiler cache goes by.
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  else()
    # GCC no longer sees that code comes from a system header, and warns of the inside of
    # std::string: the bug that Targets.cmake names.
    target_compile_options(dramatis_options INTERFACE -Wno-stringop-overflow -Wno-array-bounds)
  endif()
  foreach(header common tests)
    set(target dramatis_precompiled_${header})
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/precompiled/${header}.cc" CONTENT "")
    add_library(${target} OBJECT "${PROJECT_BINARY_DIR}/precompiled/${header}.cc")
    target_link_libraries(${target} PRIVATE dramatis_options gRPC::grpc++ protobuf::libprotobuf
                          absl::statusor absl::flat_hash_map absl::synchronization absl::strings)
    target_precompile_headers(${target} PRIVATE
                              "${PROJECT_SOURCE_DIR}/cmake/precompiled/${header}.h")
  endforeach()
  target_link_libraries(dramatis_precompiled_tests PRIVATE GTest::gmock)
endif()

function(dramatis_precompile target header)
  if(DRAMATIS_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM dramatis_precompiled_${header})
  endif()
endfunction()
