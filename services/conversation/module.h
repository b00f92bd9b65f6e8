// Conversation as a part of a program. See shared/rpc/module.h.
#pragma once

#include "shared/rpc/module.h"

namespace dramatis::conversation {

const ModuleFactory& ConversationModule();

}  // namespace dramatis::conversation
