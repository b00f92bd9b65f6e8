# dramatis_embed_migrations(<target> <service>): compiles the folder migrations/ of the current
# source directory into a target, as `const std::vector<sql::Migration>& <service>_migrations()` in
# namespace dramatis::embedded, declared in "embedded/<service>_migrations.h". A step is
# NNNN_name.sql for both engines, or the twins NNNN_name.postgres.sql and NNNN_name.sqlite.sql.
function(dramatis_embed_migrations target service)
  set(folder "${CMAKE_CURRENT_SOURCE_DIR}/migrations")
  set(stem "${PROJECT_BINARY_DIR}/embedded/${service}_migrations")
  file(GLOB files CONFIGURE_DEPENDS "${folder}/*.sql")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/embedded")
  add_custom_command(
    OUTPUT "${stem}.cc" "${stem}.h"
    COMMAND ${CMAKE_COMMAND} -DSERVICE=${service} "-DFOLDER=${folder}" "-DSTEM=${stem}"
            -P "${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake"
    DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${stem}.cc" "${stem}.h")
  target_include_directories(${target} PUBLIC "${PROJECT_BINARY_DIR}")
endfunction()
