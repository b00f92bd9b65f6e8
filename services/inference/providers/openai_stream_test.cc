#include "services/inference/providers/openai_stream.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "services/inference/transport/text_joiner.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

constexpr char kReplacement[] = "\xEF\xBF\xBD";
constexpr char kFinish[] = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
constexpr char kUsage[] =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9,"
    "\"prompt_tokens_details\":{\"cached_tokens\":5}}}\n\n";
constexpr char kDone[] = "data: [DONE]\n\n";

std::string Event(const std::string& data) {
  return absl::StrCat("data: ", data, "\n\n");
}
std::string Content(const std::string& json) {
  return Event(absl::StrCat(R"({"choices":[{"index":0,"delta":{"content":)", json,
                            R"(},"finish_reason":null}]})"));
}

struct Read {
  std::string text;
  OpenAiStream stream;
};

// All of a body, in pieces of so many bytes.
Read ReadAll(const std::string& body, size_t piece = std::string::npos) {
  Read read;
  for (size_t at = 0; at < body.size(); at += std::min(piece, body.size()))
    read.stream.Feed(std::string_view(body).substr(at, piece), read.text);
  read.stream.End(read.text);
  return read;
}

TEST(OpenAiStreamTest, ReadsAnAnswerWithItsUsageHoweverItIsCut) {
  const std::string body = absl::StrCat(Content("\"\""), Content("\"H\u00e9 \""),
                                        Content("\"\xF0\x9F\x98\x80!\""), kFinish, kUsage, kDone);
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    const Read read = ReadAll(body, piece);
    EXPECT_EQ(read.text, "H\u00e9 \xF0\x9F\x98\x80!") << piece;
    ASSERT_TRUE(read.stream.done());
    EXPECT_EQ(read.stream.end().finish_reason, "stop");
    ASSERT_TRUE(read.stream.end().tokens.has_value());
    EXPECT_EQ(read.stream.end().tokens->input_tokens, 7);
    EXPECT_EQ(read.stream.end().tokens->output_tokens, 9);
    EXPECT_EQ(read.stream.end().tokens->cached_tokens, 5);
  }
}

TEST(OpenAiStreamTest, PassesOverWhatIsNoChunk) {
  for (const char* const odd :
       {"{}",
        R"({"type":"ping"})",
        R"({"choices":null})",
        R"({"choices":{}})",
        R"({"choices":[7]})",
        R"({"choices":[null]})",
        R"({"choices":[{"delta":"x"}]})",
        R"({"choices":[{"message":3}]})",
        R"({"choices":[{"delta":{"content":7},"finish_reason":5}]})",
        R"({"choices":[{"finish_reason":""}]})",
        R"({"choices":[{"finish_reason":"null"}]})",
        R"({"usage":null})",
        R"({"usage":{}})",
        R"({"usage":[1]})",
        R"({"error":null})",
        R"({"error":false})",
        R"({"error":""})",
        R"({"error":{}})",
        "[]",
        "7",
        "null",
        "true",
        "ping",
        "\"text\"",
        "\xFF",
        "{\"note\":\"\xFF\xFE\"}",
        R"({"note":"\ud83d"})",
        "{\"note\":\"\t\"}",
        R"({"choices":[{"delta":{"reasoning_content":"Hm.","tool_calls":[{}]}}]})"}) {
    const std::string event = Event(odd);
    const Read read = ReadAll(absl::StrCat(event, Content("\"a\""), event, Content("\"b\""), event,
                                           kFinish, event, kUsage, event, kDone));
    EXPECT_EQ(read.text, "ab") << odd;
    EXPECT_FALSE(read.stream.failure().has_value()) << odd;
    ASSERT_TRUE(read.stream.end().tokens.has_value()) << odd;
    EXPECT_EQ(read.stream.end().tokens->output_tokens, 9) << odd;
  }
}

TEST(OpenAiStreamTest, ReadsTheChoiceThatWasAskedFor) {
  EXPECT_EQ(ReadAll(absl::StrCat(Event(R"({"choices":[{"index":1,"delta":{"content":"other"}},)"
                                       R"({"index":0,"delta":{"content":"main"}}]})"),
                                 kFinish))
                .text,
            "main");
}

