#include "services/conversation/sql/archives/user_data.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sessions/new_session.h"
#include "services/conversation/testing/store_fixture.h"
#include "shared/sql/testing/user_lines.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class ConversationUserDataTest : public ConversationStoreTest {
 protected:
  std::vector<std::string> Export(const std::string& user = "alice") {
    return sql::ExportedLines(db(), &ExportUser, user);
  }
  UserImport Import(const std::vector<std::string>& lines, const std::string& user = "alice") {
    return sql::ImportedLines(db(), &ImportUser, {.user_id = user, .now = clock_.Now()}, lines);
  }
  // As a deployment that has nobody yet.
  void Empty() {
    const absl::Status emptied = db().Write([](sql::Transaction& tx) -> absl::Status {
      for (const char* const table :
           {"conversations", "messages", "turns", "participants", "user_conversations",
            "user_sessions", "message_search", "memory_outbox"}) {
        const auto deleted = tx.ExecuteText(absl::StrCat("delete from ", table), {});
        if (!deleted.ok()) return deleted.status();
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(emptied.ok()) << emptied;
  }
  SessionRow Session() {
    SessionRow session = Conversation("s");
    session.conversation_id = ConversationIdOf("alice", "s");
    session.metadata.clear();
    return session;
  }
  SessionRow Live(int exchanges) {
    const SessionRow session = Session();
    for (int i = 0; i < exchanges; ++i) {
      clock_.Advance(absl::Seconds(1));
      const TurnJob job = MustStart(session, absl::StrCat("Question ", i, " größer 😀"));
      EXPECT_TRUE(turns_.EndTurn(Done(job, absl::StrCat("Answer ", i)), nullptr).ok());
    }
    return session;
  }
};

TEST_P(ConversationUserDataTest, WhatIsExportedComesBackTheSame) {
  const SessionRow session = Live(3);
  const std::vector<MessageRow> before = Messages(session.conversation_id);
  const std::vector<std::string> lines = Export();
  ASSERT_THAT(lines, SizeIs(1));
  Empty();
  ASSERT_THAT(Export(), IsEmpty());

  const UserImport import = Import(lines);

  EXPECT_THAT(import.left_out, IsEmpty());
  EXPECT_THAT(import.counts, ElementsAre(Pair("messages", 6), Pair("sessions", 1)));
  EXPECT_EQ(Export(), lines);
  const std::vector<MessageRow> after = Messages(session.conversation_id);
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].message_id, before[i].message_id);
    EXPECT_EQ(after[i].content, before[i].content);
    EXPECT_EQ(after[i].created_at, before[i].created_at);
    EXPECT_EQ(after[i].turn_id, before[i].turn_id);
  }
  // It goes on from there, and memory is told of none of it again.
  MustStart(session, "More");
  EXPECT_EQ(Messages(session.conversation_id).back().sequence, 7);
}

TEST_P(ConversationUserDataTest, TwiceChangesNothing) {
  Live(2);
  const std::vector<std::string> lines = Export();
  EXPECT_THAT(Import(lines).counts, ElementsAre(Pair("unchanged", 1)));
  EXPECT_EQ(Export(), lines);
}

TEST_P(ConversationUserDataTest, ALongSessionIsSeveralLinesOfWhichEachGoesOnWhereTheLastEnded) {
  const SessionRow session = Live(260);
  const std::vector<std::string> lines = Export();
  ASSERT_GT(lines.size(), 1);
  Empty();
  // Some of them came before, as where the process of a job died.
  Import({lines.begin(), lines.begin() + 1});
  Import(lines);
  EXPECT_EQ(Export(), lines);
  EXPECT_THAT(Messages(session.conversation_id), SizeIs(520));
}

TEST_P(ConversationUserDataTest, WhatSomebodyElseTakesIsTheirsAndLeavesTheFirstOnesAlone) {
  Live(1);
  const std::vector<std::string> lines = Export();
  Import(lines, "bob");
  EXPECT_EQ(Export(), lines);
  EXPECT_THAT(Export("bob"), SizeIs(1));
  EXPECT_EQ(Count("turns"), 1);  // whose ids are somebody's
}

TEST_P(ConversationUserDataTest, WhatWaitsOrRunsIsNoPartOfIt) {
  const SessionRow session = Live(1);
  const std::vector<std::string> lines = Export();
  MustStart(session, "Runs");
  NewTurn waiting = Turn(session, "Waits");
  waiting.create = std::nullopt;
  waiting.enqueue = true;
  ASSERT_TRUE(Start(waiting).ok());
  const std::vector<std::string> now = Export();
  ASSERT_THAT(now, SizeIs(1));
  EXPECT_EQ(now[0].find("Waits"), std::string::npos);
  EXPECT_NE(now[0].find("Runs"), std::string::npos);  // it has been said
}

TEST_P(ConversationUserDataTest, SaysWhatItCannotTake) {
  const UserImport import =
      Import({"{", R"({"future":{}})", R"({"session":{"sessionId":"a b","personaId":"p"}})",
              R"({"room":{"conversationId":"c","title":"Hall","own":true}})"});
  ASSERT_THAT(import.left_out, SizeIs(4));
  EXPECT_EQ(import.left_out[1].reason, "this version does not know what it is");
  EXPECT_THAT(Export(), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(ConversationUserDataTest);

}  // namespace
}  // namespace dramatis::conversation
