#include "services/memory/journal/journal.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "google/protobuf/util/time_util.h"
#include "services/memory/journal/journal_stats.h"
#include "services/memory/journal/journal_text.h"
#include "services/memory/model/versions.h"
#include "services/memory/profile/profiles.h"
#include "shared/call/if_match.h"
#include "shared/page/page_token.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"
#include "shared/text/words.h"

namespace dramatis::memory {
namespace {

using ::google::protobuf::util::TimeUtil;

constexpr char kBlankTemplate[] = "blank";
constexpr int kMostMoods = 1000;
constexpr int kMostTags = 10;
// A page of the longest entries would exceed what a message may hold.
constexpr size_t kMostPageBytes = size_t{4} * 1024 * 1024;

// Of the lists: what the field rules cannot say. Tags are compared as they are kept.
std::vector<FieldViolation> CheckLists(const v1::JournalEntry& entry) {
  std::vector<FieldViolation> violations;
  std::set<std::string> tags;
  for (int i = 0; i < entry.tags_size(); ++i) {
    if (tags.insert(std::string(TrimSpace(entry.tags(i)))).second) continue;
    violations.push_back({absl::StrCat("entry.tags[", i, "]"), "is in the list twice"});
  }
  std::set<std::string> goals;
  for (int i = 0; i < entry.goal_progress_size(); ++i) {
    if (goals.insert(entry.goal_progress(i).goal_id()).second) continue;
    violations.push_back(
        {absl::StrCat("entry.goal_progress[", i, "].goal_id"), "is in the list twice"});
  }
  return violations;
}

constexpr size_t kMostPlainContent = 50000;

// Whether the client sent base64, with either alphabet: what decodes, and has no white space.
bool IsBase64(const std::string& text) {
  constexpr std::string_view kOther = "+/-_=";
  const auto belongs = [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kOther.find(c) != std::string_view::npos;
  };
  std::string ignored;
  return std::all_of(text.begin(), text.end(), belongs) &&
         (absl::Base64Unescape(text, &ignored) || absl::WebSafeBase64Unescape(text, &ignored));
}

// Of an entry as it would be kept: what being encrypted, or not, asks of it. `is_shared`: the
// request says that personas are to be told of it.
std::vector<FieldViolation> CheckContent(const v1::JournalEntry& entry, bool is_shared) {
  if (!entry.has_encryption()) {
    if (CodePoints(entry.content()) <= kMostPlainContent) return {};
    return {{"entry.content", absl::StrCat("must have at most ", kMostPlainContent,
                                           " characters where it is not encrypted")}};
  }
  std::vector<FieldViolation> violations;
  if (entry.encryption().algorithm().empty()) {
    violations.push_back({"entry.encryption.algorithm", "is required"});
  }
  if (!IsBase64(entry.content())) {
    violations.push_back({"entry.content", "must be base64 where the client has encrypted it"});
  }
  if (!IsBase64(entry.encryption().nonce())) {
    violations.push_back({"entry.encryption.nonce", "must be base64"});
  }
  if (is_shared) {
    violations.push_back(
        {"entry.share_with_personas", "must be false: no persona can read what is encrypted"});
  }
  return violations;
}

// Whether an update changes the field or a part of it.
bool Changes(const v1::UpdateJournalEntryRequest& request, const std::string& field, bool is_set) {
  const auto& paths = request.update_mask().paths();
  if (paths.empty()) return is_set;
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return path == field || absl::StartsWith(path, field + ".");
  });
}

// A content and what decrypts it go together: neither is left with the other's old one.
std::vector<FieldViolation> CheckTogether(const v1::UpdateJournalEntryRequest& request,
                                          bool was_encrypted) {
  const bool content = Changes(request, "content", !request.entry().content().empty());
  const bool encryption = Changes(request, "encryption", request.entry().has_encryption());
  if (encryption && !content) {
    return {{"entry.content", "must be given with `encryption`"}};
  }
  if (content && !encryption && was_encrypted) {
    return {
        {"entry.encryption",
         "must be given with the content of an encrypted entry, null where the new one is not"}};
  }
  return {};
}

// Takes over the fields that are the user's to set.
absl::Status Define(const v1::JournalEntry& entry, JournalRow& row) {
  v1::JournalEntry& definition = row.definition;
  definition.Clear();
  definition.set_title(std::string(TrimSpace(entry.title())));
  definition.set_content(entry.content());
  definition.set_template_(entry.template_().empty() ? kBlankTemplate : entry.template_());
  definition.set_mood(std::string(TrimSpace(entry.mood())));
  for (const std::string& tag : entry.tags())
    definition.add_tags(std::string(TrimSpace(tag)));
  *definition.mutable_linked_goal_ids() = entry.linked_goal_ids();
  *definition.mutable_goal_progress() = entry.goal_progress();
  definition.set_share_with_personas(entry.share_with_personas() && !entry.has_encryption());
  row.word_count = 0;
  if (entry.has_encryption()) {
    *definition.mutable_encryption() = entry.encryption();
    if (entry.has_word_count()) definition.set_word_count(entry.word_count());
    row.word_count = entry.word_count();
    return absl::OkStatus();
  }
  DRAMATIS_ASSIGN_OR_RETURN(row.word_count, CountWords(definition.content()));
  return absl::OkStatus();
}