TEST(OpenAiStreamTest, TakesNoNonsenseForCounts) {
  for (const char* const usage :
       {R"({"prompt_tokens":"5","completion_tokens":"9"})", R"({"prompt_tokens":-1})",
        R"({"prompt_tokens":1e300,"completion_tokens":9223372036854775808})", "{}", "[1]"}) {
    const Read read = ReadAll(absl::StrCat(
        Content("\"a\""), kFinish, Event(absl::StrCat(R"({"choices":[],"usage":)", usage, "}"))));
    EXPECT_FALSE(read.stream.end().tokens.has_value()) << usage;
  }
}

TEST(OpenAiStreamTest, PassesOverOtherFieldsOfEvents) {
  EXPECT_EQ(ReadAll(absl::StrCat(": hello\n\nevent: ping\nid: 7\nretry: 10\n\n", Content("\"a\""),
                                 "event: x\n", kFinish))
                .text,
            "a");
}

TEST(OpenAiStreamTest, JoinsHalvesOfPairs) {
  EXPECT_EQ(ReadAll(Content(R"("Hi \ud83d")") + Content(R"("\ude00 you")") + kFinish).text,
            "Hi \xF0\x9F\x98\x80 you");
  // An empty chunk between them changes nothing.
  EXPECT_EQ(
      ReadAll(Content(R"("\ud83d")") + Content("\"\"") + Content(R"("\ude00")") + kFinish).text,
      "\xF0\x9F\x98\x80");
  EXPECT_EQ(ReadAll(Content("\"\xF0\x9F\"") + Content("\"\x98\x80\"") + kFinish).text,
            "\xF0\x9F\x98\x80");
}

TEST(OpenAiStreamTest, ReplacesWhatIsNoCharacter) {
  const std::string a_b = absl::StrCat("a", kReplacement, "b");
  for (const char* const json : {R"("a\ud83d")", R"("a\ude00")", "\"a\xFF\"", "\"a\xC3\"",
                                 "\"a\xF0\x9F\x98\"", "\"a\xED\xA0\xBD\""}) {
    EXPECT_EQ(ReadAll(Content(json) + Content("\"b\"") + kFinish).text, a_b) << json;
  }
  // Nothing follows.
  EXPECT_EQ(ReadAll(Content(R"("a\ud83d")") + kFinish).text, absl::StrCat("a", kReplacement));
  EXPECT_EQ(ReadAll(Content(R"("\ud83dx")") + kFinish).text, absl::StrCat(kReplacement, "x"));
  // Escapes that only look like halves.
  EXPECT_EQ(ReadAll(Content(R"("\\ud83d \ud83d")") + kFinish).text,
            absl::StrCat("\\ud83d ", kReplacement));
}

TEST(OpenAiStreamTest, NothingTakesAFinishedAnswerBack) {
  for (const std::string& tail :
       {std::string("data: [DONE] \n\ndata: bye\n\n"), Event("{oops"), Event("bye"),
        Event(R"({"error":{"message":"late"}})"), Content("\"more\""),
        Event(R"({"choices":[{"delta":{},"finish_reason":"error"}]})"),
        Event(R"({"choices":[{"error":{"message":"late"}}]})"), Event(std::string(2'000'000, 'x')),
        std::string("data: {\"cut"), std::string()}) {
    const Read read = ReadAll(absl::StrCat(Content("\"a\""), kFinish, kUsage, tail));
    EXPECT_EQ(read.text, "a");
    EXPECT_FALSE(read.stream.failure().has_value());
    EXPECT_TRUE(read.stream.finished());
    EXPECT_EQ(read.stream.end().finish_reason, "stop");
    EXPECT_EQ(read.stream.end().tokens->output_tokens, 9);
  }
}

TEST(OpenAiStreamTest, TheEndMarkIsAnEndWithoutAReason) {
  const Read read = ReadAll(Content("\"a\"") + kDone + Content("\"b\""));
  EXPECT_TRUE(read.stream.done());
  EXPECT_EQ(read.text, "a");
  EXPECT_EQ(read.stream.end().finish_reason, "stop");
  EXPECT_FALSE(ReadAll(Content("\"a\"")).stream.finished());
}

