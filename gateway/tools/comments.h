// The comments of the protos, which compiled-in descriptors do not carry.
//
//   absl::StatusOr<Comments> comments = Comments::Read("build/release/protos/dramatis.binpb");
//   comments->Of("dramatis.persona.v1.Persona.name")   "Its name, unique among the owner's..."
//
// Immutable, thread-safe.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace dramatis::gateway {

class Comments {
 public:
  // From a FileDescriptorSet made with --include_source_info. UNAVAILABLE if the file cannot be
  // read, INVALID_ARGUMENT if it is something else.
  static absl::StatusOr<Comments> Read(const std::string& path);

  // The comment before the element of this full name, as one paragraph; empty if it has none.
  std::string Of(const std::string& full_name) const;

 private:
  std::map<std::string, std::string> comments_;
};

}  // namespace dramatis::gateway
