// The use cases of personas: who may see and change which, names, versions, sources.
//
//   absl::StatusOr<v1::Persona> persona = personas.Get(call, request);
//
// Requests have passed their field rules. Somebody else's private persona is NOT_FOUND everywhere.
// Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/persona/model/store.h"
#include "services/persona/sources/config.h"
#include "services/persona/sources/default_persona.h"
#include "services/persona/sources/source_follower.h"
#include "services/persona/sources/sources.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class Personas {
 public:
  // References outlive the object.
  struct Parts {
    Store& store;
    PersonaSource& source;
    SourceFollower& follower;
    DefaultPersona& default_persona;
    const Clock& clock;
    IdSource& ids;
    Logger& logger;
  };
  Personas(const Config& config, const Parts& parts);

  absl::StatusOr<v1::ListPersonasResponse> List(const CallContext& call,
                                                const v1::ListPersonasRequest& request);
  absl::StatusOr<v1::Persona> Create(const CallContext& call,
                                     const v1::CreatePersonaRequest& request);
  absl::StatusOr<v1::Persona> Get(const CallContext& call, const v1::GetPersonaRequest& request);
  absl::StatusOr<v1::Persona> Update(const CallContext& call,
                                     const v1::UpdatePersonaRequest& request);
  absl::Status Delete(const CallContext& call, const v1::DeletePersonaRequest& request);
  absl::StatusOr<v1::ComparePersonasResponse> Compare(const CallContext& call,
                                                      const v1::ComparePersonasRequest& request);

 private:
  // The persona as stored, if the caller may see it.
  absl::StatusOr<PersonaRow> FindVisible(const CallContext& call, const std::string& persona_id);
  // The same, if the caller may also change it and its If-Match, if any, is met.
  absl::StatusOr<PersonaRow> FindForChange(const CallContext& call, const std::string& persona_id);
  absl::Status CheckType(const CallContext& call, v1::PersonaType type) const;
  // Checks that the caller may name the definition's source and fills in its text.
  absl::Status LoadSource(const CallContext& call, v1::Persona& definition);
  // `definition` with the request's changes.
  absl::StatusOr<v1::Persona> Changed(const CallContext& call,
                                      const v1::UpdatePersonaRequest& request,
                                      const v1::Persona& definition);
  // One compare-and-set. ABORTED if somebody else's came first.
  absl::StatusOr<PersonaRow> TryUpdate(const CallContext& call,
                                       const v1::UpdatePersonaRequest& request);

  const Config config_;
  Store& store_;
  PersonaSource& source_;
  SourceFollower& follower_;
  DefaultPersona& default_persona_;
  const Clock& clock_;
  IdSource& ids_;
  Logger& logger_;
};

}  // namespace dramatis::persona
