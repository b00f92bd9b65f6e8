#include "gateway/routing/problem.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "dramatis/conversation/v1/conversation.pb.h"
#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/openai/v1/openai.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "gateway/testing/tables.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using Code = absl::StatusCode;

const Route* RouteOf(const char* verb, const char* path) {
  return TestTables::Get().routes->Match(verb, path).route;
}

Problem Make(const absl::Status& error, const Route* route = nullptr, bool own = false) {
  return MakeProblem(error, TestTables::Get().reasons, {route, "/api/x", "c-1", own});
}

boost::json::object Document(const Problem& problem) {
  return boost::json::parse(problem.json).as_object();
}

TEST(ProblemTest, HasEveryMember) {
  const Problem problem = Make(NotFoundError("persona"));
  EXPECT_EQ(problem.status, 404);
  EXPECT_EQ(problem.json,
            R"({"type":"urn:dramatis:error:NOT_FOUND","title":"Not found","status":404,)"
            R"("detail":"there is no such persona","instance":"/api/x","code":"NOT_FOUND",)"
            R"("correlationId":"c-1"})");
}

TEST(ProblemTest, HasAnErrorForClientsOfOpenAisApiWhereItsServiceSaysSo) {
  const auto error_of = [](const absl::Status& error) {
    ProblemContext context{RouteOf("POST", "/v1/chat/completions"), "/v1/chat/completions", "c-1"};
    context.openai = true;
    const Problem problem = MakeProblem(error, TestTables::Get().reasons, context);
    return boost::json::serialize(Document(problem).at("error")) +
           (problem.no_retry ? " no retry" : "");
  };
  EXPECT_EQ(error_of(FieldErrors({{"messages[0].role", "is required"}})),
            R"({"message":"messages[0].role is required","type":"invalid_request_error",)"
            R"("param":"messages[0].role","code":"validation_failed"})");
  EXPECT_EQ(error_of(Error(Code::kInvalidArgument, openai::v1::ERROR_REASON_UNSUPPORTED_PARAMETER,
                           "n must be 1", {{"param", "n"}})),
            R"({"message":"n must be 1","type":"invalid_request_error","param":"n",)"
            R"("code":"unsupported_parameter"})");
  EXPECT_EQ(error_of(Error(Code::kUnauthenticated, errors::v1::ERROR_REASON_UNAUTHENTICATED, "no")),
            R"({"message":"no","type":"invalid_request_error","param":null,)"
            R"("code":"invalid_api_key"})");
  EXPECT_EQ(error_of(InternalError("a secret")),
            R"({"message":"Internal error","type":"server_error","param":null,"code":"internal"})");
  EXPECT_EQ(error_of(Error(Code::kFailedPrecondition, conversation::v1::ERROR_REASON_SESSION_ENDED,
                           "it ended")),
            R"({"message":"it ended","type":"invalid_request_error","param":null,)"
            R"("code":"session_ended"} no retry)");
  EXPECT_TRUE(RouteOf("POST", "/v1/chat/completions")->any().openai_errors);
  EXPECT_TRUE(TestTables::Get().routes->HasOpenAiErrors("/v1/anything"));
  EXPECT_FALSE(TestTables::Get().routes->HasOpenAiErrors("/api/x"));
}

