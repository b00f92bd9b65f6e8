// The RPCs of persona's services, a line each; no rules.
#pragma once

#include "services/persona/avatars/avatars.h"
#include "services/persona/cards/cards.h"
#include "services/persona/lore/lores.h"
#include "services/persona/personas/personas.h"
#include "services/persona/rendering/rendering.h"
#include "shared/methods/method_table.h"

namespace dramatis::persona {

// Of PersonaService. The use cases, here and below, outlive the table.
void ServePersonas(MethodTable& rpc, Personas& personas, Rendering& rendering);
// Of CardService.
void ServeCards(MethodTable& rpc, Cards& cards);
// Of LoreService.
void ServeLore(MethodTable& rpc, Lores& lores);
// Of AvatarService.
void ServeAvatars(MethodTable& rpc, Avatars& avatars);

}  // namespace dramatis::persona
