// Transcripts and retention on a real store and a real folder.
#include "services/conversation/sql/transcripts/transcripts.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sessions/retention.h"
#include "services/conversation/sql/accounts.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/testing/store_fixture.h"
#include "services/conversation/transcripts/transcripts.h"
#include "shared/log/log.h"
#include "shared/objects/folder.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace fs = std::filesystem;

class TranscriptsTest : public ConversationStoreTest {
 protected:
  ~TranscriptsTest() override { fs::remove_all(folder_); }

  SessionRow Said(const std::string& session_id, int turns = 1) {
    SessionRow session = Conversation(session_id);
    for (int i = 0; i < turns; ++i) {
      clock_.Advance(absl::Seconds(1));
      const TurnJob job = MustStart(session, "Hello " + std::to_string(i));
      EXPECT_TRUE(turns_.EndTurn(Done(job, "Hi " + std::to_string(i)), nullptr).ok());
    }
    return Now(session);
  }
  SessionRow Now(const SessionRow& session) {
    return **store_.FindSession(session.conversation_id);
  }
  void EndNow(const SessionRow& session) {
    ASSERT_TRUE(store_.EndSession(session.conversation_id, clock_.Now(), NoKey()).ok());
  }
  // Memory has been told of everything.
  void TellMemory() {
    ASSERT_TRUE(
        db().Write([](sql::Transaction& tx) {
              return tx.ExecuteText("update memory_outbox set pending = false", {}).status();
            })
            .ok());
  }
  absl::Status Keep() {
    TellMemory();
    Retention retention(store_, rows_, transcripts_, rules_, clock_, *logger_,
                        [this](const SessionRow& row) { released_.push_back(row.session_id); });
    return retention.Run();
  }
  std::string Body(const std::string& session_id) {
    const std::ifstream file(folder_ / "alice" / (session_id + ".json"));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::vector<std::string> Texts(const SessionRow& session,
                                 bool descending = false,
                                 int beyond = 0,
                                 int limit = 100) {
    const auto messages = transcripts_.Messages({.conversation_id = session.conversation_id,
                                                 .descending = descending,
                                                 .beyond_sequence = beyond,
                                                 .limit = limit});
    EXPECT_TRUE(messages.ok()) << messages.status();
    std::vector<std::string> texts;
    for (const MessageRow& message : *messages)
      texts.push_back(message.content);
    return texts;
  }

  static fs::path NewFolder() {
    std::string folder = (fs::temp_directory_path() / "transcripts-XXXXXX").string();
    return mkdtemp(folder.data());
  }

  const fs::path folder_ = NewFolder();
  objects::FolderObjects objects_{folder_};
  SqlTranscriptStore rows_{db()};
  Transcripts transcripts_{rows_, store_, &objects_, clock_};
  Retention::Rules rules_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  std::vector<std::string> released_;
};

TEST_P(TranscriptsTest, AreWrittenOnceASessionIsQuietOrOver) {
  const SessionRow quiet = Said("quiet");
  const SessionRow ended = Said("ended", 2);
  EndNow(ended);
  ASSERT_TRUE(Keep().ok());
  EXPECT_EQ(Body("quiet"), "");
  EXPECT_THAT(Body("ended"), HasSubstr(R"("content":"Hi 1")"));

  clock_.Advance(Retention::kQuiet);
  ASSERT_TRUE(Keep().ok());
  const std::string first = Body("quiet");
  EXPECT_THAT(first, HasSubstr(R"("content":"Hello 0")"));
  ASSERT_TRUE(turns_.EndTurn(Done(MustStart(quiet, "More")), nullptr).ok());
  ASSERT_TRUE(Keep().ok());
  EXPECT_EQ(Body("quiet"), first) << "it is not quiet any more";
  clock_.Advance(Retention::kQuiet);
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Body("quiet"), HasSubstr(R"("content":"More")"));
  EXPECT_TRUE((*rows_.Sessions("", 10))[0].up_to_date());
  EXPECT_THAT(Messages(quiet.conversation_id), SizeIs(4)) << "nothing is taken away";
}

TEST_P(TranscriptsTest, OfATemporarySessionThereIsNone) {
  SessionRow temporary = Conversation("t");
  temporary.temporary = true;
  ASSERT_TRUE(turns_.EndTurn(Done(MustStart(temporary)), nullptr).ok());
  clock_.Advance(absl::Hours(5));
  ASSERT_TRUE(Keep().ok());
  EXPECT_EQ(Body("t"), "");
}