TEST(OpenAiStreamTest, KeepsTheReasonWhereItIsAWord) {
  const auto reason = [](const std::string& word) {
    return ReadAll(
               Event(absl::StrCat(R"({"choices":[{"delta":{},"finish_reason":")", word, "\"}]}")))
        .stream.end()
        .finish_reason;
  };
  EXPECT_EQ(reason("length"), "length");
  EXPECT_EQ(reason("content_filter"), "content_filter");
  EXPECT_EQ(reason("\xFF"), "stop");
  EXPECT_EQ(reason(std::string(1000, 'x')), "stop");
}

TEST(OpenAiStreamTest, KnowsErrors) {
  const std::vector<std::pair<const char*, Kind>> cases = {
      {R"({"error":{"message":"overloaded"}})", Kind::kTransient},
      {R"({"error":"overloaded"})", Kind::kTransient},
      {R"({"error":{"message":"m","code":503}})", Kind::kTransient},
      {R"({"error":{"message":"m","code":"rate_limit_exceeded"}})", Kind::kBusy},
      {R"({"error":{"message":"m","code":"insufficient_quota"}})", Kind::kSpent},
      {R"({"error":{"message":"m","code":"context_length_exceeded"}})", Kind::kTooLarge},
      {R"({"error":{"message":"m","type":"invalid_request_error"}})", Kind::kRejected},
      {R"({"error":{"message":"m","code":401}})", Kind::kUnauthorized},
      {R"({"object":"error","message":"m","code":500})", Kind::kTransient},
      {R"({"type":"error","message":"m"})", Kind::kTransient},
      {R"({"choices":[{"delta":{},"error":{"message":"m","code":502}}]})", Kind::kTransient},
      {R"({"choices":[{"delta":{},"finish_reason":"error"}]})", Kind::kTransient},
      {R"({"choices":[{"finish_reason":"error","error":{"message":"m","code":429}}]})",
       Kind::kBusy}};
  for (const auto& [event, kind] : cases) {
    const Read read = ReadAll(Content("\"a\"") + Event(event) + Content("\"b\"") + kFinish);
    EXPECT_EQ(read.text, "a");
    ASSERT_TRUE(read.stream.failure().has_value()) << event;
    EXPECT_EQ(read.stream.failure()->kind, kind) << event;
    EXPECT_FALSE(read.stream.finished());
  }
}

