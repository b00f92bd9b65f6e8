# dramatis_embed_text(<target> <name> <file>): compiles a text into a target, as
# `const std::vector<std::string_view>& <name>()` in namespace dramatis::embedded, declared in
# "embedded/<name>.h". In pieces: a literal of more than 64 KiB is not portable.
function(dramatis_embed_text target name file)
  set(stem "${PROJECT_BINARY_DIR}/embedded/${name}")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/embedded")
  add_custom_command(
    OUTPUT "${stem}.cc" "${stem}.h"
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} "-DFILE=${file}" "-DSTEM=${stem}"
            -P "${PROJECT_SOURCE_DIR}/cmake/EmbedTextFile.cmake"
    DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/EmbedTextFile.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${stem}.cc" "${stem}.h")
  target_include_directories(${target} PUBLIC "${PROJECT_BINARY_DIR}")
endfunction()
