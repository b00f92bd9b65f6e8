#include "gateway/routing/sse.h"

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/openai/v1/openai.pb.h"

#include "gateway/testing/tables.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using conversation::v1::ChatEvent;

std::string FrameOf(const std::string& wire) {
  const TestTables& tables = TestTables::Get();
  std::string out;
  const RpcMethod& method =
      tables.Method("dramatis.conversation.v1.ConversationService.StreamChat");
  return tables.transcoder->AppendEvent(method, wire, out) ? out : "broken";
}

TEST(SseTest, AnEventIsItsOneofsField) {
  ChatEvent event;
  event.mutable_delta()->set_text("a\nb");
  event.set_cursor("7:1:3");
  EXPECT_EQ(FrameOf(event.SerializeAsString()),
            "event: delta\nid: 7:1:3\ndata: {\"text\":\"a\\nb\"}\n\n");
}

TEST(SseTest, NamesAreTheMethods) {
  ChatEvent event;
  event.mutable_start()->set_turn_id("7");
  EXPECT_EQ(FrameOf(event.SerializeAsString()),
            "event: start\n"
            "data: {\"turn_id\":\"7\",\"session_id\":\"\",\"user_message_id\":\"\"}\n\n");
}

TEST(SseTest, LeavesOutACursorThatWouldBreakTheFrame) {
  for (const std::string& cursor :
       {std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3)}) {
    ChatEvent event;
    event.mutable_delta();
    event.set_cursor(cursor);
    EXPECT_EQ(FrameOf(event.SerializeAsString()), "event: delta\ndata: {\"text\":\"\"}\n\n");
  }
}

TEST(SseTest, AMessageWithoutAnEventIsNothing) {
  EXPECT_EQ(FrameOf(""), "");
}

TEST(SseTest, RefusesBytesThatAreNoMessage) {
  EXPECT_EQ(FrameOf("\x12\x05"
                    "a"),
            "broken");
  EXPECT_EQ(FrameOf("\x12\x02\x0a\x05"), "broken");
}

TEST(SseTest, OtherFormsAreTheDataAlone) {
  const TestTables& tables = TestTables::Get();
  const RpcMethod& chunks = tables.Method("dramatis.openai.v1.OpenAiService.StreamChatCompletion");
  openai::v1::ChatCompletionChunk chunk;
  chunk.set_id("7");
  chunk.add_choices()->mutable_delta()->set_content("a\nb");
  std::string out;
  EXPECT_TRUE(tables.transcoder->AppendEvent(chunks, chunk.SerializeAsString(), out));
  EXPECT_EQ(
      out,
      "data: {\"id\":\"7\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[{\"index\":0,"
      "\"delta\":{\"content\":\"a\\nb\"}}]}\n\n");
  out.clear();
  tables.transcoder->Events(chunks).AppendEnd(out);
  tables.transcoder->Events(chunks).AppendProblem("{}", "7", out);
  EXPECT_EQ(out, "data: [DONE]\n\ndata: {}\n\n");
  EXPECT_FALSE(tables.transcoder->AppendEvent(chunks, "\x0a\x05", out));

  const RpcMethod& events = tables.Method("dramatis.openai.v1.OpenAiService.StreamResponse");
  out.clear();
  tables.transcoder->Events(events).AppendOpening(out);
  tables.transcoder->Events(events).AppendEnd(out);
  EXPECT_EQ(out, ": ping\n\n");
}

TEST(SseTest, WritesFramesOfGivenText) {
  std::string out;
  AppendSseEvent(out, "error", "", "{}");
  AppendSseEvent(out, "", "5", "a\nb");
  EXPECT_EQ(out, "event: error\ndata: {}\n\nid: 5\ndata: a\ndata: b\n\n");
}

}  // namespace
}  // namespace dramatis::gateway
