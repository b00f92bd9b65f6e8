// The memory service as a part of a program.
#pragma once

#include "shared/rpc/module.h"

namespace dramatis::memory {

const ModuleFactory& MemoryModule();

}  // namespace dramatis::memory
