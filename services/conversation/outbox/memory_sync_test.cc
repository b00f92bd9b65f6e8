#include "services/conversation/outbox/memory_sync.h"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/memory/v1/memory.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;

// One conversation's job, as the outbox keeps it.
class FakeOutbox : public MemoryOutbox {
 public:
  absl::StatusOr<std::optional<MemoryJob>> Take(absl::Time now, absl::Time lease_ends) override {
    if (!job.has_value() || due > now) return std::nullopt;
    due = job->lease_ends = lease_ends;
    return job;
  }
  absl::StatusOr<std::vector<SpokenMessage>> Messages(const std::string&,
                                                      int after_sequence,
                                                      int limit) override {
    std::vector<SpokenMessage> found;
    for (const SpokenMessage& message : messages) {
      const bool room = static_cast<int>(found.size()) < limit;
      if (message.sequence > after_sequence && room) found.push_back(message);
    }
    return found;
  }
  absl::StatusOr<MemoryScope> Scope(const std::string&) override { return scope; }
  absl::StatusOr<std::vector<std::string>> Users(const std::string&) override { return users; }
  absl::StatusOr<bool> NoteForgotten(const MemoryJob&) override {
    if (forgotten_meanwhile) return false;
    job->forget_all = false;
    job->forget.clear();
    return true;
  }
  absl::StatusOr<bool> NoteObserved(const MemoryJob&, int to_sequence) override {
    if (forgotten_meanwhile) return false;
    job->observed_to = to_sequence;
    return true;
  }
  absl::StatusOr<bool> NoteSummarized(const MemoryJob&, int to_sequence, int wanted) override {
    if (forgotten_meanwhile) return false;
    job->summarized_to = to_sequence;
    job->summarize_to = wanted;
    return true;
  }
  absl::Status Finish(const MemoryJob&, absl::Time) override {
    finished = true;
    return absl::OkStatus();
  }
  absl::Status PutBack(const MemoryJob&, absl::Time new_due, int attempts) override {
    due = new_due;
    job->attempts = attempts;
    return absl::OkStatus();
  }

  std::optional<MemoryJob> job;
  absl::Time due = absl::InfinitePast();
  std::vector<SpokenMessage> messages;
  MemoryScope scope{.persona_id = "p1"};
  std::vector<std::string> users = {"ada"};
  bool forgotten_meanwhile = false;
  bool finished = false;
};

class FakeMemory : public RememberingPeer {
 public:
  absl::StatusOr<memory::v1::ObserveResponse> Observe(
      const CallContext& call, const memory::v1::ObserveRequest& request) override {
    identities.push_back(call.identity.user_id);
    order.emplace_back("observe");
    observed.push_back(request);
    if (!observe_failure.ok()) return observe_failure;
    memory::v1::ObserveResponse response;
    response.set_observed_sequence(request.messages().rbegin()->sequence());
    return response;
  }
  absl::StatusOr<memory::v1::SummarizeResponse> Summarize(
      const CallContext&, const memory::v1::SummarizeRequest& request) override {
    order.emplace_back("summarize");
    summarized.push_back(request);
    if (!summarize_failure.ok()) return summarize_failure;
    if (newest != request.after_sequence()) {
      memory::v1::SummarizeResponse elsewhere;
      elsewhere.set_to_sequence(newest);
      return elsewhere;
    }
    newest = request.messages().rbegin()->sequence();
    memory::v1::SummarizeResponse response;
    response.set_to_sequence(newest);
    return response;
  }
  absl::StatusOr<memory::v1::ForgetMessagesResponse> ForgetMessages(
      const CallContext&, const memory::v1::ForgetMessagesRequest& request) override {
    order.emplace_back("forget");
    forgotten.push_back(request);
    if (!forget_failure.ok()) return forget_failure;
    return memory::v1::ForgetMessagesResponse();
  }

  absl::Status observe_failure;
  absl::Status summarize_failure;
  absl::Status forget_failure;
  int newest = 0;  // where memory's newest summary ends
  std::vector<std::string> order;
  std::vector<std::string> identities;
  std::vector<memory::v1::ObserveRequest> observed;
  std::vector<memory::v1::SummarizeRequest> summarized;
  std::vector<memory::v1::ForgetMessagesRequest> forgotten;
};

class RememberingTest : public testing::Test {
 protected:
  RememberingTest() {
    outbox_.job = MemoryJob();
    outbox_.job->conversation_id = "c1";
    outbox_.job->user_id = "ada";
  }
  // Messages by turns: odd ones are the user's.
  void Say(int count, size_t bytes = 10) {
    for (int sequence = 1; sequence <= count; ++sequence) {
      const bool user = sequence % 2 == 1;
      outbox_.messages.push_back({.sequence = sequence,
                                  .message_id = "m" + std::to_string(sequence),
                                  .user_id = user ? "ada" : "",
                                  .name = user ? "" : "Babbage",
                                  .content = std::string(bytes, 'x')});
    }
  }
  // Works until nothing is due or the job has ended.
  void WorkOff(int most = 100) {
    while (most-- > 0 && !outbox_.finished && *remembering_.WorkOffOne()) {
    }
  }
  absl::Duration Wait() const { return outbox_.due - clock_.Now(); }

