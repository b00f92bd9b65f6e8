#include "shared/call/call_metadata.h"

#include <algorithm>

#include "shared/call/process_identity.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr size_t kMaxIdempotencyKeyBytes = 128;

bool IsIdempotencyKey(const std::string& key) {
  return !key.empty() && key.size() <= kMaxIdempotencyKeyBytes && IsPrintableAscii(key);
}

// Lower-case hexadecimal of this many digits, not all of them 0.
bool IsHex(std::string_view text, size_t size, bool zero_allowed) {
  if (text.size() != size) return false;
  bool zero = true;
  bool sound = true;
  // No branch in the loop: every call that comes in is read so.
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(c) - '0';
    const auto letter = static_cast<unsigned>(c) - 'a';
    sound &= (digit < 10) | (letter < 6);
    zero &= digit == 0;
  }
  return sound && (zero_allowed || !zero);
}

}  // namespace

std::string TraceparentOf(std::string_view id) {
  const std::string_view high = id.substr(19, 4);
  const std::string_view low = id.substr(24, 12);
  // The second half of an id is random, and never 0: it holds the variant.
  std::string text;
  text.reserve(55);
  for (const std::string_view part :
       {std::string_view("00-"), id.substr(0, 8), id.substr(9, 4), id.substr(14, 4), high, low,
        std::string_view("-"), high, low, std::string_view("-00")}) {
    text += part;
  }
  return text;
}

std::string NewTraceparent(IdSource& ids) {
  return TraceparentOf(ids.NewId());
}

std::string TraceId(const std::string& traceparent) {
  return traceparent.empty() ? "" : traceparent.substr(3, 32);
}

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

bool IsTraceparent(std::string_view text) {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  if (!IsHex(version, 2, true) || version == "ff") return false;
  // Later versions may append fields.
  if (text.size() > 55 && (version == "00" || text[55] != '-')) return false;
  return IsHex(text.substr(3, 32), 32, false) && IsHex(text.substr(36, 16), 16, false) &&
         IsHex(text.substr(53, 2), 2, true) && (text.size() == 55 || IsPrintableAscii(text));
}

void CallMetadata::Add(std::string_view name, std::string_view value) {
  if (name == "authorization") {
    authorizations_.emplace_back(value);
  } else if (name == "x-correlation-id") {
    correlation_id_ = value;
  } else if (name == kIdentityEntry) {
    identity_tokens_.emplace_back(value);
  } else if (name == kMarkEntry) {
    from_this_process_ = IsProcessMark(value);
  } else if (name == "traceparent") {
    traceparent_ = value;
  } else if (name == "idempotency-key") {
    idempotency_key_ = value;
    has_idempotency_key_ = true;
  } else if (name == "if-match") {
    // Several are one list (RFC 9110, section 5.3).
    if (!if_match_.empty()) if_match_ += ", ";
    if_match_ += value;
  }
}

std::optional<Identity> CallMetadata::process_identity() const {
  if (caller_.has_value()) return caller_;
  if (!from_this_process_ || identity_tokens_.size() != 1) return std::nullopt;
  return ParseProcessIdentity(identity_tokens_.front());
}

absl::Status CallMetadata::Read(IdSource& ids, CallContext& call) const {
  const bool correlated = IsCorrelationId(correlation_id_);
  call.correlation_id = correlated ? correlation_id_ : ids.NewId();
  if (IsTraceparent(traceparent_)) {
    call.traceparent = traceparent_;
  } else {
    call.traceparent = correlated ? NewTraceparent(ids) : TraceparentOf(call.correlation_id);
  }
  call.idempotency_key = idempotency_key_;
  call.if_match = if_match_;
  if (has_idempotency_key_ && !IsIdempotencyKey(idempotency_key_)) {
    return FieldErrors({{"Idempotency-Key", "must be 1 to 128 printable ASCII characters"}});
  }
  return absl::OkStatus();
}

}  // namespace dramatis
