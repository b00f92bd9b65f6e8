#include "shared/call/process_identity.h"

#include <array>
#include <cstdlib>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "shared/call/identity_claims.h"

namespace dramatis {
namespace {

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
  boost::json::object claims;
  AppendIdentityClaims(identity, claims);
  return absl::WebSafeBase64Escape(boost::json::serialize(claims));
}

std::optional<Identity> ParseProcessIdentity(std::string_view text) {
  std::string claims;
  if (text.empty() ||
      !absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()), &claims)) {
    return std::nullopt;
  }
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(claims, error);
  if (error || !value.is_object()) return std::nullopt;
  return ReadIdentityClaims(value.get_object());
}

}  // namespace dramatis
