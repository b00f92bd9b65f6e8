// Checks a request against the field rules of its descriptor (dramatis.options.v1.rule), before a
// handler runs. Also: text fields must be valid UTF-8 without U+0000, enumerators must be known, a
// required text must show something: white space and invisible characters alone are none.
//
//   absl::Status status = CheckFieldRules(request);
//   // INVALID_ARGUMENT, BadRequest{field: "persona.personality.openness", ...}
//
// In an update, where the request has an `update_mask`, `required` applies only to the fields it
// names, an unknown path is an error, and so is naming an immutable field. Fields marked
// `output_only` are not checked. Field paths use the proto's own names; the gateway respells them.
// Thread-safe; rules are compiled once per message type.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace dramatis {

// OK, or FieldErrors with everything found.
absl::Status CheckFieldRules(const google::protobuf::Message& request);

// Copies the fields that `mask` names from `from` to `to` (same type), clearing those unset in
// `from`. An empty mask copies every field that is set. Paths may go into sub-messages
// (`personality.openness`). Fields marked output_only are left alone.
void MergeFields(const google::protobuf::Message& from,
                 const std::vector<std::string>& mask,
                 google::protobuf::Message& to);

}  // namespace dramatis
