// Shares of sessions, and sessions that are temporary.
#include "services/conversation/sql/shares.h"

#include <string>
#include <vector>

#include "dramatis/conversation/v1/shares.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SharesStoreTest : public ConversationStoreTest {
 protected:
  void Answer(const SessionRow& session, const std::string& reply) {
    ASSERT_TRUE(turns_.EndTurn(Done(MustStart(session), reply), nullptr).ok());
  }
  ShareRow ShareOf(const SessionRow& session, const std::string& token_hash) {
    ShareRow share;
    share.user_id = session.user_id;
    share.share_id = ids_.NewId();
    share.conversation_id = session.conversation_id;
    share.token_hash = token_hash;
    share.created_at = clock_.Now();
    return share;
  }
  std::vector<std::string> Shared(const std::string& token_hash) {
    const auto content = shares_.FindShared(token_hash, clock_.Now());
    EXPECT_TRUE(content.ok()) << content.status();
    if (!content->has_value()) return {};
    v1::SharedConversation shared;
    EXPECT_TRUE(shared.ParseFromString(**content));
    std::vector<std::string> texts;
    for (const auto& message : shared.messages())
      texts.push_back(message.content());
    return texts;
  }

  SqlShareStore shares_{db()};
};

TEST_P(SharesStoreTest, KeepsTheSessionAsItWas) {
  const SessionRow session = Conversation("s1");
  Answer(session, "one");
  ASSERT_TRUE(shares_.CreateShare(ShareOf(session, "hash"), NoKey()).ok());
  Answer(session, "two");

  EXPECT_THAT(Shared("hash"), ElementsAre("Hello", "one"));
  EXPECT_THAT(Shared("other"), IsEmpty());
  EXPECT_THAT(*shares_.ListShares("alice", session.conversation_id), SizeIs(1));
  EXPECT_THAT(*shares_.ListShares("bob", session.conversation_id), IsEmpty());
}

TEST_P(SharesStoreTest, NobodyReadsWhatWasRevokedHasExpiredOrWasDeleted) {
  const SessionRow session = Conversation("s1");
  Answer(session, "one");
  const ShareRow revoked = ShareOf(session, "revoked");
  ShareRow brief = ShareOf(session, "brief");
  brief.expires_at = clock_.Now() + absl::Minutes(1);
  for (const ShareRow& share : {revoked, brief, ShareOf(session, "kept")})
    ASSERT_TRUE(shares_.CreateShare(share, NoKey()).ok());
  EXPECT_THAT(Shared("brief"), SizeIs(2));

  ASSERT_TRUE(shares_.DeleteShare("alice", session.conversation_id, revoked.share_id).ok());
  clock_.Advance(absl::Minutes(1));

  EXPECT_THAT(Shared("revoked"), IsEmpty());
  EXPECT_THAT(Shared("brief"), IsEmpty());
  EXPECT_THAT(Shared("kept"), SizeIs(2));
  EXPECT_TRUE(
      absl::IsNotFound(shares_.DeleteShare("alice", session.conversation_id, revoked.share_id)));
  EXPECT_TRUE(
      absl::IsNotFound(shares_.DeleteShare("bob", session.conversation_id, brief.share_id)));
  ASSERT_TRUE(store_.DeleteSession(session.conversation_id).ok());
  EXPECT_THAT(Shared("kept"), IsEmpty());
  EXPECT_EQ(Count("share_tokens"), 0);
}

TEST_P(SharesStoreTest, ASessionHasSoManySharesAtMost) {
  const SessionRow session = Conversation("s1");
  Answer(session, "one");
  for (int i = 0; i < kMaxShares; ++i)
    ASSERT_TRUE(shares_.CreateShare(ShareOf(session, std::to_string(i)), NoKey()).ok());

  const auto more = shares_.CreateShare(ShareOf(session, "more"), NoKey());

  EXPECT_EQ(GetReason(more.status()), "SHARE_QUOTA_EXCEEDED");
  EXPECT_TRUE(absl::IsNotFound(
      shares_.CreateShare(ShareOf(Conversation("none"), "none"), NoKey()).status()));
}

TEST_P(SharesStoreTest, ATitleIsSetUnlessThereIsAnotherOne) {
  SessionRow named = Conversation("s1");
  named.title = "Mine";
  named.title_given = true;
  const SessionRow first_words = MustStart(Conversation("s2")).conversation;
  MustStart(named);

  ASSERT_TRUE(store_.SetTitle(named, "Yours").ok());
  ASSERT_TRUE(store_.SetTitle(first_words, "A greeting").ok());
  ASSERT_TRUE(store_.SetTitle(first_words, "Too late").ok());

  EXPECT_EQ((*store_.FindSession(named.conversation_id))->title, "Mine");
  EXPECT_EQ((*store_.FindSession(first_words.conversation_id))->title, "A greeting");
  EXPECT_THAT(Sessions([](SessionFilter& filter) { filter.words = {"greeting"}; }),
              ElementsAre("s2"));
}

TEST_P(SharesStoreTest, MemoryIsToldNothingOfATemporarySession) {
  SessionRow temporary = Conversation("s1");
  temporary.temporary = true;
  Answer(temporary, "one");
  EXPECT_EQ(Count("memory_outbox"), 0);
  Answer(Conversation("s2"), "one");
  EXPECT_EQ(Count("memory_outbox"), 1);
}

TEST_P(SharesStoreTest, ATemporarySessionIsGoneWhenItHasEnded) {
  SessionRow temporary = Conversation("s1");
  temporary.temporary = true;
  const SessionRow usual = Conversation("s2");
  const TurnJob job = MustStart(temporary);
  Answer(usual, "one");
  const auto gone = [&](const SessionRow& row) {
    EXPECT_TRUE(store_.DropTemporary(row, clock_.Now()).ok());
    return !store_.FindSession(row.conversation_id)->has_value();
  };
  EXPECT_FALSE(gone(temporary)) << "it has not ended";
  ASSERT_TRUE(store_.EndSession(temporary.conversation_id, clock_.Now(), NoKey()).ok());
  ASSERT_TRUE(store_.EndSession(usual.conversation_id, clock_.Now(), NoKey()).ok());
  EXPECT_FALSE(gone(temporary)) << "a turn runs in it";
  ASSERT_TRUE(turns_.EndTurn(Done(job), nullptr).ok());

  SessionRow another = temporary;
  another.created_at -= absl::Seconds(1);
  EXPECT_FALSE(gone(another));
  EXPECT_TRUE(gone(temporary));
  EXPECT_FALSE(gone(usual));
  EXPECT_THAT(Messages(temporary.conversation_id), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(SharesStoreTest);

}  // namespace
}  // namespace dramatis::conversation