TEST(ProblemTest, EveryReasonHasItsStatus) {
  namespace e = errors::v1;
  namespace c = conversation::v1;
  struct Case {
    absl::Status error;
    const char* code;
    int status;
  };
  const Case cases[] = {
      {Error(Code::kInvalidArgument, e::ERROR_REASON_VALIDATION_FAILED, ""), "VALIDATION_FAILED",
       400},
      {Error(Code::kInvalidArgument, e::ERROR_REASON_MALFORMED_JSON, ""), "MALFORMED_JSON", 400},
      {Error(Code::kInvalidArgument, e::ERROR_REASON_INVALID_CURSOR, ""), "INVALID_CURSOR", 400},
      {Error(Code::kUnauthenticated, e::ERROR_REASON_UNAUTHENTICATED, ""), "UNAUTHENTICATED", 401},
      {PermissionError(""), "PERMISSION_DENIED", 403},
      {Error(Code::kNotFound, e::ERROR_REASON_ROUTE_NOT_FOUND, ""), "ROUTE_NOT_FOUND", 404},
      {Error(Code::kUnimplemented, e::ERROR_REASON_METHOD_NOT_ALLOWED, ""), "METHOD_NOT_ALLOWED",
       405},
      {EtagMismatchError(), "ETAG_MISMATCH", 412},
      {Error(Code::kAlreadyExists, e::ERROR_REASON_IDEMPOTENCY_KEY_REUSED, ""),
       "IDEMPOTENCY_KEY_REUSED", 409},
      {Error(Code::kInvalidArgument, e::ERROR_REASON_BODY_TOO_LARGE, ""), "BODY_TOO_LARGE", 413},
      {Error(Code::kInvalidArgument, e::ERROR_REASON_HEADER_TOO_LARGE, ""), "HEADER_TOO_LARGE",
       431},
      {Error(Code::kInvalidArgument, e::ERROR_REASON_UNSUPPORTED_MEDIA_TYPE, ""),
       "UNSUPPORTED_MEDIA_TYPE", 415},
      {Error(Code::kResourceExhausted, e::ERROR_REASON_OVERLOADED, ""), "OVERLOADED", 429},
      {UnavailableError(""), "UNAVAILABLE", 503},
      {Error(Code::kDeadlineExceeded, e::ERROR_REASON_TIMEOUT, ""), "TIMEOUT", 504},
      {InternalError(""), "INTERNAL", 500},
      {Error(Code::kCancelled, e::ERROR_REASON_CANCELLED, ""), "CANCELLED", 499},
      {Error(Code::kInvalidArgument, e::ERROR_REASON_MALFORMED_REQUEST, ""), "MALFORMED_REQUEST",
       400},
      {Error(Code::kUnimplemented, e::ERROR_REASON_NOT_IMPLEMENTED, ""), "NOT_IMPLEMENTED", 501},
      {Error(Code::kAborted, e::ERROR_REASON_CONFLICT, ""), "CONFLICT", 409},
      {Error(Code::kFailedPrecondition, c::ERROR_REASON_SESSION_ENDED, ""), "SESSION_ENDED", 409},
      {Error(Code::kFailedPrecondition, c::ERROR_REASON_NOT_AN_AI_PERSONA, ""), "NOT_AN_AI_PERSONA",
       422},
      {Error(Code::kResourceExhausted, c::ERROR_REASON_SESSION_QUOTA_EXCEEDED, ""),
       "SESSION_QUOTA_EXCEEDED", 429},
      {Error(Code::kAlreadyExists, persona::v1::ERROR_REASON_PERSONA_NAME_TAKEN, ""),
       "PERSONA_NAME_TAKEN", 409},
      {Error(Code::kUnavailable, inference::v1::ERROR_REASON_PROVIDER_FAILED, ""),
       "PROVIDER_FAILED", 502},
      {Error(Code::kDeadlineExceeded, inference::v1::ERROR_REASON_PROVIDER_TIMEOUT, ""),
       "PROVIDER_TIMEOUT", 504},
      {Error(Code::kFailedPrecondition, inference::v1::ERROR_REASON_CONTEXT_TOO_LARGE, ""),
       "CONTEXT_TOO_LARGE", 422},
  };
  for (const Case& each : cases) {
    const Problem problem = Make(each.error);
    EXPECT_EQ(problem.code, each.code);
    EXPECT_EQ(problem.status, each.status) << each.code;
    EXPECT_FALSE(Document(problem)["title"].as_string().empty()) << each.code;
  }
}