TEST_P(TranscriptsTest, HaveTheMessagesWhenTheRowsAreGone) {
  rules_.rows = absl::Hours(24);
  const SessionRow session = Said("s", 3);
  const std::vector<MessageRow> before = Messages(session.conversation_id);
  EndNow(session);
  clock_.Advance(absl::Hours(24));
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Messages(session.conversation_id), SizeIs(6)) << "first it is written";
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Messages(session.conversation_id), IsEmpty());
  EXPECT_EQ(Count("turns"), 0);
  EXPECT_THAT(Sessions([](SessionFilter& f) { f.words = {"hello"}; }), IsEmpty());
  EXPECT_THAT(Sessions(Any), ElementsAre("s"));

  EXPECT_THAT(Texts(session), ElementsAre("Hello 0", "Hi 0", "Hello 1", "Hi 1", "Hello 2", "Hi 2"));
  EXPECT_THAT(Texts(session, false, 2, 2), ElementsAre("Hello 1", "Hi 1"));
  EXPECT_THAT(Texts(session, true, 0, 2), ElementsAre("Hi 2", "Hello 2"));
  EXPECT_THAT(Texts(session, true, 3, 9), ElementsAre("Hi 0", "Hello 0"));
  ASSERT_TRUE(transcripts_.BringBackAll("alice").ok());
  ASSERT_TRUE(transcripts_.BringBackAll("alice").ok()) << "once more changes nothing";
  const std::vector<MessageRow> after = Messages(session.conversation_id);
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].content, before[i].content);
    EXPECT_EQ(after[i].message_id, before[i].message_id);
    EXPECT_EQ(after[i].created_at, before[i].created_at);
    EXPECT_EQ(after[i].turn_id, before[i].turn_id);
    EXPECT_EQ(after[i].participant_id(), before[i].participant_id());
  }
  EXPECT_THAT(Sessions([](SessionFilter& f) { f.words = {"hello"}; }), ElementsAre("s"));
  EXPECT_THAT(Texts(session), SizeIs(6)) << "of the rows, by whoever had found none";
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Messages(session.conversation_id), SizeIs(6)) << "they stay a day";
  clock_.Advance(Retention::kBroughtBack);
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Messages(session.conversation_id), IsEmpty());
}

TEST_P(TranscriptsTest, NothingIsPurgedThatIsNotThere) {
  rules_.rows = absl::Hours(1);
  const SessionRow session = Said("s");
  EndNow(session);
  ASSERT_TRUE(Keep().ok());
  std::ofstream(folder_ / "alice/s.json") << "[]";  // somebody else's hand
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Messages(session.conversation_id), SizeIs(2));
  EXPECT_THAT(Body("s"), HasSubstr("Hello 0")) << "it is written anew";
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Messages(session.conversation_id), IsEmpty());

  fs::remove(folder_ / "alice/s.json");
  const auto read = transcripts_.Messages({.conversation_id = session.conversation_id});
  EXPECT_TRUE(absl::IsNotFound(read.status())) << "a failed read is no empty history";
  EXPECT_FALSE(transcripts_.BringBack(session.conversation_id).ok());
  Transcripts none(rows_, store_, nullptr, clock_);
  EXPECT_TRUE(
      absl::IsUnavailable(none.Messages({.conversation_id = session.conversation_id}).status()));
}

TEST_P(TranscriptsTest, WhatMemoryHasNotHeardOfIsNotPurged) {
  const SessionRow said = Said("s");
  EndNow(said);
  ASSERT_TRUE(transcripts_.Write(Now(said)).ok());
  EXPECT_FALSE(*rows_.Purge(Now(said), clock_.Now()));
  TellMemory();
  EXPECT_TRUE(*rows_.Purge(Now(said), clock_.Now()));
}

TEST_P(TranscriptsTest, ASessionThatChangesIsNeitherWrittenNorPurged) {
  const SessionRow old = Said("s");
  ASSERT_TRUE(transcripts_.Write(old).ok());
  clock_.Advance(absl::Seconds(1));
  const TurnJob running = MustStart(old, "More");
  TellMemory();
  EXPECT_FALSE(*rows_.Begin(Now(old), "alice/s.json", clock_.Now(), clock_.Now() + kLease));
  EXPECT_FALSE(*rows_.Purge(old, clock_.Now()));
  ASSERT_TRUE(turns_.EndTurn(Done(running), nullptr).ok());
  EXPECT_FALSE(*rows_.Begin(old, "alice/s.json", clock_.Now(), clock_.Now() + kLease));
  TellMemory();
  SessionRow seen = Now(old);
  seen.ended_at = clock_.Now();
  EXPECT_FALSE(*rows_.Purge(seen, clock_.Now())) << "the transcript lacks what was said since";
}

