#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sql/archives/jobs.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class JobStoreTest : public ConversationStoreTest {
 protected:
  JobRow NewJob(JobKind kind = JobKind::kImport, const std::string& user = "alice") {
    clock_.Advance(absl::Seconds(1));
    JobRow job;
    job.user_id = user;
    job.job_id = ids_.NewId();
    job.kind = kind;
    job.source = v1::IMPORT_SOURCE_CHATGPT;
    job.persona_id = "p";
    job.object_key = ObjectOf(user, job.job_id);
    job.size_bytes = 5'000'000'000;
    job.created_at = job.due_at = clock_.Now();
    return job;
  }
  absl::Status TryAdd(const JobRow& job, int most_waiting = 3) {
    return jobs_.Add(job, most_waiting, NoKey()).status();
  }
  JobRow Add(const JobRow& job) {
    const absl::Status added = TryAdd(job);
    EXPECT_TRUE(added.ok()) << added;
    return job;
  }
  std::optional<JobRow> Take() {
    auto job = jobs_.Take(clock_.Now(), clock_.Now() + kLease);
    EXPECT_TRUE(job.ok()) << job.status();
    return *job;
  }
  JobRow Find(const JobRow& job) { return *jobs_.Find(job.user_id, job.job_id); }
  std::vector<std::string> Listed(JobKind kind, const std::string& after = "", int limit = 10) {
    std::vector<std::string> ids;
    const auto listed = jobs_.List("alice", kind, after, limit);
    EXPECT_TRUE(listed.ok()) << listed.status();
    for (const JobRow& job : *listed)
      ids.push_back(job.job_id);
    return ids;
  }
  PastSession Past(const std::string& session_id, int messages) {
    PastSession past;
    past.row = Conversation(session_id);
    for (int i = 0; i < messages; ++i) {
      MessageRow& message = past.messages.emplace_back();
      message.message_id = absl::StrCat(session_id, "-", i);
      message.persona_id = i % 2 == 0 ? "" : "ada";
      message.content = absl::StrCat("Line ", i);
      message.created_at = clock_.Now();
    }
    return past;
  }
  absl::StatusOr<PastWritten> Save(JobRow& job, const std::vector<PastSession>& sessions) {
    return jobs_.SavePast(job, sessions, clock_.Now() + kLease,
                          [](JobRow& saved, const PastWritten& written) {
                            (*saved.report.mutable_counts())["sessions"] += written.sessions;
                            saved.position += written.sessions + written.unchanged;
                          });
  }

  SqlJobStore jobs_{db()};
};

