#include "shared/http/head.h"

#include "gateway/testing/tables.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

HttpRequest Head(std::string_view verb, std::string_view target, Headers headers) {
  HttpRequest request;
  request.verb = verb;
  request.headers = std::move(headers);
  SetTarget(target, request);
  return request;
}

TEST(HttpHeadTest, SplitsTheTarget) {
  EXPECT_EQ(Head("GET", "/a?b=c?d", {}).path, "/a");
  EXPECT_EQ(Head("GET", "/a?b=c?d", {}).query, "b=c?d");
  EXPECT_EQ(Head("GET", "http://host:1/a?b", {}).path, "/a");
  EXPECT_EQ(Head("GET", "https://host", {}).path, "/");
  EXPECT_EQ(Head("GET", "*", {}).path, "*");
  EXPECT_EQ(Head("GET", "", {}).path, "");
}

TEST(HttpHeadTest, TakesSoundHeads) {
  EXPECT_TRUE(IsSoundHead(Head("GET", "/", {{"Host", "t"}}), false));
  EXPECT_TRUE(IsSoundHead(Head("GET", "/", {}), true));
  EXPECT_TRUE(IsSoundHead(Head("OPTIONS", "*", {{"Host", "t"}}), false));
  EXPECT_TRUE(
      IsSoundHead(Head("POST", "/", {{"Host", "t"}, {"Transfer-Encoding", "Chunked"}}), false));
}

TEST(HttpHeadTest, RefusesOthers) {
  const Headers host = {{"Host", "t"}};
  const HttpRequest heads[] = {
      Head("GET", "/", {}),
      Head("GET", "/", {{"Host", "t"}, {"host", "t"}}),
      Head("GET", "*", host),
      Head("GET", "", host),
      Head("GET", "a", host),
      Head("GET", "/a#b", host),
      Head("GET", "/a?b#c", host),
      Head("GET", "/", {{"Host", "t"}, {"Authorization", "a"}, {"authorization", "a"}}),
      Head("POST", "/", {{"Host", "t"}, {"Transfer-Encoding", "gzip"}}),
      Head("POST", "/", {{"Host", "t"}, {"Transfer-Encoding", "gzip, chunked"}}),
      Head("POST", "/",
           {{"Host", "t"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}),
  };
  for (const HttpRequest& head : heads)
    EXPECT_FALSE(IsSoundHead(head, false)) << head.path;
}

TEST(HttpHeadTest, WritesTheHeadOfAnAnswer) {
  HttpAnswer answer;
  answer.status = 201;
  answer.content_type = kJsonType;
  answer.headers = {{"Location", "/x"}};
  std::string head;
  AppendAnswerHead(answer, "today", head);
  EXPECT_EQ(head,
            "HTTP/1.1 201 Created\r\nDate: today\r\nLocation: /x\r\nCache-Control: no-store\r\n"
            "Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n");
}

TEST(HttpHeadTest, KeepsTheAnswersOwnCaching) {
  HttpAnswer answer;
  answer.status = 204;
  answer.headers = {{"Cache-Control", "no-cache"}};
  std::string head;
  AppendAnswerHead(answer, "today", head);
  EXPECT_EQ(head, "HTTP/1.1 204 No Content\r\nDate: today\r\nCache-Control: no-cache\r\n");
}

}  // namespace
}  // namespace dramatis
