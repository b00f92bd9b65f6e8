#include "services/memory/sql/sample.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/deployment/sample_story.h"
#include "services/memory/goals/goals.h"
#include "services/memory/journal/journal.h"
#include "services/memory/keys/keys.h"
#include "services/memory/memories/memories.h"
#include "services/memory/profile/profiles.h"
#include "services/memory/sql/goals.h"
#include "services/memory/sql/journal.h"
#include "services/memory/sql/keys.h"
#include "services/memory/sql/store.h"
#include "shared/sql/joined_database.h"
#include "shared/status/macros.h"

namespace dramatis::memory {
namespace {

using sql::SampleId;
using sql::SampleState;

constexpr int kQuota = 100;
constexpr const char* kAnyPersona = "";

CallContext CallBy(const std::string& user) {
  CallContext call;
  call.identity = {.user_id = user};
  return call;
}

// Writes the story through the use cases, each part of it at its own time.
class Story {
 public:
  Story(sql::Transaction& tx, absl::Time now) : now_(now), database_(tx), clock_(now) {}

  absl::Status WriteProfiles();
  absl::Status WriteMemories();
  absl::Status WriteGoals();
  absl::Status WriteJournals();
  absl::Status WriteKeys();
  const std::map<std::string, int>& written() const { return written_; }

 private:
  void GoTo(int days_ago) { clock_.Set(now_ - absl::Hours(24 * days_ago)); }
  std::string Date(int days_from_now) const {
    return absl::FormatCivilTime(absl::ToCivilDay(now_, absl::UTCTimeZone()) + days_from_now);
  }
  absl::Status Profile(const std::string& user, const std::string& name, const std::string& bio);
  // `persona` is the sample's name for the only one that remembers it.
  absl::Status Memory(const std::string& user,
                      const std::string& persona,
                      const std::string& content);
  // Its id.
  absl::StatusOr<std::string> Goal(const std::string& user, const v1::Goal& goal);
  absl::Status Activity(const std::string& user,
                        const std::string& goal_id,
                        double value,
                        const std::string& note);
  absl::Status Entry(const std::string& user, const v1::JournalEntry& entry);

