#include "shared/call/process_identity.h"

#include <array>
#include <cstdlib>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace dramatis {
namespace {

constexpr char kUser = 'u';
constexpr char kAdmin = 'a';
constexpr char kService = 's';

std::string MakeMark() {
  constexpr size_t kBytes = 32;
  std::array<unsigned char, kBytes> bytes;
  // Without randomness nothing that follows is safe.
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

const std::string& ProcessMark() {
  static const auto& mark = *new std::string(MakeMark());
  return mark;
}

bool IsProcessMark(std::string_view text) {
  const std::string& mark = ProcessMark();
  return text.size() == mark.size() && CRYPTO_memcmp(text.data(), mark.data(), mark.size()) == 0;
}

std::string FormatProcessIdentity(const Identity& identity) {
  const char role = identity.role == AccessRole::kAdmin     ? kAdmin
                    : identity.role == AccessRole::kService ? kService
                                                            : kUser;
  return absl::StrCat(std::string(1, role), absl::WebSafeBase64Escape(identity.user_id));
}

std::optional<Identity> ParseProcessIdentity(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Identity identity;
  switch (text.front()) {
    case kUser:
      break;
    case kAdmin:
      identity.role = AccessRole::kAdmin;
      break;
    case kService:
      identity.role = AccessRole::kService;
      break;
    default:
      return std::nullopt;
  }
  text.remove_prefix(1);
  if (!absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()),
                                   &identity.user_id)) {
    return std::nullopt;
  }
  return identity;
}

}  // namespace dramatis
