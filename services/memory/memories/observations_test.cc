#include "services/memory/memories/observations.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/memory_sync_fakes.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::IsEmpty;

MemoryRow Row(const std::string& content, const std::string& persona_id = "") {
  MemoryRow row;
  row.user_id = "ada";
  row.memory_id = "m/" + content;
  row.content = content;
  row.persona_id = persona_id;
  return row;
}

TEST(IsKnownTest, KnowsTheSameWordsWhateverTheirSpelling) {
  const std::vector<MemoryRow> known = {
      Row("The user said: \"My name is Ada and I live in Turin.\"")};

  EXPECT_TRUE(IsKnown("The user said: \"My name is Ada and I live in Turin.\"", known));
  EXPECT_TRUE(IsKnown("My NAME is Ada, and I live in Turin!", known));
  EXPECT_TRUE(IsKnown("I live in Turin", known)) << "said there already";
  EXPECT_TRUE(IsKnown("And so my name is Ada and I live in Turin.", known));
  EXPECT_TRUE(IsKnown("...", {})) << "says nothing";
}

TEST(IsKnownTest, KeepsWhatSaysSomethingElse) {
  const std::vector<MemoryRow> known = {Row("The user likes tea.")};

  EXPECT_FALSE(IsKnown("The user likes teapots.", known));
  EXPECT_FALSE(IsKnown("The user does not like tea.", known));
  EXPECT_FALSE(IsKnown("The user likes tea with milk.", known));
  EXPECT_FALSE(IsKnown("The user never likes tea.", known));
  EXPECT_FALSE(IsKnown("The user likes tea.", {}));
}

class ObservationsTest : public testing::Test {
 protected:
  static v1::ObserveRequest Request() {
    v1::ObserveRequest request;
    request.set_user_id("ada");
    request.set_conversation_id("c1");
    request.set_persona_id("p1");
    return request;
  }
  static void Say(int sequence,
                  bool from_user,
                  const std::string& text,
                  v1::ObserveRequest& request) {
    v1::ConversationMessage& message = *request.add_messages();
    message.set_message_id("m" + std::to_string(sequence));
    message.set_sequence(sequence);
    message.set_from_user(from_user);
    message.set_name(from_user ? "User" : "Babbage");
    message.set_text(text);
  }
  static v1::ObserveRequest Exchange(int from) {
    v1::ObserveRequest request = Request();
    Say(from, true, "I live in Turin.", request);
    Say(from + 1, false, "I live in London.", request);
    return request;
  }
  std::vector<MemoryRow> Memories() {
    MemoryQuery query;
    query.user_id = "ada";
    return store_.List(query)->memories;
  }
  Observations Make(ObservationOptions options) {
    return {remembering_, store_, inference_, clock_, ids_, std::move(options)};
  }

  FakeStore store_;
  FakeRememberingStore remembering_{store_};
  FakeInferencePeer inference_;
  FakeClock clock_;
  CountingIdSource ids_;
  Observations observations_ = Make({});
};

TEST_F(ObservationsTest, KeepsWhereAMemoryComesFrom) {
  inference_.found = {{0, "The user lives in Turin."}};

  const auto response = observations_.Observe({}, Exchange(5));

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->observed_sequence(), 6);
  ASSERT_EQ(Memories().size(), 1);
  const MemoryRow memory = Memories()[0];
  EXPECT_EQ(response->memory_ids(0), memory.memory_id);
  EXPECT_EQ(memory.content, "The user lives in Turin.");
  EXPECT_EQ(memory.source_message_id, "m5");
  EXPECT_EQ(memory.source_conversation_id, "c1");
  EXPECT_EQ(memory.persona_id, "p1");
  EXPECT_EQ(memory.confidence, 0.7);
}

TEST_F(ObservationsTest, ObservesEachMessageOnce) {
  inference_.found = {{0, "The user lives in Turin."}};
  ASSERT_TRUE(observations_.Observe({}, Exchange(1)).ok());

  const auto again = observations_.Observe({}, Exchange(1));

  EXPECT_EQ(again->observed_sequence(), 2);
  EXPECT_THAT(again->memory_ids(), IsEmpty());
  EXPECT_EQ(inference_.requests.size(), 1);
  v1::ObserveRequest more = Exchange(1);
  Say(3, true, "I like tea.", more);
  ASSERT_TRUE(observations_.Observe({}, more).ok());
  ASSERT_EQ(inference_.requests.size(), 2);
  EXPECT_EQ(inference_.requests[1].lines_size(), 1) << "only the new one";
}

TEST_F(ObservationsTest, TakesNothingFromWhatOthersSaid) {
  inference_.found = {{1, "The user lives in London."}, {7, "x"}, {-1, "y"}};
  ASSERT_TRUE(observations_.Observe({}, Exchange(1)).ok());
  EXPECT_THAT(Memories(), IsEmpty());

  v1::ObserveRequest others = Request();
  Say(3, false, "I live in London.", others);
  EXPECT_EQ(observations_.Observe({}, others)->observed_sequence(), 3);
  EXPECT_EQ(inference_.requests.size(), 1) << "no model is asked about others' lines alone";
}

