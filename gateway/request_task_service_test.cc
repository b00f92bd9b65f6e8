// What comes too late for a request.
#include <string>

#include "gateway/calls/request_task.h"
#include "gateway/testing/parts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DeafResponder : public HttpResponder {
 public:
  void Send(HttpAnswer) override { ++answers; }
  void StartStream(HttpAnswer) override { ++answers; }
  bool Write(std::string) override {
    ++answers;
    return true;
  }
  void EndStream() override { ++answers; }
  void BreakStream() override { ++answers; }
  void ReadOn() override {}

  int answers = 0;
};

TEST(RequestTaskTest, AfterTheEndItTouchesNeitherRequestNorConnection) {
  TestParts parts;
  // What a connection holds of a request, until it is done.
  auto held = std::make_unique<std::string>("GET/api/personas/secret?q=1localhost");
  HttpRequest request;
  request.verb = std::string_view(*held).substr(0, 3);
  request.path = std::string_view(*held).substr(3, 20);
  request.query = std::string_view(*held).substr(24, 3);
  request.headers = {{"Host", std::string_view(*held).substr(27)}};
  const HttpHandler::Opened opened = parts.dispatcher.Open(request, false, {});
  ASSERT_FALSE(opened.answer.has_value());
  auto& task = dynamic_cast<RequestTask&>(*opened.task);
  EXPECT_THAT(task.Explain(NotFoundError("x"), false).json, HasSubstr("/api/personas/secret"));

  constexpr int kClientWentAway = 499;
  task.Gone();
  task.Done(kClientWentAway, {});
  std::fill(held->begin(), held->end(), '!');
  EXPECT_THAT(task.Explain(NotFoundError("x"), false).json, Not(HasSubstr("!")));
  held.reset();

  // The answer of whoever was asked comes now: nobody is there.
  EXPECT_FALSE(task.awaited());
  task.Fail(NotFoundError("x"), false);
  task.Send({});
  task.StartStream({});
  EXPECT_FALSE(task.Write("data: x"));
  task.EndStream();
}

TEST(RequestTaskTest, AnswersOnce) {
  TestParts parts;
  HttpRequest request = MakeRequest("GET", "/api/profile", "", {{"Host", "localhost"}});
  const HttpHandler::Opened opened = parts.dispatcher.Open(request, false, {});
  ASSERT_FALSE(opened.answer.has_value());
  auto& task = dynamic_cast<RequestTask&>(*opened.task);
  DeafResponder responder;
  task.Start(responder, request);  // no backend: answered at once
  EXPECT_EQ(responder.answers, 1);
  EXPECT_FALSE(task.awaited());
  task.Fail(NotFoundError("late"), false);
  EXPECT_EQ(responder.answers, 1);
}

}  // namespace
}  // namespace dramatis::gateway
