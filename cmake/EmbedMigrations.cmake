# Writes ${STEM}.h and ${STEM}.cc from the .sql files of ${FOLDER}. Called by
# dramatis_embed_migrations().
file(GLOB files RELATIVE "${FOLDER}" "${FOLDER}/*.sql")
list(SORT files)
set(steps)
foreach(file ${files})
  string(REGEX REPLACE "(\\.postgres|\\.sqlite)?\\.sql$" "" step "${file}")
  list(APPEND steps "${step}")
endforeach()
list(REMOVE_DUPLICATES steps)

function(read_sql out step engine)
  foreach(candidate "${FOLDER}/${step}.${engine}.sql" "${FOLDER}/${step}.sql")
    if(EXISTS "${candidate}")
      file(READ "${candidate}" text)
      set(${out} "R\"migration(${text})migration\"" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "migration ${step} has no text for ${engine}")
endfunction()

set(body)
foreach(step ${steps})
  string(REGEX MATCH "^[0-9]+" number "${step}")
  string(REGEX REPLACE "^0+" "" number "${number}")
  read_sql(postgres "${step}" postgres)
  read_sql(sqlite "${step}" sqlite)
  string(APPEND body "      {${number}, \"${step}\", ${postgres}, ${sqlite}},\n")
endforeach()

file(WRITE "${STEM}.h" "#pragma once

#include <vector>

#include \"shared/sql/database.h\"

namespace dramatis::embedded {
const std::vector<sql::Migration>& ${SERVICE}_migrations();
}  // namespace dramatis::embedded
")
file(WRITE "${STEM}.cc" "#include \"${STEM}.h\"

namespace dramatis::embedded {
const std::vector<sql::Migration>& ${SERVICE}_migrations() {
  static const std::vector<sql::Migration> migrations = {
${body}  };
  return migrations;
}
}  // namespace dramatis::embedded
")
