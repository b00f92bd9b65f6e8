#include "gateway/routing/request_call.h"

#include "gateway/testing/tables.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

absl::StatusOr<RequestCall> Build(const HttpRequest& request) {
  const TestTables& tables = TestTables::Get();
  const RouteMatch match = tables.routes->Match(request.verb, request.path);
  EXPECT_EQ(match.outcome, RouteMatch::kFound) << request.path;
  Correlation correlation;
  correlation.id = "c-1";
  return tables.transcoder->requests().Build(match, request, correlation);
}

// "RpcName field: value ..." of a request, or its error.
std::string CallOf(const HttpRequest& request) {
  const auto call = Build(request);
  if (!call.ok()) {
    std::string text = GetReason(call.status());
    const auto bad_request = GetBadRequest(call.status());
    if (!bad_request.has_value()) return text;
    for (const auto& violation : bad_request->field_violations())
      text += " " + violation.field();
    return text;
  }
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(&call->method->input())->New());
  EXPECT_TRUE(message->ParseFromString(call->payload));
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*message, &text);
  return call->method->descriptor->name() + " " + text;
}

TEST(RequestCallTest, FillsTheRequestFromPathQueryAndBody) {
  struct Case {
    const char* verb;
    const char* target;
    const char* body;
    const char* call;
  };
  const Case cases[] = {
      {"GET", "/api/personas/7", "", "GetPersona persona_id: \"7\" "},
      {"HEAD", "/api/personas/7", "", "GetPersona persona_id: \"7\" "},
      {"GET", "/api/personas/a%2Fb/compatibility?with=8", "",
       R"(ComparePersonas persona_id: "a/b" with: "8" )"},
      {"GET", "/api/personas?ownerId=me&knowledge=arts", "",
       "ListPersonas owner_id: \"me\" knowledge: KNOWLEDGE_ARTS "},
      {"POST", "/api/chat", R"({"message":"hi","sessionId":"s","persona_id":"p"})",
       R"(Chat message: "hi" session_id: "s" persona_id: "p" )"},
      {"POST", "/api/chat", "", "Chat "},
      {"POST", "/api/personas", R"({"name":"Ada","type":"human"})",
       "CreatePersona persona { name: \"Ada\" type: PERSONA_TYPE_HUMAN } "},
      {"POST", "/api/personas", "", "CreatePersona persona { } "},
      {"POST", "/api/session", R"({"metadata":{"a":[1]},"ttl_seconds":60})",
       "CreateSession metadata { fields { key: \"a\" value { list_value { values { number_value: 1 "
       "} } } } } ttl_seconds: 60 "},
      {"POST", "/api/personas",
       R"({"responseDelay":{"minMs":1e2,"maxMs":2.0},"modelConfig":{"temperature":1}})",
       "CreatePersona persona { model_config { temperature: 1 } response_delay { min_ms: 100 "
       "max_ms: 2 } } "},
      {"POST", "/api/turns/7/cancel", "{}", "CancelTurn turn_id: \"7\" "},
      {"DELETE", "/api/session/s", "", "EndSession session_id: \"s\" "},
      {"POST", "/api/session/s/end", "", "EndSession session_id: \"s\" "},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(CallOf(MakeRequest(c.verb, c.target, c.body)), c.call) << c.verb << " " << c.target;
  }
}

TEST(RequestCallTest, MakesTheUpdateMaskOfWhatTheBodyNames) {
  EXPECT_EQ(CallOf(MakeRequest("PATCH", "/api/personas/7",
                               R"({"isPublic":false,"personality":{"empathy":1},"etag":"3"})")),
            "UpdatePersona persona_id: \"7\" persona { personality { empathy: 1 } etag: \"3\" } "
            "update_mask { paths: \"is_public\" paths: \"personality.empathy\" } ");
  EXPECT_EQ(CallOf(MakeRequest("PUT", "/api/profile", R"({"bio":null})")),
            "UpdateProfile profile { } update_mask { paths: \"bio\" } ");
  EXPECT_EQ(CallOf(MakeRequest("PUT", "/api/profile", "{}")),
            "UpdateProfile profile { } update_mask { } ");
}

TEST(RequestCallTest, TakesAGivenUpdateMask) {
  EXPECT_EQ(CallOf(MakeRequest("PATCH", "/api/personas/7?updateMask=isPublic,name",
                               R"({"isPublic":true})")),
            "UpdatePersona persona_id: \"7\" persona { is_public: true } update_mask { paths: "
            "\"is_public\" paths: \"name\" } ");
}

TEST(RequestCallTest, TakesTheStreamingTwinWhereAsked) {
  const auto rpc = [](const HttpRequest& request) {
    const auto call = Build(request);
    return call.ok() ? call->method->descriptor->name() : std::string(call.status().message());
  };
  const char* body = R"({"message":"a"})";
  EXPECT_EQ(rpc(MakeRequest("POST", "/api/chat", R"({"message":"a","stream":true})")),
            "StreamChat");
  EXPECT_EQ(rpc(MakeRequest("POST", "/api/chat", R"({"message":"a","stream":false})")), "Chat");
  for (const char* accept :
       {"text/event-stream", "Text/Event-Stream; q=0.5", "application/json, text/event-stream"}) {
    EXPECT_EQ(rpc(MakeRequest("POST", "/api/chat", body, {{"accept", accept}})), "StreamChat");
  }
  for (const char* accept : {"*/*", "application/json", "text/event-stream;q=0", "text/*"}) {
    EXPECT_EQ(rpc(MakeRequest("POST", "/api/chat", body, {{"accept", accept}})), "Chat");
  }
  EXPECT_EQ(rpc(MakeRequest("GET", "/api/turns/7/stream")), "StreamTurn");
}

