#include "gateway/access/https_only.h"

#include <string>

#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

// Where a request is sent to; empty where it is refused.
std::string Redirect(std::string_view verb,
                     std::string_view host,
                     std::string_view path,
                     std::string_view query = "") {
  HttpRequest request;
  request.verb = verb;
  request.path = path;
  request.query = query;
  request.headers = {{"Host", host}};
  const std::optional<HttpAnswer> answer = RedirectToHttps(request);
  if (!answer.has_value()) return "";
  EXPECT_EQ(answer->status, 308);
  EXPECT_EQ(answer->headers.front().first, "Location");
  return answer->headers.front().second;
}

TEST(HttpsOnlyTest, WhatReadsIsRedirected) {
  EXPECT_EQ(Redirect("GET", "example.org", "/api/personas", "q=a%20b"),
            "https://example.org/api/personas?q=a%20b");
  EXPECT_EQ(Redirect("HEAD", "example.org:8080", "/"), "https://example.org/");
  EXPECT_EQ(Redirect("GET", "[2001:db8::1]:8080", "/"), "https://[2001:db8::1]/");
  EXPECT_EQ(Redirect("GET", "[2001:db8::1]", "/"), "https://[2001:db8::1]/");
}

TEST(HttpsOnlyTest, WhatChangesOrNamesNoHostIsRefused) {
  for (const char* verb : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get"})
    EXPECT_EQ(Redirect(verb, "example.org", "/"), "") << verb;
  for (const char* host :
       {"", "a b", "example.org/x", "user@example.org", "a\r\nb", "\xc3\xa4.org"})
    EXPECT_EQ(Redirect("GET", host, "/"), "") << host;
  EXPECT_EQ(Redirect("GET", "example.org", "*"), "");
}

TEST(HttpsOnlyTest, WhereHttpsIsServedAtTheSamePortItIsKept) {
  HttpRequest request;
  request.verb = "GET";
  request.path = "/docs";
  request.headers = {{"host", "example.org:8443"}};
  EXPECT_EQ(RedirectToHttps(request, /*same_port=*/true)->headers.front().second,
            "https://example.org:8443/docs");
}

}  // namespace
}  // namespace dramatis::gateway