TEST_P(JobStoreTest, ReadsBackWhatItAdded) {
  JobRow job = NewJob();
  job.as_admin = true;
  Add(job);
  const JobRow found = Find(job);
  EXPECT_EQ(found.source, v1::IMPORT_SOURCE_CHATGPT);
  EXPECT_EQ(found.state, v1::JOB_STATE_QUEUED);
  EXPECT_TRUE(found.as_admin);
  EXPECT_EQ(found.object_key, job.object_key);
  EXPECT_EQ(found.size_bytes, 5'000'000'000);
  EXPECT_EQ(found.created_at, job.created_at);
  EXPECT_FALSE(found.ended_at.has_value());
  EXPECT_TRUE(absl::IsNotFound(jobs_.Find("bob", job.job_id).status()));
}

TEST_P(JobStoreTest, ListsAUsersNewestFirstByKind) {
  const JobRow first = Add(NewJob()), second = Add(NewJob());
  const JobRow out = Add(NewJob(JobKind::kExport));
  Add(NewJob(JobKind::kImport, "bob"));
  EXPECT_THAT(Listed(JobKind::kImport), ElementsAre(second.job_id, first.job_id));
  EXPECT_THAT(Listed(JobKind::kImport, second.job_id), ElementsAre(first.job_id));
  EXPECT_THAT(Listed(JobKind::kImport, "", 1), ElementsAre(second.job_id));
  EXPECT_EQ((*jobs_.Waiting("alice", JobKind::kExport))->job_id, out.job_id);
  EXPECT_FALSE(jobs_.Waiting("bob", JobKind::kExport)->has_value());
}

TEST_P(JobStoreTest, OnlySoManyOfAUserWait) {
  for (int i = 0; i < 3; ++i)
    Add(NewJob());
  EXPECT_TRUE(absl::IsResourceExhausted(TryAdd(NewJob())));
  EXPECT_TRUE(TryAdd(NewJob(JobKind::kExport)).ok());
  EXPECT_TRUE(TryAdd(NewJob(JobKind::kImport, "bob")).ok());
}

TEST_P(JobStoreTest, OneWorkerHasAJobUntilItsLeaseIsOver) {
  const JobRow job = Add(NewJob());
  std::optional<JobRow> first = Take();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->job_id, job.job_id);
  EXPECT_EQ(first->state, v1::JOB_STATE_RUNNING);
  EXPECT_FALSE(Take().has_value());
  clock_.Advance(kLease);
  std::optional<JobRow> second = Take();
  ASSERT_TRUE(second.has_value());

  // The first one comes back and changes nothing.
  first->position = 7;
  EXPECT_TRUE(absl::IsAborted(jobs_.Save(*first, clock_.Now() + kLease)));
  const auto late = Save(*first, {Past("late", 2)});
  EXPECT_TRUE(absl::IsAborted(late.status()));
  EXPECT_EQ(Count("conversations"), 0);
  EXPECT_TRUE(jobs_.Save(*second, clock_.Now() + kLease).ok());
  // Where no other process has the store open, a lease is nobody's.
  ASSERT_FALSE(Take().has_value());
  ASSERT_TRUE(jobs_.FreeAll().ok());
  EXPECT_TRUE(Take().has_value());
}

TEST_P(JobStoreTest, SessionsAndHowFarTheJobHasComeAreStoredTogetherAndOnce) {
  Add(NewJob());
  JobRow job = *Take();
  const auto written = Save(job, {Past("one", 3), Past("two", 2)});
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->sessions, 2);
  EXPECT_EQ(written->messages, 5);
  EXPECT_EQ(job.position, 2);
  EXPECT_EQ(Find(job).position, 2);
  EXPECT_EQ(Find(job).report.counts().at("sessions"), 2);
  const std::vector<MessageRow> messages = Messages(Conversation("one").conversation_id);
  ASSERT_THAT(messages, SizeIs(3));
  EXPECT_EQ(messages[2].sequence, 3);
  EXPECT_EQ(messages[0].user_id, "alice");
  EXPECT_EQ(messages[1].user_id, "");

  const auto again = Save(job, {Past("two", 9), Past("three", 1)});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->unchanged, 1);
  EXPECT_EQ(again->sessions, 1);
  EXPECT_THAT(Messages(Conversation("two").conversation_id), SizeIs(2));
}

TEST_P(JobStoreTest, ArchivesGoWhenTheirTimeHasCome) {
  Add(NewJob());
  JobRow job = *Take();
  job.state = v1::JOB_STATE_DONE;
  job.ended_at = clock_.Now();
  ASSERT_TRUE(jobs_.Save(job, clock_.Now() + absl::Hours(1)).ok());
  EXPECT_EQ(Find(job).ended_at, job.ended_at);
  EXPECT_FALSE(Take().has_value());
  EXPECT_THAT(*jobs_.Expired(clock_.Now(), 10), IsEmpty());
  clock_.Advance(absl::Hours(1));
  ASSERT_THAT(*jobs_.Expired(clock_.Now(), 10), SizeIs(1));
  ASSERT_TRUE(jobs_.NoteGone(job).ok());
  EXPECT_EQ(Find(job).object_key, "");
  EXPECT_THAT(*jobs_.Expired(clock_.Now(), 10), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(JobStoreTest);

}  // namespace
}  // namespace dramatis::conversation
