#include "services/memory/model/versions.h"

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

std::string Etag(int version) {
  return absl::StrCat(version);
}

absl::Status ChangedMeanwhile() {
  return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT,
               "changed by another request meanwhile");
}

}  // namespace dramatis::memory
