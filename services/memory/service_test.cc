// MemoryService through a real gRPC server: what reaches a caller.
#include "services/memory/service.h"

#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/service_fixture.h"

namespace dramatis::memory {
namespace {

TEST_F(MemoryServiceTest, KeepsAProfile) {
  v1::UpdateProfileRequest request;
  request.mutable_profile()->set_display_name("Ada");

  const auto written = Call<v1::Profile>(&Stub::UpdateProfile, request);
  const auto read = Call<v1::Profile>(&Stub::GetProfile, v1::GetProfileRequest());

  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->display_name(), "Ada");
  EXPECT_EQ(read->etag(), written->etag());
}

TEST_F(MemoryServiceTest, RefusesAProfileThatIsNotOfTheVersionMeant) {
  metadata_["if-match"] = "\"7\"";
  v1::UpdateProfileRequest request;
  request.mutable_profile()->set_display_name("Ada");

  const auto result = Call<v1::Profile>(&Stub::UpdateProfile, request);

  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetReason(result.status()), "ETAG_MISMATCH");
}

TEST_F(MemoryServiceTest, TakesAMemoryThroughItsLife) {
  const std::string id = Create("Ada likes tea.")->memory_id();
  v1::GetMemoryRequest get;
  get.set_memory_id(id);
  v1::UpdateMemoryRequest update;
  update.set_memory_id(id);
  update.mutable_memory()->set_content("Ada likes coffee.");
  v1::SearchMemoriesRequest search;
  search.set_q("coffee");
  v1::DeleteMemoryRequest remove;
  remove.set_memory_id(id);

  EXPECT_EQ(Call<v1::Memory>(&Stub::GetMemory, get)->content(), "Ada likes tea.");
  EXPECT_EQ(Call<v1::Memory>(&Stub::UpdateMemory, update)->content(), "Ada likes coffee.");
  EXPECT_EQ(Call<v1::ListMemoriesResponse>(&Stub::ListMemories, v1::ListMemoriesRequest())
                ->memories_size(),
            1);
  EXPECT_EQ(Call<v1::SearchMemoriesResponse>(&Stub::SearchMemories, search)->results_size(), 1);
  EXPECT_TRUE(Call<google::protobuf::Empty>(&Stub::DeleteMemory, remove).ok());
  EXPECT_EQ(Call<v1::Memory>(&Stub::GetMemory, get).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(MemoryServiceTest, HidesMemoriesFromOtherUsers) {
  v1::GetMemoryRequest get;
  get.set_memory_id(Create("Ada likes tea.")->memory_id());

  const auto result = Call<v1::Memory>(&Stub::GetMemory, get, kBob);

  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(result.status()), "NOT_FOUND");
}

TEST_F(MemoryServiceTest, NamesTheFieldThatIsWrong) {
  v1::CreateMemoryRequest unsure;
  unsure.mutable_memory()->set_content("tea");
  unsure.mutable_memory()->set_confidence(1.5);
  v1::SearchMemoriesRequest blank;
  blank.set_q("  ");
  v1::UpdateProfileRequest zone;
  zone.mutable_profile()->set_timezone("Mars/Olympus");
  v1::ListMemoriesRequest token;
  token.set_page_token("forged");

  EXPECT_EQ(Field(Create("").status()), "memory.content");
  EXPECT_EQ(Field(Create(std::string(2001, 'x')).status()), "memory.content");
  EXPECT_EQ(Field(Call<v1::Memory>(&Stub::CreateMemory, unsure).status()), "memory.confidence");
  EXPECT_EQ(Field(Call<v1::SearchMemoriesResponse>(&Stub::SearchMemories, blank).status()), "q");
  EXPECT_EQ(Field(Call<v1::Profile>(&Stub::UpdateProfile, zone).status()), "profile.timezone");
  EXPECT_EQ(Field(Call<v1::ListMemoriesResponse>(&Stub::ListMemories, token).status()),
            "page_token");
}

TEST_F(MemoryServiceTest, RefusesMoreThanTheQuota) {
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(Create("tea").ok());

  const auto result = Create("tea");

  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetErrorInfo(result.status())->reason(), "MEMORY_QUOTA_EXCEEDED");
  EXPECT_EQ(GetErrorInfo(result.status())->domain(), "memory.dramatis");
}

TEST_F(MemoryServiceTest, ReplaysARepeatedRequest) {
  metadata_["idempotency-key"] = "k1";

  const std::string first = Create("tea")->memory_id();

  EXPECT_EQ(Create("tea")->memory_id(), first);
  EXPECT_EQ(GetReason(Create("coffee").status()), "IDEMPOTENCY_KEY_REUSED");
}

