#include "services/persona/service.h"

namespace dramatis::persona {

void ServePersonas(MethodTable& rpc, Personas& personas, Rendering& rendering) {
  rpc.Unary("ListPersonas", &Personas::List, personas);
  rpc.Unary("CreatePersona", &Personas::Create, personas);
  rpc.Unary("GetPersona", &Personas::Get, personas);
  rpc.Unary("UpdatePersona", &Personas::Update, personas);
  rpc.Unary("DeletePersona", &Personas::Delete, personas);
  rpc.Unary("GetPersonaPrompt", &Rendering::GetPrompt, rendering);
  rpc.Unary("ComparePersonas", &Personas::Compare, personas);
  rpc.Unary("RenderPersona", &Rendering::Render, rendering);
  rpc.Unary("SetMasks", &Rendering::SetMasks, rendering);
  rpc.Unary("ReleasePersona", &Rendering::Release, rendering);
}

void ServeCards(MethodTable& rpc, Cards& cards) {
  rpc.Unary("ImportPersona", &Cards::Import, cards);
  rpc.Unary("ExportPersona", &Cards::Export, cards);
}

void ServeLore(MethodTable& rpc, Lores& lores) {
  rpc.Unary("GetLore", &Lores::Get, lores);
  rpc.Unary("UpdateLore", &Lores::Update, lores);
}

void ServeAvatars(MethodTable& rpc, Avatars& avatars) {
  rpc.Unary("GetAvatar", &Avatars::Get, avatars);
  rpc.Unary("UpdateAvatar", &Avatars::Update, avatars);
}

}  // namespace dramatis::persona
