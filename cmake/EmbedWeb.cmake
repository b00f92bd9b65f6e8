# Writes ${OUTPUT}, which holds the files of ${FOLDER}/dist as gateway/pages/web_files.h declares
# them; none, and the reason, where there is no such folder: ${FOLDER}/why, else ${WHY}.
set(files)
if(EXISTS "${FOLDER}/dist/index.html")
  file(GLOB_RECURSE files RELATIVE "${FOLDER}/dist" "${FOLDER}/dist/*")
  list(FILTER files EXCLUDE REGEX "\\.gz$")
  list(SORT files)
  set(WHY "")
elseif(EXISTS "${FOLDER}/why")
  file(STRINGS "${FOLDER}/why" WHY LIMIT_COUNT 1)
  string(REGEX REPLACE "[\\;]+" " " WHY "${WHY}")
  string(REPLACE "\"" "'" WHY "${WHY}")
endif()

set(bytes "")
set(table "")
set(number 0)
# dramatis_take(<out> <file>): takes in a file's bytes; the expression that is a view of them.
function(dramatis_take out file)
  if(NOT EXISTS "${file}")
    set(${out} "{}" PARENT_SCOPE)
    return()
  endif()
  set(symbol "dramatis_web_${number}")
  math(EXPR next "${number} + 1")
  set(number ${next} PARENT_SCOPE)
  string(APPEND bytes "__asm__(
    \".section .rodata\\n\"
    \"${symbol}_begin:\\n\"
    \".incbin \\\"${file}\\\"\\n\"
    \"${symbol}_end:\\n\"
    \".byte 0\\n\"
    \".previous\\n\");
extern \"C\" {
extern const char ${symbol}_begin[];
extern const char ${symbol}_end[];
}
")
  set(bytes "${bytes}" PARENT_SCOPE)
  set(${out} "{${symbol}_begin, static_cast<std::size_t>(${symbol}_end - ${symbol}_begin)}" PARENT_SCOPE)
endfunction()

foreach(file ${files})
  dramatis_take(plain "${FOLDER}/dist/${file}")
  dramatis_take(gzip "${FOLDER}/dist/${file}.gz")
  string(APPEND table "      {\"/${file}\", ${plain}, ${gzip}},\n")
endforeach()

file(WRITE "${OUTPUT}" "#include \"gateway/pages/web_files.h\"

${bytes}
namespace dramatis::gateway {

const WebFiles& BuiltWebFiles() {
  static const WebFiles files{.files = {
${table}  }, .why = \"${WHY}\"};
  return files;
}

}  // namespace dramatis::gateway
")
