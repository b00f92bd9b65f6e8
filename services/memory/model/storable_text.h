// What a text needs beyond the field rules so that both databases can keep it.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace dramatis::memory {

// OK, or FieldErrors naming every string of `request`, keys and values of maps included, that holds
// U+0000: PostgreSQL's text cannot. Field paths are those of the request, as in
// `profile.display_name`. Pure.
absl::Status CheckStorable(const google::protobuf::Message& request);

}  // namespace dramatis::memory
