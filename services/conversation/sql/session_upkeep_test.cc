// What sessions need from time to time, on every engine: holds given up and renewed.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sessions/upkeep.h"
#include "services/conversation/testing/fakes.h"
#include "services/conversation/testing/store_fixture.h"
#include "services/conversation/turn_taking/planning.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SessionUpkeepStoreTest : public ConversationStoreTest {
 protected:
  SessionRow Begin(const std::string& session_id) {
    const SessionRow row = Conversation(session_id);
    EXPECT_TRUE(store_.CreateSession(row, NoKey()).ok());
    return row;
  }
  absl::Time HoldOf(const SessionRow& row) {
    return (*store_.FindSession(row.conversation_id))->hold_expires_at;
  }

  FakePersonaPeer personas_;
  FakeMemoryPeer memories_;
  FakeInferencePeer inference_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  const TurnPlanning planning_{ids_, clock_};
  const TurnTools tools_{store_, turns_,   personas_, memories_, inference_, clock_,
                         ids_,   *logger_, metrics_,  planning_, clock_};
  SessionUpkeep upkeep_{tools_};
};

TEST_P(SessionUpkeepStoreTest, AnExpiredSessionHoldsNothing) {
  const SessionRow session = Begin("s1");
  clock_.Advance(session.ttl - absl::Seconds(1));
  ASSERT_TRUE(upkeep_.Run().ok());
  EXPECT_THAT(personas_.released, IsEmpty());

  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_THAT(personas_.released, ElementsAre(session.conversation_id));
  EXPECT_EQ(HoldOf(session), absl::UnixEpoch());
}

TEST_P(SessionUpkeepStoreTest, ASessionThatWentOnIsHeldForLonger) {
  const SessionRow session = Begin("s1");
  clock_.Advance(session.ttl / 2);
  MustStart(session);
  clock_.Advance(session.ttl / 2);

  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  ASSERT_THAT(personas_.requests, SizeIs(1));
  EXPECT_EQ(personas_.requests[0].hold_conversation_id(), session.conversation_id);
  EXPECT_THAT(personas_.released, IsEmpty());
  EXPECT_EQ(HoldOf(session), clock_.Now() + session.ttl / 2 + session.ttl);

  clock_.Advance(session.ttl / 2);
  ASSERT_TRUE(upkeep_.Run().ok());
  EXPECT_THAT(personas_.released, ElementsAre(session.conversation_id));
}

TEST_P(SessionUpkeepStoreTest, WhatPersonaCouldNotGiveUpIsGivenUpLater) {
  const SessionRow session = Begin("s1");
  ASSERT_TRUE(store_.EndSession(session.conversation_id, clock_.Now(), NoKey()).ok());
  personas_.release_failure = UnavailableError("down");

  EXPECT_FALSE(upkeep_.Run().ok());
  personas_.release_failure = absl::OkStatus();
  ASSERT_TRUE(upkeep_.Run().ok());
  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_THAT(personas_.released, ElementsAre(session.conversation_id));
}

TEST_P(SessionUpkeepStoreTest, AHoldThatHasEndedByItselfIsOnlyNoted) {
  const SessionRow session = Begin("s1");
  clock_.Advance(2 * session.ttl);

  ASSERT_TRUE(upkeep_.Run().ok());

  EXPECT_THAT(personas_.released, IsEmpty());
  EXPECT_EQ(HoldOf(session), absl::UnixEpoch());
}

TEST_P(SessionUpkeepStoreTest, OnlyTheHoldThatWasSeenIsCleared) {
  SessionRow session = Begin("s1");
  ASSERT_TRUE(
      store_.SetHold(session.conversation_id, session.hold_expires_at + absl::Hours(1)).ok());

  EXPECT_FALSE(*store_.ClearHold(session));
  session.hold_expires_at += absl::Hours(1);
  EXPECT_TRUE(*store_.ClearHold(session));
}

DRAMATIS_ON_EVERY_ENGINE(SessionUpkeepStoreTest);

}  // namespace
}  // namespace dramatis::conversation