// The start of a day in the zone, or a point in time; nullopt where the text is neither.
std::optional<absl::Time> ReadTime(const std::string& text, const absl::TimeZone& zone) {
  constexpr size_t kDateLength = sizeof("2026-01-31") - 1;
  absl::CivilDay day;
  if (text.size() == kDateLength && absl::ParseCivilTime(text, &day) &&
      absl::FormatCivilTime(day) == text) {
    return absl::FromCivil(day, zone);
  }
  google::protobuf::Timestamp timestamp;
  if (!TimeUtil::FromString(text, &timestamp)) return std::nullopt;
  return absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(timestamp));
}

// What a page token is good for: this user's list with these filters.
PageScope ListScope(const CallContext& call, const v1::ListJournalEntriesRequest& request) {
  return {call,
          absl::StrJoin({std::string("journal"), call.identity.user_id, request.goal_id(),
                         request.tag(), request.mood(), request.from(), request.to(), request.q()},
                        "\n")};
}

absl::StatusOr<JournalQuery::Position> ReadPageToken(const PageScope& scope,
                                                     const std::string& token) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(scope, token, 2));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(keys[0], &micros)) return CursorError("page_token");
  return JournalQuery::Position{absl::FromUnixMicros(micros), std::move(keys[1])};
}

// At least one entry, and as many more as the answer holds.
v1::ListJournalEntriesResponse PresentPage(const PageScope& scope, const JournalPage& page) {
  v1::ListJournalEntriesResponse response;
  size_t bytes = 0;
  const JournalRow* last = nullptr;
  for (const JournalRow& row : page.entries) {
    v1::JournalEntry entry = Present(row);
    bytes += entry.ByteSizeLong();
    if (last != nullptr && bytes > kMostPageBytes) break;
    *response.add_entries() = std::move(entry);
    last = &row;
  }
  const bool is_cut = static_cast<size_t>(response.entries_size()) < page.entries.size();
  if (last != nullptr && (page.more || is_cut)) {
    response.set_next_page_token(EncodePageToken(
        scope, {absl::StrCat(absl::ToUnixMicros(last->create_time)), last->entry_id}));
  }
  return response;
}

}  // namespace

absl::StatusOr<JournalRow> RestoredEntry(const v1::JournalEntry& entry) {
  std::vector<FieldViolation> wrong = CheckLists(entry);
  for (FieldViolation& violation : CheckContent(entry, /*is_shared=*/false))
    wrong.push_back(std::move(violation));
  if (!wrong.empty()) return FieldErrors(wrong);
  JournalRow row;
  DRAMATIS_RETURN_IF_ERROR(Define(entry, row));
  return row;
}

v1::JournalEntry Present(const JournalRow& row) {
  v1::JournalEntry entry = row.definition;
  entry.set_entry_id(row.entry_id);
  if (!entry.has_encryption()) entry.set_word_count(row.word_count);
  entry.set_etag(Etag(row.version));
  *entry.mutable_create_time() =
      TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.create_time));
  *entry.mutable_update_time() =
      TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(row.update_time));
  return entry;
}

absl::StatusOr<v1::JournalEntry> Journal::Create(const CallContext& call,
                                                 const v1::CreateJournalEntryRequest& request) {
  std::vector<FieldViolation> violations = CheckLists(request.entry());
  const auto of_content = CheckContent(request.entry(), request.entry().share_with_personas());
  violations.insert(violations.end(), of_content.begin(), of_content.end());
  if (!violations.empty()) return FieldErrors(violations);
  JournalRow row;
  row.user_id = call.identity.user_id;
  row.entry_id = ids_.NewId();
  DRAMATIS_RETURN_IF_ERROR(Define(request.entry(), row));
  row.create_time = clock_.Now();
  row.update_time = row.create_time;
  return store_.CreateEntry(call, request, row, Present(row));
}