  const absl::Time now_;
  sql::JoinedDatabase database_;
  sql::SampleClock clock_;
  sql::SampleIds memory_ids_{"memory"};
  sql::SampleIds goal_ids_{"goal"};
  sql::SampleIds entry_ids_{"journal-entry"};
  sql::SampleIds key_ids_{"key"};
  SqlStore store_{database_, clock_};
  SqlGoalStore goal_store_{database_, clock_};
  SqlJournalStore journal_store_{database_, clock_};
  Profiles profiles_{store_, clock_};
  Memories memories_{store_, clock_, memory_ids_, kQuota};
  Goals goals_{goal_store_, store_, clock_, goal_ids_};
  SqlKeyStore key_store_{database_, clock_};
  // Nobody has the secrets, and no deployment takes them.
  Keys keys_{key_store_, clock_, key_ids_, "sample"};
  Journal journal_{journal_store_, store_, clock_, entry_ids_};
  std::string money_goal_;
  std::string logbook_goal_;
  std::map<std::string, int> written_;
};

absl::Status Story::Profile(const std::string& user,
                            const std::string& name,
                            const std::string& bio) {
  v1::UpdateProfileRequest request;
  request.mutable_profile()->set_display_name(name);
  request.mutable_profile()->set_bio(bio);
  ++written_["profiles"];
  return profiles_.Update(CallBy(user), request).status();
}

absl::Status Story::WriteProfiles() {
  GoTo(30);
  DRAMATIS_RETURN_IF_ERROR(
      Profile(kSampleMara, "Mara", "Opens a lighthouse to the public this summer."));
  DRAMATIS_RETURN_IF_ERROR(Profile(kSampleJonas, "Jonas", "Carpenter. Coffee, no sugar."));
  return Profile(kSamplePriya, "Priya", "Historian of small harbours.");
}

absl::Status Story::Memory(const std::string& user,
                           const std::string& persona,
                           const std::string& content) {
  v1::CreateMemoryRequest request;
  request.mutable_memory()->set_content(content);
  if (!persona.empty()) request.mutable_memory()->set_persona_id(SampleId("persona", persona));
  ++written_["memories"];
  return memories_.Create(CallBy(user), request).status();
}

absl::Status Story::WriteMemories() {
  GoTo(21);
  DRAMATIS_RETURN_IF_ERROR(Memory(
      kSampleMara, kAnyPersona, "Mara is afraid of heights and does not climb the outer ladder."));
  DRAMATIS_RETURN_IF_ERROR(
      Memory(kSampleMara, "nell", "The harbour council pays half if the museum opens by June."));
  GoTo(16);
  DRAMATIS_RETURN_IF_ERROR(
      Memory(kSampleJonas, kAnyPersona, "Jonas works best before ten in the morning."));
  DRAMATIS_RETURN_IF_ERROR(Memory(kSampleJonas, kAnyPersona,
                                  "The oak for the lantern room comes from his uncle's barn."));
  GoTo(9);
  DRAMATIS_RETURN_IF_ERROR(
      Memory(kSamplePriya, "elias", "Priya has read the logbooks up to the winter of 1962."));
  return Memory(kSamplePriya, kAnyPersona, "Priya's grandfather was a ship's cook.");
}

absl::StatusOr<std::string> Story::Goal(const std::string& user, const v1::Goal& goal) {
  v1::CreateGoalRequest request;
  *request.mutable_goal() = goal;
  DRAMATIS_ASSIGN_OR_RETURN(const v1::Goal made, goals_.Create(CallBy(user), request));
  ++written_["goals"];
  return made.goal_id();
}

absl::Status Story::Activity(const std::string& user,
                             const std::string& goal_id,
                             double value,
                             const std::string& note) {
  v1::CreateActivityRequest request;
  request.set_goal_id(goal_id);
  request.mutable_activity()->set_value(value);
  request.mutable_activity()->set_note(note);
  ++written_["activities"];
  return goals_.CreateActivity(CallBy(user), request).status();
}

absl::Status Story::WriteGoals() {
  GoTo(28);
  v1::Goal money;
  money.set_title("Raise the money for the lantern room");
  money.set_category("museum");
  money.set_goal_pattern(v1::GOAL_PATTERN_MILESTONE);
  money.mutable_target()->set_metric(v1::GOAL_METRIC_MONEY);
  money.mutable_target()->set_value(12000);
  money.mutable_target()->set_unit("EUR");
  money.mutable_target()->set_target_date(Date(60));
  DRAMATIS_ASSIGN_OR_RETURN(money_goal_, Goal(kSampleMara, money));
  v1::Goal oak;
  oak.set_title("Replace the planks of the gallery");
  oak.set_category("work");
  oak.set_goal_pattern(v1::GOAL_PATTERN_RECURRING);
  oak.mutable_target()->set_value(10);
  oak.mutable_target()->set_unit("planks");
  oak.mutable_target()->set_period(v1::GOAL_PERIOD_WEEK);
  DRAMATIS_ASSIGN_OR_RETURN(const std::string oak_goal, Goal(kSampleJonas, oak));
  v1::Goal logbook;
  logbook.set_title("Read a page of the logbook every day");
  logbook.set_category("research");
  logbook.set_goal_pattern(v1::GOAL_PATTERN_STREAK);
  logbook.mutable_target()->set_value(30);
  logbook.mutable_target()->set_period(v1::GOAL_PERIOD_DAY);
  DRAMATIS_ASSIGN_OR_RETURN(logbook_goal_, Goal(kSamplePriya, logbook));

  GoTo(24);
  DRAMATIS_RETURN_IF_ERROR(Activity(kSampleMara, money_goal_, 4000, "Harbour council"));
  DRAMATIS_RETURN_IF_ERROR(Activity(kSampleJonas, oak_goal, 6, "The north side"));
  GoTo(15);
  DRAMATIS_RETURN_IF_ERROR(Activity(kSampleMara, money_goal_, 1250, "Flea market"));
  DRAMATIS_RETURN_IF_ERROR(Activity(kSampleJonas, oak_goal, 11, "The east side, no rain"));
  GoTo(3);
  DRAMATIS_RETURN_IF_ERROR(
      Activity(kSampleMara, money_goal_, 2300, "A letter from the pilots' guild"));
  for (int days_ago = 6; days_ago >= 1; --days_ago) {
    GoTo(days_ago);
    DRAMATIS_RETURN_IF_ERROR(
        Activity(kSamplePriya, logbook_goal_, 1, absl::StrCat("Page ", 218 - days_ago)));
  }
  return absl::OkStatus();
}

absl::Status Story::Entry(const std::string& user, const v1::JournalEntry& entry) {
  v1::CreateJournalEntryRequest request;
  *request.mutable_entry() = entry;
  ++written_["journalEntries"];
  return journal_.Create(CallBy(user), request).status();
}

absl::Status Story::WriteJournals() {
  GoTo(15);
  v1::JournalEntry market;
  market.set_title("Flea market");
  market.set_content(
      "We sold three boxes of old buoys and one ship's bell. A boy asked whether the light still "
      "works. I said: by summer. Now it has to be true.");
  market.set_mood("hopeful");
  market.add_tags("museum");
  market.add_tags("money");
  market.add_linked_goal_ids(money_goal_);
  market.set_share_with_personas(true);
  DRAMATIS_RETURN_IF_ERROR(Entry(kSampleMara, market));
  GoTo(8);
  v1::JournalEntry planks;
  planks.set_title("Oak");
  planks.set_content(
      "The gallery is sound again on two sides. I found a name cut into the rail, T. H. 1961. I "
      "left "
      "it where it is.");
  planks.set_mood("calm");
  planks.add_tags("work");
  DRAMATIS_RETURN_IF_ERROR(Entry(kSampleJonas, planks));
  GoTo(2);
  v1::JournalEntry night;
  night.set_title("The night of the Maren Dahl");
  night.set_content(
      "Page 216. His hand changes in the middle of the line. He writes the three names, the "
      "barometer, "
      "and then nothing for two days. I closed the book and walked to the sea.");
  night.set_mood("moved");
  night.add_tags("logbook");
  night.add_linked_goal_ids(logbook_goal_);
  night.set_share_with_personas(true);
  return Entry(kSamplePriya, night);
}

absl::Status Story::WriteKeys() {
  GoTo(12);
  v1::CreateKeyRequest request;
  v1::Key& key = *request.mutable_key();
  key.set_name("museum kiosk");
  key.add_scopes(v1::KEY_SCOPE_CHAT);
  key.add_persona_ids(SampleId("persona", "nell"));
  key.set_requests_per_minute(30);
  ++written_["keys"];
  return keys_.Create(CallBy(kSampleMara), request).status();
}

absl::StatusOr<SampleState> State(sql::Transaction& tx) {
  sql::JoinedDatabase database(tx);
  const sql::SampleClock clock(absl::UnixEpoch());
  SqlStore store(database, clock);
  absl::Status first = store.Find(kSampleMara, SampleId("memory", "1")).status();
  if (first.ok()) return SampleState::kSeeded;
  if (!absl::IsNotFound(first)) return first;
  DRAMATIS_ASSIGN_OR_RETURN(const bool occupied, sql::HoldsRows(tx));
  return occupied ? SampleState::kOccupied : SampleState::kEmpty;
}

absl::StatusOr<std::map<std::string, int>> Write(sql::Transaction& tx, absl::Time now) {
  Story story(tx, now);
  DRAMATIS_RETURN_IF_ERROR(story.WriteProfiles());
  DRAMATIS_RETURN_IF_ERROR(story.WriteMemories());
  DRAMATIS_RETURN_IF_ERROR(story.WriteGoals());
  DRAMATIS_RETURN_IF_ERROR(story.WriteJournals());
  DRAMATIS_RETURN_IF_ERROR(story.WriteKeys());
  return story.written();
}

}  // namespace

const sql::SampleData& Sample() {
  static const sql::SampleData sample = {.state = State, .write = Write};
  return sample;
}

}  // namespace dramatis::memory
