// The persona service as a part of a program.
#pragma once

#include "shared/rpc/module.h"

namespace dramatis::persona {

const ModuleFactory& PersonaModule();

}  // namespace dramatis::persona