// The field and the words of the first violation.
std::pair<std::string, std::string> FirstError(const ProblemContext& context,
                                               const std::string& field,
                                               const std::string& words) {
  const Problem problem =
      MakeProblem(FieldErrors({{field, words}}), TestTables::Get().reasons, context);
  const auto document = Document(problem);
  const auto& error = document.at("errors").as_array().at(0).as_object();
  return {std::string(error.at("field").as_string()), std::string(error.at("message").as_string())};
}

TEST(ProblemTest, NamesFieldsAsTheClientSpelledThem) {
  ProblemContext goal{RouteOf("POST", "/api/goals"), "/api/goals", "c-1"};
  constexpr const char* kWords = "must be before `start_value`, see goal_pattern and settings.x_y.";
  EXPECT_EQ(FirstError(goal, "goal.target.target_date", kWords),
            std::make_pair(std::string("target.targetDate"),
                           std::string("must be before `startValue`, see goalPattern and "
                                       "settings.x_y.")));
  goal.body = R"({"goal_pattern":"target","target":{"start_value":1,"target_date":"x"}})";
  EXPECT_EQ(FirstError(goal, "goal.target.target_date", kWords),
            std::make_pair(std::string("target.target_date"), std::string(kWords)));
  ProblemContext list{RouteOf("GET", "/api/personas"), "/api/personas", "c-1"};
  EXPECT_EQ(FirstError(list, "page_size", "x").first, "pageSize");
  list.query = "q=a&page_size=1000";
  EXPECT_EQ(FirstError(list, "page_size", "x").first, "page_size");
}

TEST(ProblemTest, ARetryIsAtMostADayAway) {
  for (const auto& [given, said] :
       {std::pair(absl::Seconds(99'999'999'999'999), 86'400),
        std::pair(absl::InfiniteDuration(), 86'400), std::pair(absl::Milliseconds(1'500), 2),
        std::pair(-absl::Seconds(3), 1)}) {
    const absl::Status error = WithRetryAfter(UnavailableError("x"), given);
    EXPECT_EQ(Make(error).retry_after_seconds, said) << given;
  }
}

TEST(ProblemTest, EveryCodeWithoutAReasonHasOne) {
  for (int code = 1; code <= 16; ++code) {
    const Problem problem = Make(absl::Status(static_cast<Code>(code), "x"));
    EXPECT_NE(TestTables::Get().reasons.Find(problem.code), nullptr) << problem.code;
    EXPECT_GE(problem.status, 400);
  }
}

TEST(ProblemTest, AReasonThatIsNotInTheListIsReplaced) {
  absl::Status error(Code::kNotFound, "x");
  google::rpc::ErrorInfo info;
  info.set_reason("MADE_UP");
  error.SetPayload("type.googleapis.com/google.rpc.ErrorInfo",
                   absl::Cord(absl::string_view(info.SerializeAsString())));
  EXPECT_EQ(Make(error).code, "NOT_FOUND");
}

TEST(ProblemTest, NamesFieldsAsTheClientKnowsThem) {
  const absl::Status error = FieldErrors({{"persona.model_config.top_p", "must be from 0 to 1"},
                                          {"persona.knowledge[2]", "is in the list twice"},
                                          {"persona", "is required"},
                                          {"update_mask", "names no field"}});
  const auto document = Document(Make(error, RouteOf("PATCH", "/api/personas/7")));
  const auto& errors = document.at("errors").as_array();
  ASSERT_EQ(errors.size(), 4U);
  EXPECT_EQ(errors[0].at("field").as_string(), "modelConfig.topP");
  EXPECT_EQ(errors[0].at("message").as_string(), "must be from 0 to 1");
  EXPECT_EQ(errors[1].at("field").as_string(), "knowledge[2]");
  EXPECT_EQ(errors[2].at("field").as_string(), "body");
  EXPECT_EQ(errors[3].at("field").as_string(), "updateMask");
  EXPECT_THAT(std::string(document.at("detail").as_string()), HasSubstr("modelConfig.topP must"));
}

