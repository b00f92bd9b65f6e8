#include "services/memory/versions.h"

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

std::string Etag(int version) {
  return absl::StrCat(version);
}

absl::Status CheckIfMatch(const CallContext& call, int version) {
  if (call.if_match.empty() || call.if_match == "*" || call.if_match == Etag(version)) {
    return absl::OkStatus();
  }
  return EtagMismatchError();
}

}  // namespace dramatis::memory
