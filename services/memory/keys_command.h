// The command `keys`: makes a key without anybody who is signed in, for the first admin of a
// deployment without an issuer.
//
//   dramatis keys create --user ada --admin [--name <name>] [--scopes chat,memory] [--days 90]
#pragma once

#include "shared/rpc/module.h"

namespace dramatis::memory {

const ModuleCommand& KeysCommand();

}  // namespace dramatis::memory
