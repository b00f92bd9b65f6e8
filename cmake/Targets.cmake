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
if(DRAMATIS_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Takes a source that another one includes for a header, in which a type of an anonymous namespace
  # would be a mistake.
  target_compile_options(dramatis_options INTERFACE -Wno-subobject-linkage)
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

# dramatis_unite(<target>): compiles the sources of each folder as one where DRAMATIS_UNITY is on: a
# third of the time from nothing. Names in anonymous namespaces differ within a folder then.
function(dramatis_unite target)
  if(NOT DRAMATIS_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_filename_component(folder "${source}" DIRECTORY)
    get_filename_component(folder "${folder}" ABSOLUTE)
    get_filename_component(folder "${folder}" NAME)
    string(MAKE_C_IDENTIFIER "${folder}" folder)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${folder}")
  endforeach()
endfunction()

# dramatis_library(<name> SOURCES <files> DEPS <targets>)
# A library; header-only where SOURCES is empty.
function(dramatis_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC dramatis_options ${arg_DEPS})
    dramatis_precompile(${name} common)
    dramatis_unite(${name})
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

# dramatis_sources(<out> <folder>...)
# The .cc files in the folders, which are relative to the current one, by what they are:
# <out> sources, <out>_TESTS *_test.cc, <out>_FUZZERS *_fuzz.cc. main.cc is none of them.
function(dramatis_sources out)
  set(found)
  foreach(folder ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc")
    list(APPEND found ${files})
  endforeach()
  set(tests ${found})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${found})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER found EXCLUDE REGEX "(_test|_fuzz|/main)\\.cc$")
  set(${out} ${found} PARENT_SCOPE)
  set(${out}_TESTS ${tests} PARENT_SCOPE)
  set(${out}_FUZZERS ${fuzzers} PARENT_SCOPE)
endfunction()

# dramatis_fuzzers(<files> <target>): a fuzzer for each <idea>_fuzz.cc, with its corpus in
# corpus/<idea>/ of the current folder.
function(dramatis_fuzzers files target)
  foreach(fuzzer ${files})
    get_filename_component(idea "${fuzzer}" NAME)
    string(REGEX REPLACE "_fuzz\\.cc$" "" idea "${idea}")
    dramatis_fuzzer(${idea} SOURCES ${fuzzer} DEPS ${target} CORPUS corpus/${idea})
  endforeach()
endfunction()

# dramatis_service(<name> [CORE_DEPS <targets>] [SERVER_DEPS <targets>])
# One service's folder as its layers. Its folders decide, see ARCHITECTURE.md:
#   <name>_settings  settings/: what every program of a deployment knows of it, data only
#   <name>_core      the wings: model/ and every folder that no line below takes; rules and
#                    interfaces, which link no gRPC and no SQL driver
#   <name>_sql       sql/ with its folders, and migrations/ compiled in
#   <name>_server    peers/ and the files beside the folders: module, service, config
#   dramatis-<name>  main.cc
# A test is linked with the layer it stands in: <name>_test in the wings, <name>_store_test in sql/,
# <name>_service_test in peers/ and beside the folders. testing/ holds what stands in for others
# in tests.
function(dramatis_service name)
  cmake_parse_arguments(arg "" "" "CORE_DEPS;SERVER_DEPS" ${ARGN})
  file(GLOB wings CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" */*.cc */*.h)
  list(TRANSFORM wings REPLACE "/.*" "")
  list(REMOVE_DUPLICATES wings)
  list(REMOVE_ITEM wings settings sql peers testing)
  dramatis_sources(settings settings)
  dramatis_sources(core ${wings})
  file(GLOB parts CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" sql/*/*.cc)
  list(TRANSFORM parts REPLACE "/[^/]*$" "")
  list(REMOVE_DUPLICATES parts)
  dramatis_sources(sql sql ${parts})
  dramatis_sources(server . peers)

  dramatis_library(${name}_settings SOURCES ${settings} DEPS shared_core)
  dramatis_library(${name}_core SOURCES ${core}
                   DEPS dramatis_protos shared_core ${name}_settings ${arg_CORE_DEPS})
  dramatis_library(${name}_sql SOURCES ${sql} DEPS ${name}_core shared_sql)
  dramatis_embed_migrations(${name}_sql ${name})
  dramatis_library(${name}_server SOURCES ${server}
                   DEPS ${name}_core ${name}_sql shared_rpc ${arg_SERVER_DEPS})
  add_executable(dramatis-${name} main.cc)
  target_link_libraries(dramatis-${name} PRIVATE ${name}_server deployment shared_identity_http
                        shared_program)
  dramatis_precompile(dramatis-${name} common)

  dramatis_test(${name}_test SOURCES ${core_TESTS} DEPS ${name}_core shared_testing LABELS unit)
  dramatis_test(${name}_store_test SOURCES ${sql_TESTS} DEPS ${name}_sql shared_sql_testing
                LABELS store)
  dramatis_test(${name}_service_test SOURCES ${server_TESTS}
                DEPS ${name}_server shared_rpc_testing LABELS service)
  dramatis_fuzzers("${core_FUZZERS}" ${name}_core)
endfunction()