TEST_P(TranscriptsTest, OneAtATimeWrites) {
  const SessionRow session = Said("s");
  const absl::Time ends = clock_.Now() + kLease;
  ASSERT_TRUE(*rows_.Begin(session, "alice/s.json", clock_.Now(), ends));
  EXPECT_FALSE(*rows_.Begin(session, "alice/s.json", clock_.Now(), ends + kLease));
  clock_.Advance(kLease);
  EXPECT_TRUE(*rows_.Begin(session, "alice/s.json", clock_.Now(), ends + kLease));
  EXPECT_FALSE(*rows_.NoteWritten(session, "v1", ends)) << "it has lost its lease";
  EXPECT_TRUE(*rows_.NoteWritten(session, "v2", ends + kLease));
}

TEST_P(TranscriptsTest, GoWithTheirSession) {
  const SessionRow session = Said("s");
  ASSERT_TRUE(transcripts_.Write(session).ok());
  const absl::Time ends = clock_.Now() + kLease;
  ASSERT_TRUE(*rows_.Begin(session, "alice/s.json", clock_.Now(), ends));
  ASSERT_TRUE(store_.DeleteSession(session.conversation_id).ok());
  ASSERT_TRUE(Keep().ok());
  EXPECT_NE(Body("s"), "") << "whoever writes it just now would put it there again";
  EXPECT_FALSE(*rows_.NoteWritten(session, "v", ends));
  const SessionRow again = Said("s");  // under the same id
  EXPECT_FALSE(*rows_.Begin(again, "alice/s.json", clock_.Now(), ends + kLease));
  clock_.Advance(kLease);

  ASSERT_TRUE(Keep().ok());

  EXPECT_EQ(Body("s"), "");
  EXPECT_EQ(Count("transcripts"), 0);
  EXPECT_TRUE(*rows_.Begin(again, "alice/s.json", clock_.Now(), clock_.Now() + kLease));
}

TEST_P(TranscriptsTest, GoWithTheAccount) {
  const SessionRow session = Said("s");
  ASSERT_TRUE(transcripts_.Write(session).ok());
  SqlAccountStore accounts(db());
  ASSERT_TRUE(accounts.Request("alice", "job", clock_.Now()).ok());
  const auto job = *accounts.Take(clock_.Now(), clock_.Now() + kLease);
  ASSERT_TRUE(accounts.Erase("alice", session.conversation_id).ok());
  EXPECT_FALSE(*accounts.Finish(*job)) << "a transcript is left";
  ASSERT_TRUE(transcripts_.DeleteAllOf("alice").ok());
  EXPECT_EQ(Body("s"), "");
  EXPECT_TRUE(*accounts.Finish(*job));
}

TEST_P(TranscriptsTest, WithoutATranscriptASessionIsDeletedInTheEnd) {
  Transcripts none(rows_, store_, nullptr, clock_);
  rules_.rows = absl::Hours(2);
  const SessionRow ended = Said("ended");
  EndNow(ended);
  clock_.Advance(absl::Hours(1));
  const SessionRow later = Said("later");
  clock_.Advance(absl::Hours(1));
  Retention retention(store_, rows_, none, rules_, clock_, *logger_,
                      [this](const SessionRow& row) { released_.push_back(row.session_id); });
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_THAT(released_, ElementsAre("ended"));
  EXPECT_THAT(Sessions(Any), ElementsAre("later"));
}

TEST_P(TranscriptsTest, AreDeletedInTheEnd) {
  rules_ = {.rows = absl::Hours(1), .transcripts = absl::Hours(3)};
  const SessionRow session = Said("s");
  EndNow(session);
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(Keep().ok());
  ASSERT_TRUE(Keep().ok());
  EXPECT_THAT(Messages(session.conversation_id), IsEmpty());
  EXPECT_NE(Body("s"), "");
  clock_.Advance(absl::Hours(2));
  ASSERT_TRUE(Keep().ok());
  ASSERT_TRUE(Keep().ok());
  EXPECT_EQ(Body("s"), "");
  EXPECT_THAT(Sessions(Any), IsEmpty());
}

TEST_P(TranscriptsTest, EverySessionHasItsTurn) {
  for (const char* id : {"a", "b", "c"})
    ASSERT_TRUE(store_.CreateSession(Conversation(id), NoKey()).ok());
  const Retention::Rules soon{.rows = absl::Hours(1), .at_once = 2};
  Transcripts none(rows_, store_, nullptr, clock_);
  Retention retention(store_, rows_, none, soon, clock_, *logger_,
                      [this](const SessionRow& row) { released_.push_back(row.session_id); });
  clock_.Advance(absl::Hours(2));
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_THAT(released_, SizeIs(2));
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_THAT(released_, UnorderedElementsAre("a", "b", "c"));
}

DRAMATIS_ON_EVERY_ENGINE(TranscriptsTest);

}  // namespace
}  // namespace dramatis::conversation
