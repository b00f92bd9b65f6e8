#include "services/memory/model/versions.h"

#include "absl/strings/str_cat.h"

namespace dramatis::memory {

std::string Etag(int version) {
  return absl::StrCat(version);
}

}  // namespace dramatis::memory
