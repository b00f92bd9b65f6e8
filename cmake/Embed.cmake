# Writes ${STEM}.h and ${STEM}.cc that hold the bytes of ${INPUT}, taken in by the assembler. Called
# by dramatis_embed().
file(WRITE "${STEM}.h" "#pragma once

#include <string_view>

namespace dramatis::embedded {
extern const std::string_view ${SYMBOL};
}  // namespace dramatis::embedded
")
file(WRITE "${STEM}.cc" "#include \"${STEM}.h\"

__asm__(
    \".section .rodata\\n\"
    \"dramatis_embedded_${SYMBOL}_begin:\\n\"
    \".incbin \\\"${INPUT}\\\"\\n\"
    \"dramatis_embedded_${SYMBOL}_end:\\n\"
    \".byte 0\\n\"
    \".previous\\n\");

extern \"C\" {
extern const char dramatis_embedded_${SYMBOL}_begin[];
extern const char dramatis_embedded_${SYMBOL}_end[];
}

namespace dramatis::embedded {
const std::string_view ${SYMBOL}(
    dramatis_embedded_${SYMBOL}_begin,
    static_cast<std::size_t>(dramatis_embedded_${SYMBOL}_end - dramatis_embedded_${SYMBOL}_begin));
}  // namespace dramatis::embedded
")
