// The page tokens of searches. Pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"
#include "shared/page/page_token.h"

namespace dramatis::conversation {

// Of the page after this row, bound to the search that `scope` names.
std::string EncodeFoundToken(const PageScope& scope,
                             const Found& found,
                             const std::string& conversation_id);
// INVALID_CURSOR for a token that is forged, stale or of another search.
absl::StatusOr<FoundPosition> DecodeFoundToken(const PageScope& scope, const std::string& token);

}  // namespace dramatis::conversation
