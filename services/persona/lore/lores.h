// The use cases of lore: a persona's book read, and another put in its place. Thread-safe.
#pragma once

#include "dramatis/persona/v1/lore.pb.h"

#include "absl/status/statusor.h"
#include "services/persona/model/store.h"
#include "shared/call/call.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class Lores {
 public:
  // References outlive the object.
  Lores(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  absl::StatusOr<v1::Lore> Get(const CallContext& call, const v1::GetLoreRequest& request);
  absl::StatusOr<v1::Lore> Update(const CallContext& call, const v1::UpdateLoreRequest& request);

 private:
  absl::StatusOr<PersonaRow> FindOwn(const CallContext& call, const std::string& persona_id);
  absl::StatusOr<v1::Lore> TryUpdate(const CallContext& call, const v1::UpdateLoreRequest& request);

  Store& store_;
  const Clock& clock_;
};

}  // namespace dramatis::persona
