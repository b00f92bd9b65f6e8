#include "services/conversation/transcripts/layout.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

SessionRow SessionOf(int messages) {
  SessionRow session;
  session.user_id = "alice";
  session.persona_id = "ada";
  session.last_sequence = messages;
  return session;
}

TEST(TranscriptLayoutTest, IsWhatHistoryShows) {
  MessageRow message;
  message.sequence = 2;
  message.message_id = "m2";
  message.persona_id = "ada";
  message.content = "größer\n\"😀\"";
  message.created_at = absl::FromUnixMicros(1'764'237'600'500'001);
  message.turn_id = "t1";
  message.model = "openai/x";
  message.finish_reason = "stop";

  const std::string item = TranscriptItem(message);

  EXPECT_EQ(item, R"({"role":"assistant","content":"größer\n\"😀\"",)"
                  R"("timestamp":"2025-11-27T10:00:00.500001Z","message_id":"m2","sequence":2,)"
                  R"("metadata":{"finish_reason":"stop","model":"openai/x","turn_id":"t1"}})");
  const auto read = ReadTranscriptItem(item, SessionOf(2));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->content, message.content);
  EXPECT_EQ(read->created_at, message.created_at);
  EXPECT_EQ(read->persona_id, "ada");
  EXPECT_EQ(TranscriptItem(*read), item);
}

TEST(TranscriptLayoutTest, WritesTimesAsTheApiDoes) {
  for (const auto& [micros, text] :
       {std::pair{0, "T10:00:00Z"}, {500'000, "T10:00:00.500Z"}, {157'020, "T10:00:00.157020Z"}}) {
    MessageRow message;
    message.created_at = absl::FromUnixMicros(1'764'237'600'000'000 + micros);
    EXPECT_THAT(TranscriptItem(message), testing::HasSubstr(text));
  }
}

TEST(TranscriptLayoutTest, WhatIsNoMessageIsAnError) {
  const std::string good =
      R"({"role":"user","content":"Hi","timestamp":"2026-11-27T10:00:00Z","message_id":"m","sequence":1})";
  EXPECT_EQ(ReadTranscriptItem(good, SessionOf(1))->user_id, "alice");
  EXPECT_FALSE(ReadTranscriptItem(good, SessionOf(0)).ok()) << "the session has no such message";
  for (
      const std::string text :
      {"", "[]", "{}", R"({"role":"user")",
       R"({"role":"system","content":"Hi","timestamp":"2026-11-27T10:00:00Z","message_id":"m","sequence":1})",
       R"({"role":"user","content":"Hi","timestamp":"today","message_id":"m","sequence":1})",
       R"({"role":"user","content":"Hi","timestamp":"20261-11-27T10:00:00Z","message_id":"m","sequence":1})",
       R"({"role":"user","content":"Hi","timestamp":"2026-11-27T10:00:00Z","sequence":1})",
       R"({"role":"user","content":"Hi","timestamp":"2026-11-27T10:00:00Z","message_id":"m","sequence":-1})"}) {
    EXPECT_EQ(ReadTranscriptItem(text, SessionOf(1)).status().code(), absl::StatusCode::kInternal)
        << text;
  }
}

TEST(TranscriptLayoutTest, WhatAPersonaSaidOnlyHasMetadata) {
  for (const auto& [role, turn] : {std::pair("assistant", "t"), std::pair("user", "")}) {
    const std::string text = absl::StrCat(
        R"({"role":")", role,
        R"(","content":"Hi","timestamp":"2026-11-27T10:00:00Z","message_id":"m","sequence":1,)",
        R"("metadata":{"turn_id":"t"}})");
    EXPECT_EQ(ReadTranscriptItem(text, SessionOf(1))->turn_id, turn);
  }
}

}  // namespace
}  // namespace dramatis::conversation
