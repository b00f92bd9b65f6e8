// The use cases of avatars. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dramatis/persona/v1/avatars.pb.h"
#include "google/api/httpbody.pb.h"

#include "absl/status/statusor.h"
#include "services/persona/model/avatar_store.h"
#include "services/persona/model/store.h"
#include "services/persona/pictures/pictures.h"
#include "shared/call/call.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class Avatars {
 public:
  // References outlive the object.
  Avatars(Store& store, AvatarStore& avatars, const Pictures& pictures, const Clock& clock)
      : store_(store), avatars_(avatars), pictures_(pictures), clock_(clock) {}

  absl::StatusOr<google::api::HttpBody> Get(const CallContext& call,
                                            const v1::GetAvatarRequest& request);
  absl::StatusOr<v1::Avatar> Update(const CallContext& call,
                                    const v1::UpdateAvatarRequest& request);

 private:
  Store& store_;
  AvatarStore& avatars_;
  const Pictures& pictures_;
  const Clock& clock_;
};

// The bytes as an avatar; nullopt where they are no picture that may be one.
std::optional<AvatarRow> AsAvatar(std::string_view bytes);

}  // namespace dramatis::persona
