// The command `identity`: makes and rotates the keys by which the programs of a deployment prove to
// each other for whom they call (shared/identity/programs/identity_folder.h).
//
//   dramatis identity new|switch|retire <folder>
#pragma once

#include <string>
#include <vector>

namespace dramatis {

// What --help says of it.
inline constexpr char kIdentityHelp[] =
    "  identity new <folder>     make the identity keys of a deployment, or their next ones\n"
    "  identity switch <folder>  put the next identity keys to use\n"
    "  identity retire <folder>  end the identity keys that are no longer in use\n";

// `arguments`: what follows `identity`. `callers`: the programs that call others. The exit code: 0
// done, 1 failed, 2 wrong usage.
int RunIdentityCommand(const std::string& program,
                       const std::vector<std::string>& arguments,
                       const std::vector<std::string>& callers);

}  // namespace dramatis
