// The page tokens of searches. Pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// Of the page after this row, bound to the search that `scope` names.
std::string EncodeFoundToken(const std::string& scope,
                             const Found& found,
                             const std::string& conversation_id);
// INVALID_ARGUMENT for what is none.
absl::StatusOr<FoundPosition> DecodeFoundToken(const std::string& scope, const std::string& token);

}  // namespace dramatis::conversation
