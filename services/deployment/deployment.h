// Every program of a deployment. A service or a setting that is new stands in its own folder
// (settings/variables.cc); this is the list of the folders.
//
//   RunProgram(argc, argv, {.name = "dramatis-persona", .deployment = AllPrograms(), ...});
#pragma once

#include "shared/config/deployment.h"

namespace dramatis {

const Deployment& AllPrograms();

}  // namespace dramatis