TEST(OpenAiStreamTest, EndsOnWhatBeginsLikeAChunkAndOnSize) {
  for (const std::string& broken :
       {Event("{oops"), Event("{\"a\":"), Event("{" + std::string(2'000'000, ' ')),
        Event(absl::StrCat("{\"a\":", std::string(100'000, '[')))}) {
    const Read read = ReadAll(Content("\"a\"") + broken + Content("\"b\"") + kFinish);
    EXPECT_EQ(read.text, "a");
    ASSERT_TRUE(read.stream.failure().has_value());
    EXPECT_EQ(read.stream.failure()->kind, Kind::kBroken);
  }
}

TEST(OpenAiStreamTest, JoinsPartsOfTextAndLeavesOthersOut) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"([{"type":"thinking","thinking":"Hm."},{"type":"text","text":"Hi"}])", "Hi"},
      {R"([{"type":"text","text":"a"},{"type":"image_url"},{"text":"b"},"c",7,null,[]])", "abc"},
      {R"([{"type":"output_text","text":"a"},{"type":"refusal","refusal":"No."}])", "aNo."},
      {R"([{"type":"text","text":{"value":"a"}}])", ""},
      {R"({"type":"text","text":"Hi"})", "Hi"},
      {"[]", ""},
      {"null", ""}};
  for (const auto& [content, text] : cases) {
    EXPECT_EQ(ReadAll(Content(content) + kFinish).text, text) << content;
  }
  EXPECT_EQ(
      ReadAll(Event(R"({"choices":[{"delta":{"content":null,"refusal":"No."}}]})") + kFinish).text,
      "No.");
}

TEST(OpenAiStreamTest, ReadsAnAnswerThatIsOneDocument) {
  const std::string document =
      " \n{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi "
      "\\ud83d\\ude00\"}"
      "]},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}"
      "\n";
  for (const size_t piece : {size_t{1}, size_t{3}, std::string::npos}) {
    const Read read = ReadAll(document, piece);
    EXPECT_EQ(read.text, "Hi \xF0\x9F\x98\x80");
    EXPECT_EQ(read.stream.end().finish_reason, "length");
    EXPECT_EQ(read.stream.end().tokens->output_tokens, 9);
  }
  EXPECT_EQ(
      ReadAll(R"({"error":{"message":"m","code":"insufficient_quota"}})").stream.failure()->kind,
      Kind::kSpent);
  EXPECT_TRUE(ReadAll("{\"choices\":[").stream.failure().has_value());
  EXPECT_FALSE(ReadAll("<html>").stream.finished());
}

TEST(OpenAiStreamTest, TakesAWholeMessageOnlyWhereNothingWasSaid) {
  const std::string whole =
      Event(R"({"choices":[{"message":{"content":"ab"},"finish_reason":"stop"}]})");
  EXPECT_EQ(ReadAll(whole).text, "ab");
  EXPECT_EQ(ReadAll(Content("\"a\"") + Content("\"b\"") + whole).text, "ab");
}

// Whatever text, cut between any two of its UTF-16 units and escaped: it comes out as it was.
RC_GTEST_PROP(OpenAiStreamProperty, AnyTextComesOutHoweverItsUnitsAreCut, ()) {
  std::string expected;
  std::vector<uint32_t> units;
  const auto points = *rc::gen::container<std::vector<uint32_t>>(rc::gen::oneOf(
      rc::gen::inRange<uint32_t>(0x20, 0x7F), rc::gen::inRange<uint32_t>(0xA0, 0xD800),
      rc::gen::inRange<uint32_t>(0x10000, 0x110000)));
  std::string body;
  const auto add = [&](uint32_t unit) { body += absl::StrFormat("\\u%04x", unit); };
  body += R"(data: {"choices":[{"delta":{"content":")";
  const auto maybe_cut = [&] {
    if (*rc::gen::inRange(0, 3) == 0) {
      body += "\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"";
    }
  };
  for (const uint32_t point : points) {
    if (point < 0x10000) {
      add(point);
      if (point < 0x80) {
        expected += static_cast<char>(point);
      } else if (point < 0x800) {
        expected += static_cast<char>(0xC0 | (point >> 6));
        expected += static_cast<char>(0x80 | (point & 0x3F));
      } else {
        expected += static_cast<char>(0xE0 | (point >> 12));
        expected += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
        expected += static_cast<char>(0x80 | (point & 0x3F));
      }
    } else {
      add(0xD800 + ((point - 0x10000) >> 10));
      maybe_cut();
      add(0xDC00 + ((point - 0x10000) & 0x3FF));
      expected += static_cast<char>(0xF0 | (point >> 18));
      expected += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
      expected += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
      expected += static_cast<char>(0x80 | (point & 0x3F));
    }
    maybe_cut();
  }
  body += "\"}}]}\n\n";
  const Read read = ReadAll(body + kFinish, *rc::gen::inRange<size_t>(1, 40));
  RC_ASSERT(read.text == expected);
}

// Whatever the bytes, cut anywhere: valid UTF-8, the same as uncut, and nothing valid is lost.
RC_GTEST_PROP(TextJoinerProperty, MakesTheSameValidTextHoweverItIsCut, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::element(
      'a', '\xED', '\xA0', '\xBD', '\xB8', '\x80', '\xF0', '\x9F', '\xC3', '\xFF'));
  std::string whole;
  TextJoiner at_once;
  at_once.Push(bytes, whole);
  at_once.Finish(whole);
  std::string cut;
  TextJoiner joiner;
  for (const char byte : bytes)
    joiner.Push(std::string_view(&byte, 1), cut);
  joiner.Finish(cut);
  RC_ASSERT(IsValidUtf8(whole));
  RC_ASSERT(std::count(whole.begin(), whole.end(), 'a') ==
            std::count(bytes.begin(), bytes.end(), 'a'));
  RC_ASSERT(cut == whole);
}

}  // namespace
}  // namespace dramatis::inference
