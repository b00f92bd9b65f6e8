// The use cases of profiles: what a user tells every persona about themselves.
//
// A profile exists for everybody: before it is first written it has its defaults, and an etag by
// which the first write can be made conditional like any other. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "dramatis/memory/v1/memory.pb.h"

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/memory/model/store.h"
#include "shared/call/call.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

// Whether `name` is a zone of the IANA database: `UTC`, `Europe/Stockholm`. Reads the system's
// zone files.
bool IsTimeZone(const std::string& name);

// The zone a user lives by: their profile's; UTC where it has none, or one that this system has no
// file of any more.
absl::TimeZone TimeZoneOf(const std::optional<ProfileRow>& profile);

// The profile as its user sees it: defaults filled in.
v1::Profile Present(const ProfileRow& row);

class Profiles {
 public:
  Profiles(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // The caller's profile.
  absl::StatusOr<v1::Profile> Get(const CallContext& call, const v1::GetProfileRequest& request);
  // Changes the fields that the mask names, or those that are set where it is empty. A field
  // emptied has its default again. ETAG_MISMATCH.
  absl::StatusOr<v1::Profile> Update(const CallContext& call,
                                     const v1::UpdateProfileRequest& request);

 private:
  absl::StatusOr<ProfileRow> Find(const std::string& user_id);
  absl::StatusOr<v1::Profile> TryUpdate(const CallContext& call,
                                        const v1::UpdateProfileRequest& request);

  Store& store_;
  const Clock& clock_;
};

}  // namespace dramatis::memory