TEST_F(MemoryServiceTest, RecallsForServicesOnly) {
  ASSERT_TRUE(Create("Ada likes tea.").ok());
  v1::RecallRequest request;
  request.set_user_id("ada");
  request.set_persona_id("p1");
  request.set_query("tea?");
  request.set_budget_bytes(1000);

  const auto parts = Call<v1::RecallResponse>(&Stub::Recall, request, kConversation);
  const auto refused = Call<v1::RecallResponse>(&Stub::Recall, request, kBob);

  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->parts_size(), 1);
  EXPECT_EQ(parts->parts(0).text(), "Ada likes tea.");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(MemoryServiceTest, TakesFromConversationsForServicesOnly) {
  inference_.found = {{0, "The user lives in Turin."}};
  v1::ObserveRequest observe;
  observe.set_user_id("ada");
  observe.set_conversation_id("c1");
  v1::ConversationMessage& message = *observe.add_messages();
  message.set_message_id("m1");
  message.set_sequence(1);
  message.set_from_user(true);
  message.set_text("I live in Turin.");
  v1::SummarizeRequest summarize;
  summarize.set_user_id("ada");
  summarize.set_conversation_id("c1");
  *summarize.add_messages() = message;
  v1::ForgetMessagesRequest forget;
  forget.set_user_id("ada");
  forget.set_conversation_id("c1");
  forget.set_all(true);

  const auto observed = Call<v1::ObserveResponse>(&Stub::Observe, observe, kConversation);
  const auto summed = Call<v1::SummarizeResponse>(&Stub::Summarize, summarize, kConversation);
  const auto forgot =
      Call<v1::ForgetMessagesResponse>(&Stub::ForgetMessages, forget, kConversation);

  ASSERT_TRUE(observed.ok()) << observed.status();
  EXPECT_EQ(observed->memory_ids_size(), 1);
  EXPECT_EQ(summed->to_sequence(), 1);
  EXPECT_EQ(forgot->summaries(), 1);
  for (const auto& status :
       {Call<v1::ObserveResponse>(&Stub::Observe, observe).status(),
        Call<v1::SummarizeResponse>(&Stub::Summarize, summarize).status(),
        Call<v1::ForgetMessagesResponse>(&Stub::ForgetMessages, forget).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  }
}

TEST_F(MemoryServiceTest, RecallsWhileEveryPatientThreadWaitsForAModel) {
  ASSERT_TRUE(Create("Ada likes tea.").ok());
  absl::Notification waiting;
  absl::Notification answered;
  inference_.while_running = [&] {
    waiting.Notify();
    answered.WaitForNotification();
  };
  v1::SummarizeRequest summarize;
  summarize.set_user_id("ada");
  summarize.set_conversation_id("c1");
  summarize.add_messages()->set_message_id("m1");
  summarize.mutable_messages(0)->set_sequence(1);
  std::thread patient([&] {
    const auto context = TestContext(kConversation);
    v1::SummarizeResponse response;
    EXPECT_TRUE(stub_->Summarize(context.get(), summarize, &response).ok());
  });
  waiting.WaitForNotification();
  v1::RecallRequest recall;
  recall.set_user_id("ada");
  recall.set_persona_id("p1");
  recall.set_budget_bytes(1000);

  EXPECT_TRUE(Call<v1::RecallResponse>(&Stub::Recall, recall, kConversation).ok());

  answered.Notify();
  patient.join();
}

TEST_F(MemoryServiceTest, AnswersUnavailableWhenTheStoreIs) {
  store_.error = UnavailableError("the database is away");
  v1::RecallRequest request;
  request.set_user_id("ada");
  request.set_persona_id("p1");

  EXPECT_EQ(Call<v1::RecallResponse>(&Stub::Recall, request, kConversation).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(Call<v1::ListMemoriesResponse>(&Stub::ListMemories, v1::ListMemoriesRequest())
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(MemoryServiceTest, LogsNoContent) {
  ASSERT_TRUE(Create("a secret about tea").ok());
  ASSERT_FALSE(Create(std::string(3000, 'x') + "a secret").ok());

  for (const RecordingLogger::Record& record : logger_.records()) {
    EXPECT_THAT(record.message, testing::Not(testing::HasSubstr("secret")));
    for (const auto& [name, value] : record.fields) {
      EXPECT_THAT(value, testing::Not(testing::HasSubstr("secret"))) << name;
    }
  }
}

}  // namespace
}  // namespace dramatis::memory
