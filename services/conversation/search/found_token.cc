#include "services/conversation/search/found_token.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

std::string EncodeFoundToken(const PageScope& scope,
                             const Found& found,
                             const std::string& conversation_id) {
  return EncodePageToken(scope, {absl::StrCat(found.score),
                                 absl::StrCat(absl::ToUnixMicros(found.latest)), conversation_id});
}

absl::StatusOr<FoundPosition> DecodeFoundToken(const PageScope& scope, const std::string& token) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> keys, DecodePageToken(scope, token, 3));
  FoundPosition position;
  int64_t micros = 0;
  if (!absl::SimpleAtoi(keys[0], &position.score) || !absl::SimpleAtoi(keys[1], &micros)) {
    return CursorError("page_token");
  }
  position.latest = absl::FromUnixMicros(micros);
  position.conversation_id = keys[2];
  return position;
}

}  // namespace dramatis::conversation
