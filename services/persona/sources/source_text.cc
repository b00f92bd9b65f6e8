#include "services/persona/sources/source_text.h"

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

constexpr size_t kMostCodePoints = 200'000;
constexpr std::string_view kBucketScheme = "s3://";

}  // namespace

absl::Status SourceUnavailable(const std::string& why) {
  return Error(absl::StatusCode::kInternal, v1::ERROR_REASON_PERSONA_SOURCE_UNAVAILABLE,
               absl::StrCat(kSourceUnavailable, why));
}

absl::Status CheckSourceText(const std::string& text) {
  if (!IsValidUtf8(text)) return SourceUnavailable("it is not UTF-8");
  if (TrimSpace(text).empty()) return SourceUnavailable("it is empty");
  if (CodePoints(text) > kMostCodePoints) {
    return SourceUnavailable("it has over 200,000 characters");
  }
  return absl::OkStatus();
}

ObjectUri SplitObjectUri(const std::string& uri) {
  if (!uri.starts_with(kBucketScheme)) return {};
  const std::string rest = uri.substr(kBucketScheme.size());
  const size_t slash = rest.find('/');
  if (slash == std::string::npos) return {};
  return {rest.substr(0, slash), rest.substr(slash + 1)};
}

}  // namespace dramatis::persona
