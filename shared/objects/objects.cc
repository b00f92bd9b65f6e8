#include "shared/objects/objects.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/digest/sha256.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::objects {
namespace {

constexpr size_t kLongestKey = 900;
constexpr size_t kLongestPart = 200;
constexpr size_t kLongestPlain = 150;
constexpr int kListedAtOnce = 500;

bool IsPart(std::string_view part) {
  if (part.empty() || part.size() > kLongestPart || part.front() == '.') return false;
  return std::none_of(part.begin(), part.end(),
                      [](unsigned char c) { return absl::ascii_iscntrl(c) || c == '\\'; });
}

}  // namespace

bool IsKey(std::string_view key) {
  if (key.size() > kLongestKey || !IsValidUtf8(key)) return false;
  for (const auto& part : absl::StrSplit(absl::string_view(key.data(), key.size()), '/')) {
    if (!IsPart({part.data(), part.size()})) return false;
  }
  return true;
}

bool IsPrefix(std::string_view prefix) {
  if (prefix.empty()) return true;
  return prefix.ends_with('/') && IsKey(prefix.substr(0, prefix.size() - 1));
}

std::string KeyPart(std::string_view text) {
  const bool plain = !text.empty() && text.size() <= kLongestPlain &&
                     std::all_of(text.begin(), text.end(), [](unsigned char c) {
                       return absl::ascii_isalnum(c) || c == '-' || c == '_';
                     });
  // A plain text has no `=`.
  return plain ? std::string(text) : absl::StrCat("sha256=", Sha256Hex(text));
}

absl::Status PutWhole(Objects& objects, const std::string& key, std::string_view body) {
  bool given = false;
  return objects.Put(key, [&]() -> absl::StatusOr<std::string> {
    if (given) return std::string();
    given = true;
    return std::string(body);
  });
}

absl::StatusOr<std::string> GetWhole(Objects& objects, const std::string& key, size_t most_bytes) {
  std::string body;
  DRAMATIS_RETURN_IF_ERROR(objects
                               .Get(key,
                                    [&](std::string_view piece) -> absl::Status {
                                      if (body.size() + piece.size() > most_bytes) {
                                        return absl::ResourceExhaustedError(absl::StrCat(
                                            key, " has more than ", most_bytes, " bytes"));
                                      }
                                      body += piece;
                                      return absl::OkStatus();
                                    })
                               .status());
  return body;
}

absl::Status ForEachObject(Objects& objects,
                           const std::string& prefix,
                           const std::function<bool()>& ending,
                           const std::function<absl::Status(const ObjectInfo&)>& take) {
  std::string after;
  while (!ending()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> found,
                              objects.List(prefix, after, kListedAtOnce));
    for (const ObjectInfo& object : found)
      DRAMATIS_RETURN_IF_ERROR(take(object));
    if (static_cast<int>(found.size()) < kListedAtOnce) break;
    after = found.back().key;
  }
  return absl::OkStatus();
}

}  // namespace dramatis::objects