TEST_F(ObservationsTest, NeverTakesWhatWasRecalled) {
  ASSERT_TRUE(store_.Create({}, {}, Row("The user lives in Turin."), {}, 100).ok());
  inference_.found = {{0, "The user lives in TURIN"}, {0, "The user likes tea."}};
  v1::ObserveRequest request = Request();
  Say(1, true, "As you said, I am the user who lives in Turin. I like tea.", request);

  ASSERT_TRUE(observations_.Observe({}, request).ok());

  ASSERT_EQ(Memories().size(), 2);
  EXPECT_EQ(inference_.requests[0].known(0), "The user lives in Turin.");
}

TEST_F(ObservationsTest, TakesTheSameThingOnceFromOneConversation) {
  inference_.found = {{0, "The user lives in Turin."}, {0, "the user lives in turin"}};

  ASSERT_TRUE(observations_.Observe({}, Exchange(1)).ok());

  EXPECT_EQ(Memories().size(), 1);
}

TEST_F(ObservationsTest, DoesNotTakeOnePersonasMemoryForAnothers) {
  ASSERT_TRUE(store_.Create({}, {}, Row("The user lives in Turin.", "p2"), {}, 100).ok());
  inference_.found = {{0, "The user lives in Turin."}};

  ASSERT_TRUE(observations_.Observe({}, Exchange(1)).ok());

  EXPECT_EQ(Memories().size(), 2);
}

TEST_F(ObservationsTest, PassesMessagesOverWhereItIsTurnedOff) {
  inference_.found = {{0, "The user lives in Turin."}};

  const auto response =
      Make({.extraction = false, .model = "", .quota = 10}).Observe({}, Exchange(1));

  EXPECT_EQ(response->observed_sequence(), 2);
  EXPECT_THAT(inference_.requests, IsEmpty());
  EXPECT_THAT(Memories(), IsEmpty());
}

TEST_F(ObservationsTest, ChangesNothingWhereTheModelFails) {
  inference_.failure = UnavailableError("no model");

  EXPECT_TRUE(absl::IsUnavailable(observations_.Observe({}, Exchange(1)).status()));

  inference_.failure = absl::OkStatus();
  inference_.found = {{0, "The user lives in Turin."}};
  EXPECT_EQ(observations_.Observe({}, Exchange(1))->memory_ids_size(), 1);
}

TEST_F(ObservationsTest, StoresNothingOfMessagesThatWereForgottenMeanwhile) {
  inference_.found = {{0, "The user lives in Turin."}};
  inference_.while_running = [&] {
    v1::ForgetMessagesRequest forget;
    forget.set_user_id("ada");
    forget.set_conversation_id("c1");
    forget.set_all(true);
    ASSERT_TRUE(observations_.Forget({}, forget).ok());
  };

  const auto response = observations_.Observe({}, Exchange(1));

  EXPECT_EQ(GetReason(response.status()), "CONFLICT");
  EXPECT_THAT(Memories(), IsEmpty());
}

TEST_F(ObservationsTest, TakesLessAtOnceWhereTheModelsWindowIsSmall) {
  inference_.window_bytes = 4000;
  v1::ObserveRequest request = Request();
  for (int i = 1; i <= 10; ++i)
    Say(i, true, std::string(1000, 'x'), request);

  const auto response = observations_.Observe({}, request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->observed_sequence(), 3);
  std::set<std::string> keys;
  for (const auto& asked : inference_.requests)
    keys.insert(asked.task_key());
  EXPECT_EQ(keys.size(), inference_.requests.size()) << "each try is billed by itself";
}

TEST_F(ObservationsTest, CutsAMessageThatNoWindowHolds) {
  inference_.window_bytes = 2000;
  v1::ObserveRequest request = Request();
  std::string wide;
  for (int i = 0; i < 8000; ++i)
    wide += "\u4e16";
  Say(1, true, wide, request);

  const auto response = observations_.Observe({}, request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->observed_sequence(), 1);
  EXPECT_EQ(inference_.requests.back().lines(0).text().size() % 3, 0) << "between code points";
}

TEST_F(ObservationsTest, GivesUpWhereNoWindowIsLargeEnough) {
  inference_.window_bytes = 10;
  v1::ObserveRequest request = Request();
  Say(1, true, std::string(1000, 'x'), request);

  EXPECT_EQ(GetReason(observations_.Observe({}, request).status()), "CONTEXT_TOO_LARGE");
  EXPECT_LT(inference_.requests.size(), 10U);
}

TEST_F(ObservationsTest, NamesAMessageThatIsOutOfOrder) {
  v1::ObserveRequest request = Request();
  Say(2, true, "a", request);
  Say(2, true, "b", request);

  const absl::Status status = observations_.Observe({}, request).status();

  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "messages[1].sequence");
}

TEST_F(ObservationsTest, ForgetsByMessage) {
  v1::ForgetMessagesRequest forget;
  forget.set_user_id("ada");
  forget.set_conversation_id("c1");
  forget.add_messages()->set_message_id("m7");
  forget.mutable_messages(0)->set_sequence(7);

  ASSERT_TRUE(observations_.Forget({}, forget).ok());

  ASSERT_EQ(remembering_.forgotten_ids.size(), 1);
  EXPECT_EQ(remembering_.forgotten_ids[0].message_id, "m7");
  EXPECT_EQ(remembering_.forgotten_ids[0].sequence, 7);
}

}  // namespace
}  // namespace dramatis::memory
