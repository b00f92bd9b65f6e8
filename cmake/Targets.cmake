# Compile options, and the functions that turn a folder into targets.
add_library(dramatis_options INTERFACE)
target_include_directories(dramatis_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(dramatis_options INTERFACE DRAMATIS_VERSION="${PROJECT_VERSION}")
target_compile_options(dramatis_options INTERFACE -Wall -Wextra -Wpedantic)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(dramatis_options INTERFACE -Wthread-safety)
elseif(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Reports moves of short literals into strings that are no overlap: GCC bug 105651.
  target_compile_options(dramatis_options INTERFACE -Wno-restrict)
endif()
if(DRAMATIS_WERROR)
  target_compile_options(dramatis_options INTERFACE -Werror)
endif()
if(DRAMATIS_SANITIZE)
  # Unoptimised: compiling costs more than running the tests does.
  add_compile_options(-fsanitize=${DRAMATIS_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DRAMATIS_SANITIZE})
endif()
if(DRAMATIS_COVERAGE)
  # Counters in a mapped file, so that a program that a test kills has counted all the same.
  target_compile_options(dramatis_options INTERFACE -fprofile-instr-generate -fcoverage-mapping
                         "SHELL:-mllvm -runtime-counter-relocation")
  add_link_options(-fprofile-instr-generate)
endif()
if(DRAMATIS_SANITIZE MATCHES "thread")
  include(ThreadSanitizer)
endif()
include(Precompile)

# dramatis_library(<name> SOURCES <files> DEPS <targets>)
# A library; header-only where SOURCES is empty.
function(dramatis_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC dramatis_options ${arg_DEPS})
    dramatis_precompile(${name} common)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE dramatis_options ${arg_DEPS})
  endif()
endfunction()

# dramatis_test(<name> SOURCES <files> DEPS <targets> LABELS <labels>)
# A GoogleTest program run by ctest as one test. Labels: unit, store, service, system, ...
function(dramatis_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE dramatis_options ${arg_DEPS} GTest::gmock GTest::gtest_main)
  dramatis_precompile(${name} tests)
  if(COMMAND dramatis_annotate_locks)
    dramatis_annotate_locks(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 600)
endfunction()

# dramatis_fuzzer(<name> SOURCES <files> DEPS <targets> CORPUS <folder>)
# A libFuzzer program `fuzz_<name>`; built with -DDRAMATIS_FUZZ=ON only. `./dev fuzz` finds them in
# build/<preset>/fuzz/, each beside a file `<program>.corpus` that names its corpus.
function(dramatis_fuzzer name)
  cmake_parse_arguments(arg "" "CORPUS" "SOURCES;DEPS" ${ARGN})
  if(NOT DRAMATIS_FUZZ)
    return()
  endif()
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE dramatis_options ${arg_DEPS})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  # What it goes through shows it which input reaches something new. The coverage that
  # -fsanitize=fuzzer-no-link means, but that one refuses headers precompiled without it.
  foreach(target fuzz_${name} ${arg_DEPS})
    target_compile_options(${target} PRIVATE
        -fsanitize-coverage=inline-8bit-counters,indirect-calls,trace-cmp,pc-table)
  endforeach()
  set_target_properties(fuzz_${name} PROPERTIES
                        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  file(WRITE "${PROJECT_BINARY_DIR}/fuzz/fuzz_${name}.corpus"
       "${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS}\n")
endfunction()

# dramatis_service(<name> [CORE_DEPS <targets>] [SERVER_DEPS <targets>])
# One service's folder as its layers, by the names of its files:
#   <name>_core     rules: every .cc that no line below takes; links no gRPC and no SQL driver
#   <name>_sql      sql_store*.cc, and migrations/*.sql compiled in
#   <name>_server   <name>_service.cc, <name>_module.cc, peers.cc, grpc_*.cc, *_server.cc
#   dramatis-<name> main.cc
# and the tests: <name>_test (every *_test.cc beside core), <name>_store_test (*store_test.cc),
# <name>_service_test (*_service_test.cc, grpc_*_test.cc); and the fuzzers: <idea>_fuzz.cc with its
# corpus in corpus/<idea>/.
function(dramatis_service name)
  cmake_parse_arguments(arg "" "" "CORE_DEPS;SERVER_DEPS" ${ARGN})
  file(GLOB all CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" *.cc)
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER all EXCLUDE REGEX "_fuzz\\.cc$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(store_tests ${tests})
  list(FILTER store_tests INCLUDE REGEX "store_test\\.cc$")
  set(service_tests ${tests})
  list(FILTER service_tests INCLUDE REGEX "(_service_test|^grpc_.*_test)\\.cc$")
  set(unit_tests ${tests})
  list(FILTER unit_tests EXCLUDE REGEX "(store_test|_service_test|^grpc_.*_test)\\.cc$")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "(_test|^main)\\.cc$")
  set(sql ${sources})
  list(FILTER sql INCLUDE REGEX "^sql_store.*\\.cc$")
  set(server_pattern "^(.*_service|.*_module|.*_server|peers|grpc_.*)\\.cc$")
  set(server ${sources})
  list(FILTER server INCLUDE REGEX "${server_pattern}")
  set(core ${sources})
  list(FILTER core EXCLUDE REGEX "${server_pattern}")
  list(FILTER core EXCLUDE REGEX "^sql_store.*\\.cc$")

  dramatis_library(${name}_core SOURCES ${core} DEPS dramatis_protos shared_core ${arg_CORE_DEPS})
  if(sql)
    dramatis_library(${name}_sql SOURCES ${sql} DEPS ${name}_core shared_sql)
    dramatis_embed_migrations(${name}_sql ${name})
  endif()
  if(server)
    dramatis_library(${name}_server SOURCES ${server}
                     DEPS ${name}_core shared_rpc $<TARGET_NAME_IF_EXISTS:${name}_sql>
                          ${arg_SERVER_DEPS})
  endif()
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/main.cc")
    add_executable(dramatis-${name} main.cc)
    target_link_libraries(dramatis-${name} PRIVATE ${name}_server shared_program)
    dramatis_precompile(dramatis-${name} common)
  endif()
  dramatis_test(${name}_test SOURCES ${unit_tests} DEPS ${name}_core shared_testing LABELS unit)
  dramatis_test(${name}_store_test SOURCES ${store_tests}
                DEPS ${name}_core $<TARGET_NAME_IF_EXISTS:${name}_sql> shared_sql_testing
                LABELS store)
  dramatis_test(${name}_service_test SOURCES ${service_tests}
                DEPS ${name}_server shared_rpc_testing LABELS service)
  foreach(fuzzer ${fuzzers})
    string(REGEX REPLACE "_fuzz\\.cc$" "" idea "${fuzzer}")
    dramatis_fuzzer(${idea} SOURCES ${fuzzer} DEPS ${name}_core CORPUS corpus/${idea})
  endforeach()
endfunction()
