// What of personas' lore fired, as it is kept.
#include "services/conversation/sql/lore/lore_firings.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LoreFiringsStoreTest : public ConversationStoreTest {
 protected:
  // Answers a message with these entries told, which then stay for a while.
  void Answer(const SessionRow& session, const std::vector<std::string>& entries) {
    const TurnJob job = MustStart(session);
    TurnEnd end = Done(job);
    for (const std::string& entry : entries) {
      const int sequence = job.turn.trigger_sequence;
      end.firings.push_back({.entry_id = entry,
                             .sequence = sequence,
                             .sticky_until = sequence + 4,
                             .cooldown_until = 0});
    }
    ASSERT_TRUE(turns_.EndTurn(end, nullptr).ok());
  }
  std::vector<std::string> Firings(const std::string& conversation_id,
                                   const std::string& persona_id = "ada") {
    std::vector<std::string> firings;
    const auto found = store_.LoreFirings(conversation_id, persona_id);
    for (const LoreFiring& firing : *found) {
      firings.push_back(absl::StrCat(firing.entry_id, " ", firing.sequence, " ",
                                     firing.sticky_until, " ", firing.cooldown_until));
    }
    std::sort(firings.begin(), firings.end());
    return firings;
  }
};

TEST_P(LoreFiringsStoreTest, AreWrittenWithTheEndOfTheTurn) {
  const SessionRow session = Conversation("s1");
  Answer(session, {"a", "b"});
  EXPECT_THAT(Firings(session.conversation_id), ElementsAre("a 1 5 0", "b 1 5 0"));
  Answer(session, {"a"});
  EXPECT_THAT(Firings(session.conversation_id), ElementsAre("a 3 7 0", "b 1 5 0"));
  EXPECT_THAT(Firings(session.conversation_id, "bob"), IsEmpty());
  EXPECT_THAT(Firings(Conversation("s2").conversation_id), IsEmpty());
}

TEST_P(LoreFiringsStoreTest, OfATurnThatLostItsLeaseNothingIsKept) {
  const SessionRow session = Conversation("s1");
  TurnEnd end = Done(MustStart(session));
  end.turn.fence += 1;
  end.firings = {{.entry_id = "a", .sequence = 1, .sticky_until = 3, .cooldown_until = 0}};
  ASSERT_TRUE(turns_.EndTurn(end, nullptr).ok());
  EXPECT_THAT(Firings(session.conversation_id), IsEmpty());
}

TEST_P(LoreFiringsStoreTest, GoWithTheSession) {
  const SessionRow session = Conversation("s1");
  Answer(session, {"a"});
  ASSERT_TRUE(store_.DeleteSession(session.conversation_id).ok());
  EXPECT_EQ(Count("lore_firings"), 0);
}

TEST_P(LoreFiringsStoreTest, AForkTakesOverWhatFiredBefore) {
  const SessionRow session = Conversation("s1");
  Answer(session, {"a"});
  Answer(session, {"b"});
  NewFork fork;
  fork.source_conversation_id = session.conversation_id;
  fork.session = Conversation("fork");
  fork.sequence = 2;
  fork.new_id = [this] { return ids_.NewId(); };
  ASSERT_TRUE(turns_.ForkSession(fork, NoKey()).ok());
  EXPECT_THAT(Firings(fork.session.conversation_id), ElementsAre("a 1 5 0"));
}

DRAMATIS_ON_EVERY_ENGINE(LoreFiringsStoreTest);

}  // namespace
}  // namespace dramatis::conversation