  FakeOutbox outbox_;
  FakeMemory memory_;
  FakeClock clock_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  Remembering remembering_{outbox_, memory_, clock_, *logger_, metrics_};
};

TEST_F(RememberingTest, HasNothingToDoWithoutAJob) {
  outbox_.job.reset();
  EXPECT_EQ(remembering_.WorkOffOne().value(), false);
}

TEST_F(RememberingTest, TellsMemoryWhatIsNewAndWhoSaidIt) {
  Say(4);
  outbox_.job->observed_to = 2;

  WorkOff();

  ASSERT_EQ(memory_.observed.size(), 1);
  const memory::v1::ObserveRequest& request = memory_.observed[0];
  EXPECT_EQ(request.user_id(), "ada");
  EXPECT_EQ(request.persona_id(), "p1");
  ASSERT_EQ(request.messages_size(), 2);
  EXPECT_EQ(request.messages(0).message_id(), "m3");
  EXPECT_TRUE(request.messages(0).from_user());
  EXPECT_EQ(request.messages(0).name(), "User");
  EXPECT_FALSE(request.messages(1).from_user());
  EXPECT_EQ(request.messages(1).name(), "Babbage");
  EXPECT_EQ(outbox_.job->observed_to, 4);
  EXPECT_TRUE(outbox_.finished);
}

TEST_F(RememberingTest, TellsMuchInPieces) {
  Say(120);

  WorkOff();

  ASSERT_EQ(memory_.observed.size(), 3);
  EXPECT_EQ(memory_.observed[2].messages_size(), 20);
  EXPECT_EQ(outbox_.job->observed_to, 120);
}

TEST_F(RememberingTest, TellsEveryHumanInARoomsMemoryOfTheirOwnLines) {
  outbox_.scope = MemoryScope{.persona_id = ""};
  outbox_.users = {"ada", "bob"};
  Say(2);
  outbox_.messages[1].user_id = "bob";

  WorkOff();

  EXPECT_THAT(memory_.identities, ElementsAre("ada", "bob"));
  EXPECT_TRUE(memory_.observed[0].messages(0).from_user());
  EXPECT_FALSE(memory_.observed[0].messages(1).from_user());
  EXPECT_FALSE(memory_.observed[1].messages(0).from_user());
  EXPECT_TRUE(memory_.observed[1].messages(1).from_user());
}

TEST_F(RememberingTest, ForgetsBeforeAnythingElse) {
  Say(2);
  outbox_.job->forget = {{"m1", 1}};
  outbox_.job->summarize_to = 1;

  WorkOff();

  EXPECT_THAT(memory_.order, ElementsAre("forget", "observe", "summarize"));
  EXPECT_EQ(memory_.forgotten[0].messages(0).message_id(), "m1");
  EXPECT_EQ(memory_.forgotten[0].messages(0).sequence(), 1);
}

TEST_F(RememberingTest, ForgetsAConversationThatIsGone) {
  outbox_.scope = MemoryScope{.persona_id = "", .gone = true};
  outbox_.users = {"ada", "bob"};
  outbox_.job->forget_all = true;

  WorkOff();

  // For everybody who was in it.
  EXPECT_THAT(memory_.order, ElementsAre("forget", "forget"));
  ASSERT_EQ(memory_.forgotten.size(), 2);
  EXPECT_EQ(memory_.forgotten[0].user_id(), "ada");
  EXPECT_EQ(memory_.forgotten[1].user_id(), "bob");
  EXPECT_TRUE(memory_.forgotten[1].all());
  EXPECT_TRUE(outbox_.finished);
}

TEST_F(RememberingTest, TriesForEverToForget) {
  outbox_.job->forget_all = true;
  outbox_.job->attempts = 1000;
  memory_.forget_failure = InternalError("broken");

  ASSERT_TRUE(remembering_.WorkOffOne().ok());

  EXPECT_EQ(outbox_.job->attempts, 1001);
  EXPECT_EQ(Wait(), absl::Minutes(10));
  EXPECT_TRUE(outbox_.job->forget_all);
}

TEST_F(RememberingTest, WaitsLongerAfterEachFailure) {
  Say(1);
  memory_.observe_failure = UnavailableError("memory is away");
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(remembering_.WorkOffOne().value());
    waits.push_back(Wait());
    clock_.Advance(Wait());
  }

  EXPECT_THAT(waits, ElementsAre(absl::Seconds(2), absl::Seconds(4), absl::Seconds(8)));
  EXPECT_EQ(outbox_.job->observed_to, 0) << "nothing is passed over";
}

