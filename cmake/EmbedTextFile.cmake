# Writes ${STEM}.h and ${STEM}.cc from the ASCII text ${FILE}. Called by dramatis_embed_text().
file(READ "${FILE}" text)
string(LENGTH "${text}" length)
set(piece_length 50000)
set(pieces)
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} ${piece_length} piece)
  string(APPEND pieces "      R\"text(${piece})text\",\n")
  math(EXPR at "${at} + ${piece_length}")
endwhile()

file(WRITE "${STEM}.h" "#pragma once

#include <string_view>
#include <vector>

namespace dramatis::embedded {
const std::vector<std::string_view>& ${NAME}();
}  // namespace dramatis::embedded
")
file(WRITE "${STEM}.cc" "#include \"${STEM}.h\"

namespace dramatis::embedded {
const std::vector<std::string_view>& ${NAME}() {
  static const std::vector<std::string_view> pieces = {
${pieces}  };
  return pieces;
}
}  // namespace dramatis::embedded
")
