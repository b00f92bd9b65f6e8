// The journal's RPCs through a real gRPC server: what reaches a caller.
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/service_fixture.h"

namespace dramatis::memory {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class JournalServiceTest : public MemoryServiceTest {
 protected:
  static v1::CreateJournalEntryRequest Writing(const std::string& title) {
    v1::CreateJournalEntryRequest request;
    request.mutable_entry()->set_title(title);
    request.mutable_entry()->set_content("We met.");
    return request;
  }

  absl::StatusOr<v1::JournalEntry> Write(const v1::CreateJournalEntryRequest& request) {
    return Call<v1::JournalEntry>(&Stub::CreateJournalEntry, request);
  }

  absl::Status Get(const std::string& entry_id, const std::string& authorization = kAda) {
    v1::GetJournalEntryRequest request;
    request.set_entry_id(entry_id);
    return Call<v1::JournalEntry>(&Stub::GetJournalEntry, request, authorization).status();
  }

  std::string FieldOf(const v1::CreateJournalEntryRequest& request) {
    return Field(Write(request).status());
  }
};

TEST_F(JournalServiceTest, TakesAnEntryThroughItsLife) {
  const std::string id = Write(Writing("A day"))->entry_id();
  v1::UpdateJournalEntryRequest update;
  update.set_entry_id(id);
  update.mutable_entry()->set_content("It rained all day.");
  v1::DeleteJournalEntryRequest remove;
  remove.set_entry_id(id);

  EXPECT_EQ(Call<v1::JournalEntry>(&Stub::UpdateJournalEntry, update)->word_count(), 4);
  const auto page = Call<v1::ListJournalEntriesResponse>(&Stub::ListJournalEntries,
                                                         v1::ListJournalEntriesRequest());
  ASSERT_EQ(page->entries_size(), 1);
  EXPECT_EQ(page->entries(0).content(), "It rained all day.");
  const auto stats = Call<v1::JournalStats>(&Stub::GetJournalStats, v1::GetJournalStatsRequest());
  EXPECT_EQ(stats->total_words(), 4);
  EXPECT_EQ(stats->current_streak(), 1);
  EXPECT_TRUE(Call<google::protobuf::Empty>(&Stub::DeleteJournalEntry, remove).ok());
  EXPECT_EQ(Get(id).code(), absl::StatusCode::kNotFound);
}

TEST_F(JournalServiceTest, HidesEntriesFromOtherUsersAndAdmins) {
  const std::string id = Write(Writing("A day"))->entry_id();

  EXPECT_TRUE(Get(id).ok());
  EXPECT_EQ(GetReason(Get(id, kBob)), "NOT_FOUND");
  EXPECT_EQ(GetReason(Get(id, "Bearer local:root:admin")), "NOT_FOUND");
}

TEST_F(JournalServiceTest, NamesTheFieldThatIsWrong) {
  v1::CreateJournalEntryRequest form = Writing("A day");
  form.mutable_entry()->set_template_("daily_reflection");
  v1::CreateJournalEntryRequest tag = Writing("A day");
  tag.mutable_entry()->add_tags("ok");
  tag.mutable_entry()->add_tags(" ");
  v1::CreateJournalEntryRequest progress = Writing("A day");
  progress.mutable_entry()->add_goal_progress()->set_goal_id("g1");
  progress.mutable_entry()->mutable_goal_progress(0)->set_value(
      std::numeric_limits<double>::quiet_NaN());
  v1::ListJournalEntriesRequest from;
  from.set_from("yesterday");

  EXPECT_EQ(FieldOf(Writing(" ")), "entry.title");
  EXPECT_EQ(FieldOf(Writing(std::string(201, 'x'))), "entry.title");
  EXPECT_EQ(FieldOf(form), "entry.template");
  EXPECT_EQ(FieldOf(tag), "entry.tags[1]");
  EXPECT_EQ(FieldOf(progress), "entry.goal_progress[0].value");
  EXPECT_EQ(Field(Call<v1::ListJournalEntriesResponse>(&Stub::ListJournalEntries, from).status()),
            "from");
}

TEST_F(JournalServiceTest, TakesEveryTemplate) {
  for (const std::string name : {"blank", "daily-reflection", "gratitude", "goals-progress",
                                 "emotional-checkin", "dream-journal", "creative-writing"}) {
    v1::CreateJournalEntryRequest request = Writing("A day");
    request.mutable_entry()->set_template_(name);
    EXPECT_EQ(Write(request)->template_(), name);
  }
}

TEST_F(JournalServiceTest, RefusesAGoalThatIsNotTheUsers) {
  v1::CreateJournalEntryRequest request = Writing("A day");
  request.mutable_entry()->add_linked_goal_ids("g1");

  const auto result = Write(request);

  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetErrorInfo(result.status())->reason(), "LINKED_GOAL_UNKNOWN");
  EXPECT_EQ(GetErrorInfo(result.status())->domain(), "memory.dramatis");
}

TEST_F(JournalServiceTest, RefusesAnEntryThatIsNotOfTheVersionMeant) {
  v1::UpdateJournalEntryRequest update;
  update.set_entry_id(Write(Writing("A day"))->entry_id());
  update.mutable_entry()->set_title("late");
  metadata_["if-match"] = "\"7\"";

  EXPECT_EQ(GetReason(Call<v1::JournalEntry>(&Stub::UpdateJournalEntry, update).status()),
            "ETAG_MISMATCH");
}

TEST_F(JournalServiceTest, ReplaysARepeatedRequest) {
  metadata_["idempotency-key"] = "k1";

  const std::string first = Write(Writing("A day"))->entry_id();

  EXPECT_EQ(Write(Writing("A day"))->entry_id(), first);
  EXPECT_EQ(GetReason(Write(Writing("Another")).status()), "IDEMPOTENCY_KEY_REUSED");
}

TEST_F(JournalServiceTest, AnswersUnavailableWhenTheStoreIs) {
  journal_store_.error = UnavailableError("the database is away");

  EXPECT_EQ(
      Call<v1::JournalStats>(&Stub::GetJournalStats, v1::GetJournalStatsRequest()).status().code(),
      absl::StatusCode::kUnavailable);
}

TEST_F(JournalServiceTest, LogsNoContent) {
  v1::CreateJournalEntryRequest request = Writing("a secret");
  ASSERT_TRUE(Write(request).ok());
  request.mutable_entry()->add_linked_goal_ids("g1");
  ASSERT_FALSE(Write(request).ok());
  request.mutable_entry()->add_tags(std::string(100, 'x') + " a secret");
  ASSERT_FALSE(Write(request).ok());

  ASSERT_FALSE(logger_.records().empty());
  for (const RecordingLogger::Record& record : logger_.records()) {
    EXPECT_THAT(record.message, Not(HasSubstr("secret")));
    for (const auto& [name, value] : record.fields)
      EXPECT_THAT(value, Not(HasSubstr("secret"))) << name;
  }
}

}  // namespace
}  // namespace dramatis::memory
