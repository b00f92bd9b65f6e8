// The inference service as a part of a program.
#pragma once

#include "shared/rpc/module.h"

namespace dramatis::inference {

const ModuleFactory& InferenceModule();

}  // namespace dramatis::inference
