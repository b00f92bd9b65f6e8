// Page tokens for keyset paging: the sort key of the last row shown, made opaque and bound to the
// list it belongs to, so that a token of another list, filter or user is refused.
//
//   const std::string scope = absl::StrJoin({"personas", user_id, filter}, "\n");
//   response.set_next_page_token(EncodePageToken(scope, {absl::StrCat(row.micros), row.id}));
//
// Pure functions. Format: base64url of length-prefixed keys and a 128-bit checksum over scope and
// keys. The checksum catches accidents and guesses; a token grants nothing that the list's own
// access checks do not.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dramatis {

// Encodes the text keys of the last row under the list's `scope` (its name, owner and filters
// joined by the caller; not stored, only checked).
std::string EncodePageToken(const std::string& scope, const std::vector<std::string>& keys);

// The keys, `count` of them. INVALID_CURSOR naming `page_token` if forged, stale or of another
// scope.
absl::StatusOr<std::vector<std::string>> DecodePageToken(const std::string& scope,
                                                         const std::string& token,
                                                         size_t count);

// The page size of a request: the field's value or 20. Limits are checked by the field's rule.
template <class Request>
int PageSize(const Request& request) {
  constexpr int kDefaultPageSize = 20;
  return request.has_page_size() ? request.page_size() : kDefaultPageSize;
}

}  // namespace dramatis
