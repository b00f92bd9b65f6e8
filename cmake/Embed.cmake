# Writes ${STEM}.h and ${STEM}.cc that hold the bytes of ${INPUT}. Called by dramatis_embed().
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "(('[^']*',){24})" "\\1\n" bytes "${bytes}")
file(WRITE "${STEM}.h" "#pragma once

#include <string_view>

namespace dramatis::embedded {
extern const std::string_view ${SYMBOL};
}  // namespace dramatis::embedded
")
file(WRITE "${STEM}.cc" "#include \"${STEM}.h\"

namespace dramatis::embedded {
namespace {
constexpr char kBytes[] = {${bytes}
                           '\\0'};
}  // namespace
const std::string_view ${SYMBOL}(kBytes, sizeof(kBytes) - 1);
}  // namespace dramatis::embedded
")
