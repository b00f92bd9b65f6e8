#include "services/memory/profile/profiles.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "services/memory/model/versions.h"
#include "shared/call/if_match.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"
#include "shared/time/timestamps.h"

namespace dramatis::memory {
namespace {

constexpr char kUtc[] = "UTC";
constexpr char kDefaultLocale[] = "en";

// Whether `name` has the form of a zone's name. Names become paths below the zone folder: nothing
// that could lead out of it, no copies under other names, no files that are not zones.
bool LooksLikeTimeZone(const std::string& name) {
  constexpr std::string_view kOthers = "+-_/";
  const bool is_plain = std::all_of(name.begin(), name.end(), [&](char c) {
    return absl::ascii_isalnum(c) || kOthers.find(c) != std::string_view::npos;
  });
  if (!is_plain || name.empty()) return false;
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  return std::find(parts.begin(), parts.end(), "") == parts.end() && parts[0] != "posix" &&
         parts[0] != "right" && name != "localtime" && name != "posixrules" && name != "Factory";
}

std::vector<FieldViolation> CheckProfile(const v1::Profile& profile) {
  std::vector<FieldViolation> violations;
  if (!profile.timezone().empty() && !IsTimeZone(profile.timezone())) {
    violations.push_back(
        {"profile.timezone", "must be a time zone of the IANA database, as Europe/Stockholm"});
  }
  return violations;
}

}  // namespace

bool IsTimeZone(const std::string& name) {
  if (name == kUtc) return true;
  if (!LooksLikeTimeZone(name)) return false;
  // Looked for first, because absl keeps every name it was asked for.
  const char* configured = std::getenv("TZDIR");  // NOLINT(concurrency-mt-unsafe)
  const std::string folder = configured != nullptr ? configured : "/usr/share/zoneinfo";
  std::error_code error;
  if (!std::filesystem::is_regular_file(absl::StrCat(folder, "/", name), error)) return false;
  absl::TimeZone zone;
  return absl::LoadTimeZone(name, &zone);
}

absl::TimeZone TimeZoneOf(const std::optional<ProfileRow>& profile) {
  absl::TimeZone zone;
  const bool is_known = profile.has_value() && !profile->definition.timezone().empty() &&
                        absl::LoadTimeZone(profile->definition.timezone(), &zone);
  return is_known ? zone : absl::UTCTimeZone();
}

v1::Profile Present(const ProfileRow& row) {
  v1::Profile profile = row.definition;
  profile.set_user_id(row.user_id);
  if (profile.timezone().empty()) profile.set_timezone(kUtc);
  if (profile.locale().empty()) profile.set_locale(kDefaultLocale);
  if (profile.units() == v1::UNITS_UNSPECIFIED) profile.set_units(v1::UNITS_METRIC);
  profile.set_etag(Etag(row.version));
  if (row.version > 0) {
    *profile.mutable_create_time() = ToTimestamp(row.create_time);
    *profile.mutable_update_time() = ToTimestamp(row.update_time);
  }
  return profile;
}

absl::StatusOr<v1::Profile> Profiles::Get(const CallContext& call, const v1::GetProfileRequest&) {
  DRAMATIS_ASSIGN_OR_RETURN(const ProfileRow row, Find(call.identity.user_id));
  return Present(row);
}

absl::StatusOr<v1::Profile> Profiles::Update(const CallContext& call,
                                             const v1::UpdateProfileRequest& request) {
  if (const auto violations = CheckProfile(request.profile()); !violations.empty()) {
    return FieldErrors(violations);
  }
  return WithRetries([&] { return TryUpdate(call, request); });
}

absl::StatusOr<ProfileRow> Profiles::Find(const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<ProfileRow> row, store_.FindProfile(user_id));
  if (row.has_value()) return *std::move(row);
  ProfileRow unwritten;
  unwritten.user_id = user_id;
  return unwritten;
}

absl::StatusOr<v1::Profile> Profiles::TryUpdate(const CallContext& call,
                                                const v1::UpdateProfileRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(ProfileRow row, Find(call.identity.user_id));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row.version)));
  const auto& paths = request.update_mask().paths();
  MergeFields(request.profile(), {paths.begin(), paths.end()}, row.definition);
  row.definition.set_display_name(std::string(TrimSpace(row.definition.display_name())));
  row.definition.set_bio(std::string(TrimSpace(row.definition.bio())));
  row.update_time = clock_.Now();
  if (row.version == 0) row.create_time = row.update_time;
  DRAMATIS_RETURN_IF_ERROR(store_.WriteProfile(row));
  ++row.version;
  return Present(row);
}

}  // namespace dramatis::memory
