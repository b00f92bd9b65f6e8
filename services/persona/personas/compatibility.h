// How well two personas go together (contract: "Personas", compatibility):
// round(0.7 x (100 - mean trait distance) + 0.3 x 100 x shared domains / larger domain count).
// Pure.
#pragma once

#include "dramatis/persona/v1/persona.pb.h"

namespace dramatis::persona {

// Symmetric; 100 for two with the same traits and domains. Unset traits and domains count as their
// defaults.
v1::ComparePersonasResponse Compare(const v1::Persona& one, const v1::Persona& other);

}  // namespace dramatis::persona