TEST(ProblemTest, KeepsSnakeCaseWhereTheAnswersHaveIt) {
  const auto document =
      Document(Make(FieldErrors({{"session_id", "is wrong"}}), RouteOf("POST", "/api/chat")));
  EXPECT_EQ(document.at("errors").as_array()[0].at("field").as_string(), "session_id");
}

TEST(ProblemTest, NamesTheHeaderThatFillsAField) {
  const auto field = [](const char* query) {
    ProblemContext context{RouteOf("GET", "/api/turns/7/stream"), "/api/turns/7/stream", "c-1"};
    context.query = query;
    const Problem problem =
        MakeProblem(FieldErrors({{"cursor", "is none"}}), TestTables::Get().reasons, context);
    return std::string(Document(problem).at("errors").as_array()[0].at("field").as_string());
  };
  EXPECT_EQ(field(""), "Last-Event-ID");
  EXPECT_EQ(field("cursor=x"), "cursor");
}

TEST(ProblemTest, KeepsTheClientsOwnSpelling) {
  const auto document = Document(Make(FieldErrors({{"is_public", "must be a boolean"}}),
                                      RouteOf("POST", "/api/personas"), true));
  EXPECT_EQ(document.at("errors").as_array()[0].at("field").as_string(), "is_public");
}

TEST(ProblemTest, CarriesTheFactsOfTheError) {
  const absl::Status error =
      Error(Code::kFailedPrecondition, conversation::v1::ERROR_REASON_TURN_IN_PROGRESS,
            "a turn runs", {{"turn_id", "7"}, {"status", "not this one"}});
  EXPECT_EQ(Document(Make(error, RouteOf("POST", "/api/chat"))).at("turn_id").as_string(), "7");
  const auto camel = Document(Make(error, RouteOf("GET", "/api/personas")));
  EXPECT_EQ(camel.at("turnId").as_string(), "7");
  EXPECT_EQ(camel.at("status").as_int64(), 409);
}

TEST(ProblemTest, SaysWhenToTryAgain) {
  const Problem waits = Make(WithRetryAfter(UnavailableError("x"), absl::Milliseconds(2100)));
  EXPECT_EQ(waits.retry_after_seconds, 3);
  EXPECT_EQ(Document(waits).at("retryAfterSeconds").as_int64(), 3);
  EXPECT_THAT(ProblemAnswer(waits).headers, Contains(Pair("Retry-After", "3")));
  EXPECT_EQ(Make(UnavailableError("x")).retry_after_seconds, 1);
  EXPECT_EQ(Make(absl::ResourceExhaustedError("x")).retry_after_seconds, 1);
  EXPECT_EQ(Make(NotFoundError("x")).retry_after_seconds, 0);
}

TEST(ProblemTest, AsksForCredentials) {
  const HttpAnswer answer = ProblemAnswer(Make(absl::UnauthenticatedError("x")));
  EXPECT_THAT(answer.headers, Contains(Pair("WWW-Authenticate", "Bearer")));
  EXPECT_EQ(answer.content_type, "application/problem+json");
}

TEST(ProblemTest, FailuresOfOursSayNothingOfTheInside) {
  for (const Code code : {Code::kInternal, Code::kUnknown, Code::kUnavailable, Code::kDataLoss,
                          Code::kDeadlineExceeded}) {
    EXPECT_THAT(Make(absl::Status(code, "select * from /etc/passwd")).json,
                Not(HasSubstr("passwd")));
  }
}

TEST(ProblemTest, EscapesThePath) {
  const Problem problem = MakeProblem(NotFoundError("x"), TestTables::Get().reasons,
                                      {nullptr, "/a\"b\\\xff<", "c", false});
  EXPECT_EQ(Document(problem).at("instance").as_string(), "/a%22b%5C%FF%3C");
}

}  // namespace
}  // namespace dramatis::gateway
