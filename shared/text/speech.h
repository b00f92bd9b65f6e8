// What several people said, as lines that each say whose they are.
//
//   SpokenLines("Ann", "hi\nBob: I owe you") == "Ann: hi\nAnn: Bob: I owe you"
//
// Pure function.
#pragma once

#include <string>
#include <string_view>

namespace dramatis {

// `Name: ` before every line that is not empty, so that nothing inside a message reads like
// somebody else's. A line ends with what Unicode has end one (LF, CR, CRLF, VT, FF, NEL, U+2028,
// U+2029), written as LF.
std::string SpokenLines(std::string_view name, std::string_view text);

}  // namespace dramatis
