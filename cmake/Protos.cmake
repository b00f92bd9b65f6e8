# dramatis_proto_library(): compiles every .proto below protos/ into
#   dramatis_protos        messages
#   dramatis_grpc_protos   service stubs (links gRPC)
# and writes the descriptor set of all of them, comments included, to DRAMATIS_DESCRIPTOR_SET.
function(dramatis_proto_library)
  set(root "${PROJECT_SOURCE_DIR}/protos")
  set(out "${PROJECT_BINARY_DIR}/protos/generated")
  set(descriptors "${PROJECT_BINARY_DIR}/protos/dramatis.binpb")
  file(MAKE_DIRECTORY "${out}")
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE "${root}" "${root}/*.proto")
  set(messages)
  set(stubs)
  set(ours)
  foreach(proto ${protos})
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(outputs "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    set(plugin)
    list(APPEND messages "${out}/${stem}.pb.cc")
    file(STRINGS "${root}/${proto}" service REGEX "^service ")
    if(service)
      list(APPEND outputs "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      list(APPEND stubs "${out}/${stem}.grpc.pb.cc")
      set(plugin --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> "--grpc_out=${out}")
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc "-I${root}" "--cpp_out=${out}" ${plugin} "${root}/${proto}"
      DEPENDS "${root}/${proto}"
      VERBATIM)
    list(APPEND ours "${root}/${proto}")
  endforeach()
  add_custom_command(
    OUTPUT "${descriptors}"
    COMMAND protobuf::protoc "-I${root}" --include_imports --include_source_info
            "--descriptor_set_out=${descriptors}" ${ours}
    DEPENDS ${ours}
    VERBATIM)
  add_custom_target(dramatis_descriptor_set DEPENDS "${descriptors}")
  set(DRAMATIS_DESCRIPTOR_SET "${descriptors}" PARENT_SCOPE)

  add_library(dramatis_protos STATIC ${messages})
  target_include_directories(dramatis_protos SYSTEM PUBLIC "${out}")
  target_link_libraries(dramatis_protos PUBLIC protobuf::libprotobuf)
  add_library(dramatis_grpc_protos STATIC ${stubs})
  target_link_libraries(dramatis_grpc_protos PUBLIC dramatis_protos gRPC::grpc++)
  # Stubs are mostly the headers they include: several at a time parse them once.
  set_target_properties(dramatis_grpc_protos PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  foreach(library dramatis_protos dramatis_grpc_protos)
    # Our options, since a precompiled header holds for one set of them; protoc's code is not ours
    # to put right.
    target_link_libraries(${library} PRIVATE dramatis_options)
    target_compile_options(${library} PRIVATE -w)
    dramatis_precompile(${library} common)
  endforeach()
endfunction()

# dramatis_embed(<target> <symbol> <file>): compiles a file's bytes into a target; declares
# `extern const std::string_view <symbol>` in namespace dramatis::embedded, found through
# `#include "embedded/<symbol>.h"`.
function(dramatis_embed target symbol file)
  set(stem "${PROJECT_BINARY_DIR}/embedded/${symbol}")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/embedded")
  add_custom_command(
    OUTPUT "${stem}.cc" "${stem}.h"
    COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol} "-DINPUT=${file}" "-DSTEM=${stem}"
            -P "${PROJECT_SOURCE_DIR}/cmake/Embed.cmake"
    DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/Embed.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${stem}.cc" "${stem}.h")
  target_include_directories(${target} PUBLIC "${PROJECT_BINARY_DIR}")
endfunction()
