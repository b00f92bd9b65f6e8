// Personas as a turn needs them: the text for the prompt, and holds that keep a persona from being
// deleted while a conversation is open. Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/persona/model/store.h"
#include "services/persona/sources/config.h"
#include "services/persona/sources/default_persona.h"
#include "services/persona/sources/source_follower.h"
#include "shared/call/call.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class Rendering {
 public:
  // References outlive the object.
  Rendering(const Config& config,
            Store& store,
            SourceFollower& follower,
            DefaultPersona& default_persona,
            const Clock& clock);

  // For the owner: the text that goes into prompts.
  absl::StatusOr<v1::PersonaPrompt> GetPrompt(const CallContext& call,
                                              const v1::GetPersonaPromptRequest& request);
  // For a turn; called once for each, so it reads once and writes only what must be written.
  absl::StatusOr<v1::RenderPersonaResponse> Render(const v1::RenderPersonaRequest& request);
  absl::Status SetMasks(const v1::SetMasksRequest& request);
  absl::Status Release(const v1::ReleasePersonaRequest& request);

 private:
  // Makes or extends the hold that the request asks for, unless the one there lasts long enough.
  absl::Status Hold(const v1::RenderPersonaRequest& request, const PersonaAndHold& found);

  const Config config_;
  Store& store_;
  SourceFollower& follower_;
  DefaultPersona& default_persona_;
  const Clock& clock_;
};

}  // namespace dramatis::persona