TEST(RequestCallTest, LastEventIdIsTheCursor) {
  EXPECT_EQ(CallOf(MakeRequest("GET", "/api/turns/7/stream", "", {{"Last-Event-ID", "7:1:5"}})),
            R"(StreamTurn turn_id: "7" cursor: "7:1:5" )");
  EXPECT_EQ(CallOf(MakeRequest("GET", "/api/turns/7/stream?cursor=7:1:2", "",
                               {{"Last-Event-ID", "7:1:5"}})),
            R"(StreamTurn turn_id: "7" cursor: "7:1:5" )");
  EXPECT_EQ(CallOf(MakeRequest("GET", "/api/turns/7/stream", "", {{"Last-Event-ID", "\xff"}})),
            "INVALID_CURSOR Last-Event-ID");
}

TEST(RequestCallTest, RefusesWhatItDoesNotKnow) {
  struct Case {
    const char* verb;
    const char* target;
    const char* body;
    const char* error;
  };
  const Case cases[] = {
      {"GET", "/api/personas/7?x=1", "", "VALIDATION_FAILED x"},
      {"GET", "/api/personas/7?personaId=8", "", "VALIDATION_FAILED personaId"},
      {"POST", "/api/chat?message=a", R"({"message":"a"})", "VALIDATION_FAILED message"},
      {"POST", "/api/personas?persona=a", "{}", "VALIDATION_FAILED persona"},
      {"POST", "/api/personas", R"({"nmae":"a"})", "VALIDATION_FAILED nmae"},
      {"POST", "/api/turns/7/cancel", R"({"turn_id":"8"})", "VALIDATION_FAILED turn_id"},
      {"POST", "/api/chat", "{", "MALFORMED_JSON body"},
      {"GET", "/api/personas", "{}", "MALFORMED_REQUEST body"},
      {"DELETE", "/api/personas/7", "{}", "MALFORMED_REQUEST body"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(CallOf(MakeRequest(c.verb, c.target, c.body)), c.error) << c.verb << " " << c.target;
  }
}

TEST(RequestCallTest, TakesJsonInUtf8Only) {
  const auto error = [](const char* type) {
    return CallOf(MakeRequest("POST", "/api/chat", "{}", {{"content-type", type}}));
  };
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=UTF-8", "application/json ; charset=\"utf-8\""}) {
    EXPECT_EQ(error(type), "Chat ") << type;
  }
  for (const char* type : {"", "text/plain", "application/problem+json", "application/jsonx",
                           "application/json; charset=latin1", "multipart/form-data"}) {
    EXPECT_EQ(error(type), "UNSUPPORTED_MEDIA_TYPE Content-Type") << type;
  }
  EXPECT_EQ(
      CallOf(MakeRequest("POST", "/api/chat", "{}",
                         {{"content-type", "application/json"}, {"content-encoding", "gzip"}})),
      "UNSUPPORTED_MEDIA_TYPE Content-Encoding");
}

TEST(RequestCallTest, PassesOnIdentityAndRetryHeaders) {
  const auto call = Build(MakeRequest("DELETE", "/api/personas/7", "",
                                      {{"Authorization", "Bearer local:ada"},
                                       {"If-Match", "\"3\""},
                                       {"Idempotency-Key", "k 1"},
                                       {"Cookie", "secret"}}));
  ASSERT_TRUE(call.ok()) << call.status();
  // Whom credentials name is found out before; they go no further.
  EXPECT_THAT(call->metadata, Not(Contains(Pair("authorization", ::testing::_))));
  EXPECT_THAT(call->metadata, Contains(Pair("if-match", "\"3\"")));
  EXPECT_THAT(call->metadata, Contains(Pair("idempotency-key", "k 1")));
  EXPECT_THAT(call->metadata, Contains(Pair("x-correlation-id", "c-1")));
  EXPECT_THAT(call->metadata, Not(Contains(Pair("cookie", ::testing::_))));
}

TEST(RequestCallTest, PassesOnEveryLineOfIfMatch) {
  const auto call = Build(
      MakeRequest("DELETE", "/api/personas/7", "", {{"If-Match", "\"3\""}, {"if-match", "\"4\""}}));
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_THAT(call->metadata, Contains(Pair("if-match", "\"3\"")));
  EXPECT_THAT(call->metadata, Contains(Pair("if-match", "\"4\"")));
}

TEST(RequestCallTest, RefusesHeadersThatCannotBePassedOn) {
  const std::string long_key(129, 'k');
  for (const std::string& key : {std::string(), long_key, std::string("k\x01"), std::string("é")}) {
    EXPECT_THAT(CallOf(MakeRequest("POST", "/api/chat", "{}", {{"idempotency-key", key}})),
                HasSubstr("VALIDATION_FAILED"))
        << key;
  }
  EXPECT_THAT(CallOf(MakeRequest("POST", "/api/chat", "{}",
                                 {{"Idempotency-Key", "a"}, {"idempotency-key", "b"}})),
              HasSubstr("VALIDATION_FAILED Idempotency-Key"));
  EXPECT_TRUE(Build(MakeRequest("DELETE", "/api/personas/7", "",
                                {{"Idempotency-Key", "a"}, {"idempotency-key", "a"}}))
                  .ok());
  EXPECT_THAT(CallOf(MakeRequest("DELETE", "/api/personas/7", "",
                                 {{"if-match", "\"3\""}, {"if-match", "\"\xff\""}})),
              HasSubstr("VALIDATION_FAILED if-match"));
}

}  // namespace
}  // namespace dramatis::gateway
