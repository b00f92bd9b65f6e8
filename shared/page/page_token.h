// Page tokens for keyset paging: the sort key of the last row shown, signed for the list it belongs
// to, so that a token of another list, filter or user, or one that somebody made up, is refused.
//
//   const PageScope scope(call, absl::StrJoin({"personas", user_id, filter}, "\n"));
//   response.set_next_page_token(EncodePageToken(scope, {absl::StrCat(row.micros), row.id}));
//
// Pure functions. Format: base64url of a signature and length-prefixed keys. The signature is the
// first 128 bits of HMAC-SHA256 over the scope and the keys, under the service's own secret
// (PageKey). A token grants nothing that the list's own access checks do not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/call/call.h"
#include "shared/page/page_key.h"

namespace dramatis {

// What tokens of a list are good for: its name, owner and filters, joined by the caller. Not in the
// token, only checked.
class PageScope {
 public:
  // For the service that works on the call. Its key has to outlive the scope.
  PageScope(const CallContext& call, const std::string& list);

  // 32 bytes.
  std::string Sign(std::string_view encoded_keys) const;

 private:
  const PageKey& key_;
  std::string prefix_;  // of what is signed
};

// Encodes the text keys of the last row.
std::string EncodePageToken(const PageScope& scope, const std::vector<std::string>& keys);

// The keys, `count` of them. INVALID_CURSOR naming `page_token` if forged, stale or of another
// scope.
absl::StatusOr<std::vector<std::string>> DecodePageToken(const PageScope& scope,
                                                         const std::string& token,
                                                         size_t count);

// The page size of a request: the field's value or 20. Limits are checked by the field's rule.
template <class Request>
int PageSize(const Request& request) {
  constexpr int kDefaultPageSize = 20;
  return request.has_page_size() ? request.page_size() : kDefaultPageSize;
}

}  // namespace dramatis