TEST_F(RememberingTest, PassesOverWhatAModelRefusesAgainAndAgain) {
  Say(2);
  memory_.observe_failure =
      Error(absl::StatusCode::kUnavailable, inference::v1::ERROR_REASON_PROVIDER_FAILED, "refused");

  for (int i = 0; i < 20 && !outbox_.finished; ++i) {
    ASSERT_TRUE(remembering_.WorkOffOne().ok());
    clock_.Advance(absl::Minutes(11));
  }

  EXPECT_EQ(memory_.observed.size(), 8);
  EXPECT_EQ(outbox_.job->observed_to, 2);
}

TEST_F(RememberingTest, SumsUpExactRangesOneAfterTheOther) {
  Say(120);
  outbox_.job->observed_to = 120;
  outbox_.job->summarize_to = 70;

  WorkOff();

  ASSERT_EQ(memory_.summarized.size(), 2);
  EXPECT_EQ(memory_.summarized[0].after_sequence(), 0);
  EXPECT_EQ(memory_.summarized[0].messages().rbegin()->sequence(), 50);
  EXPECT_EQ(memory_.summarized[1].after_sequence(), 50);
  EXPECT_EQ(memory_.summarized[1].messages(0).sequence(), 51);
  EXPECT_EQ(memory_.summarized[1].messages().rbegin()->sequence(), 70);
  EXPECT_EQ(outbox_.job->summarized_to, 70);
  EXPECT_EQ(outbox_.job->summarize_to, 0);
}

TEST_F(RememberingTest, GoesOnFromWhereMemorysSummaryEnds) {
  Say(40);
  outbox_.job->observed_to = 40;
  outbox_.job->summarized_to = 30;
  outbox_.job->summarize_to = 35;
  memory_.newest = 10;  // a message of the rest was forgotten

  WorkOff();

  ASSERT_EQ(memory_.summarized.size(), 2);
  EXPECT_EQ(memory_.summarized[1].messages(0).sequence(), 11);
  EXPECT_EQ(memory_.newest, 35);
}

TEST_F(RememberingTest, GivesUpASummaryThatFailsUntilItIsWantedAgain) {
  Say(4);
  outbox_.job->observed_to = 4;
  outbox_.job->summarize_to = 2;
  memory_.summarize_failure =
      Error(absl::StatusCode::kUnavailable, inference::v1::ERROR_REASON_PROVIDER_FAILED, "refused");

  for (int i = 0; i < 20 && !outbox_.finished; ++i) {
    ASSERT_TRUE(remembering_.WorkOffOne().ok());
    clock_.Advance(absl::Minutes(11));
  }

  EXPECT_EQ(memory_.summarized.size(), 3);
  EXPECT_EQ(outbox_.job->summarized_to, 0);
  EXPECT_EQ(outbox_.job->summarize_to, 0);
}

TEST_F(RememberingTest, StopsAtOnceWhereSummariesAreTurnedOff) {
  Say(4);
  outbox_.job->observed_to = 4;
  outbox_.job->summarize_to = 2;
  memory_.summarize_failure =
      Error(absl::StatusCode::kFailedPrecondition, memory::v1::ERROR_REASON_SUMMARIES_OFF, "off");

  WorkOff();

  EXPECT_EQ(memory_.summarized.size(), 1);
  EXPECT_TRUE(outbox_.finished);
}

TEST_F(RememberingTest, SkipsASummaryForWhichTheBudgetIsSpent) {
  Say(4);
  outbox_.job->observed_to = 4;
  outbox_.job->summarize_to = 2;
  memory_.summarize_failure = Error(absl::StatusCode::kResourceExhausted,
                                    inference::v1::ERROR_REASON_BUDGET_EXCEEDED, "spent");

  WorkOff();

  EXPECT_EQ(memory_.summarized.size(), 1);
  EXPECT_TRUE(outbox_.finished);
}

TEST_F(RememberingTest, SkipsMessagesForWhichTheBudgetIsSpent) {
  Say(4);
  memory_.observe_failure = Error(absl::StatusCode::kResourceExhausted,
                                  inference::v1::ERROR_REASON_BUDGET_EXCEEDED, "spent");

  WorkOff();

  EXPECT_EQ(outbox_.job->observed_to, 4);
  EXPECT_TRUE(outbox_.finished);
}

TEST_F(RememberingTest, BeginsAgainWhereMoreIsToBeForgottenMeanwhile) {
  Say(2);
  outbox_.forgotten_meanwhile = true;

  ASSERT_TRUE(remembering_.WorkOffOne().ok());

  EXPECT_FALSE(outbox_.finished);
  EXPECT_EQ(Wait(), absl::ZeroDuration());
}

}  // namespace
}  // namespace dramatis::conversation