absl::StatusOr<v1::ListJournalEntriesResponse> Journal::List(
    const CallContext& call, const v1::ListJournalEntriesRequest& request) {
  const PageScope scope = ListScope(call, request);
  JournalQuery query;
  query.user_id = call.identity.user_id;
  query.goal_id = request.goal_id();
  query.tag = std::string(TrimSpace(request.tag()));
  query.mood = std::string(TrimSpace(request.mood()));
  query.limit = PageSize(request);
  DRAMATIS_RETURN_IF_ERROR(ReadPeriod(request, query));
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(query.after, ReadPageToken(scope, request.page_token()));
  }
  if (!TrimSpace(request.q()).empty()) {
    query.words = QueryWords(request.q());
    // Nothing but stop words and signs: no entry is indexed under any of them.
    if (query.words.empty()) return v1::ListJournalEntriesResponse();
  }
  DRAMATIS_ASSIGN_OR_RETURN(const JournalPage page, store_.ListEntries(query));
  return PresentPage(scope, page);
}

absl::StatusOr<v1::JournalEntry> Journal::Get(const CallContext& call,
                                              const v1::GetJournalEntryRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const JournalRow row,
                            store_.FindEntry(call.identity.user_id, request.entry_id()));
  return Present(row);
}

absl::StatusOr<v1::JournalEntry> Journal::Update(const CallContext& call,
                                                 const v1::UpdateJournalEntryRequest& request) {
  if (const auto violations = CheckLists(request.entry()); !violations.empty()) {
    return FieldErrors(violations);
  }
  return WithRetries([&] { return TryUpdate(call, request); });
}

absl::StatusOr<v1::JournalEntry> Journal::TryUpdate(const CallContext& call,
                                                    const v1::UpdateJournalEntryRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(JournalRow row,
                            store_.FindEntry(call.identity.user_id, request.entry_id()));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row.version)));
  v1::JournalEntry entry = row.definition;
  std::vector<FieldViolation> violations = CheckTogether(request, entry.has_encryption());
  const auto& paths = request.update_mask().paths();
  MergeFields(request.entry(), {paths.begin(), paths.end()}, entry);
  if (Changes(request, "encryption", request.entry().has_encryption()) &&
      request.entry().has_encryption()) {
    // Whole: nothing of it is good for another content.
    *entry.mutable_encryption() = request.entry().encryption();
  }
  if (Changes(request, "content", !request.entry().content().empty()) &&
      !Changes(request, "word_count", request.entry().has_word_count())) {
    entry.clear_word_count();
  }
  if (violations.empty()) {
    violations = CheckContent(entry, request.entry().share_with_personas());
  }
  if (!violations.empty()) return FieldErrors(violations);
  DRAMATIS_RETURN_IF_ERROR(Define(entry, row));
  row.update_time = clock_.Now();
  DRAMATIS_RETURN_IF_ERROR(store_.UpdateEntry(row));
  ++row.version;
  return Present(row);
}

absl::Status Journal::Delete(const CallContext& call,
                             const v1::DeleteJournalEntryRequest& request) {
  return WithRetries([&] { return TryDelete(call, request.entry_id()); });
}

absl::Status Journal::TryDelete(const CallContext& call, const std::string& entry_id) {
  const std::string& user_id = call.identity.user_id;
  if (call.if_match.empty()) return store_.DeleteEntry(user_id, entry_id, std::nullopt);
  DRAMATIS_ASSIGN_OR_RETURN(const JournalRow row, store_.FindEntry(user_id, entry_id));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row.version)));
  return store_.DeleteEntry(user_id, entry_id, row.version);
}

absl::StatusOr<v1::JournalStats> Journal::Stats(const CallContext& call,
                                                const v1::GetJournalStatsRequest&) {
  const std::string& user_id = call.identity.user_id;
  DRAMATIS_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(user_id));
  DRAMATIS_ASSIGN_OR_RETURN(const JournalTally tally, store_.Tally(user_id, kMostMoods, kMostTags));
  return ComputeStats(tally, zone, clock_.Now());
}

absl::StatusOr<absl::TimeZone> Journal::ZoneOf(const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<ProfileRow> profile,
                            profiles_.FindProfile(user_id));
  return TimeZoneOf(profile);
}

absl::Status Journal::ReadPeriod(const v1::ListJournalEntriesRequest& request,
                                 JournalQuery& query) {
  if (request.from().empty() && request.to().empty()) return absl::OkStatus();
  DRAMATIS_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(query.user_id));
  std::vector<FieldViolation> violations;
  const auto read = [&](const char* field, const std::string& text, absl::Time& time) {
    if (text.empty()) return;
    if (const std::optional<absl::Time> given = ReadTime(text, zone)) {
      time = *given;
    } else {
      violations.push_back({field, "must be a date, as 2026-01-31, or a time as RFC 3339 has it"});
    }
  };
  read("from", request.from(), query.from);
  read("to", request.to(), query.to);
  if (violations.empty() && query.to < query.from) {
    violations.push_back({"to", "must not be before `from`"});
  }
  return violations.empty() ? absl::OkStatus() : FieldErrors(violations);
}

}  // namespace dramatis::memory
