// Facts of errors (ErrorInfo.metadata) by which one service tells another what to do about them.
#pragma once

namespace dramatis {

// Of an answer that broke off after its first text: whoever asked shall ask for it once more, from
// its start.
inline constexpr char kAskAgainFact[] = "ask_again";

}  // namespace dramatis
