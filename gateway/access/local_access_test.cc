#include "gateway/access/local_access.h"

#include <string>
#include <vector>

#include "gateway/testing/tables.h"
#include "gtest/gtest.h"
#include "shared/http/head.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

// The reason of the refusal, or nothing.
std::string Refusal(std::string_view verb, std::string_view target, Headers headers) {
  HttpRequest request;
  request.verb = verb;
  request.headers = std::move(headers);
  SetTarget(target, request);
  return GetReason(CheckLocalAccess(request, Cors({"http://localhost:3000", "https://ui.test"})));
}

TEST(LocalAccessTest, KnowsTheNamesOfLoopback) {
  for (const char* host : {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:1", "127.255.0.9",
                           "[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]", "localhost:"}) {
    EXPECT_EQ(Refusal("GET", "/", {{"Host", host}}), "") << host;
  }
}

TEST(LocalAccessTest, RefusesEveryOtherHost) {
  for (const char* host :
       {"evil.example", "localhost.evil.example", "evil.localhost", "localhost.", "127.0.0.1.",
        "127.0.0.1.evil.example", "127.1", "2130706433", "0x7f.0.0.1", "0127.0.0.1", "128.0.0.1",
        "0.0.0.0", "[::]", "[::2]", "[::ffff:10.0.0.1]", "192.168.0.1:8080", "notlocalhost"}) {
    EXPECT_EQ(Refusal("GET", "/", {{"Host", host}}), "HOST_NOT_ALLOWED") << host;
  }
}

TEST(LocalAccessTest, LooksAtTheTargetsHostToo) {
  EXPECT_EQ(Refusal("GET", "http://localhost/", {{"Host", "localhost"}}), "");
  EXPECT_EQ(Refusal("GET", "http://evil.example/", {{"Host", "localhost"}}), "HOST_NOT_ALLOWED");
  EXPECT_EQ(Refusal("GET", "http://localhost/", {{"Host", "evil.example"}}), "HOST_NOT_ALLOWED");
  EXPECT_EQ(Refusal("GET", "HTTPS://evil.example", {{"Host", "localhost"}}), "HOST_NOT_ALLOWED");
}

TEST(LocalAccessTest, ARequestWithoutHostIsNoBrowsers) {
  EXPECT_EQ(Refusal("POST", "/", {}), "");
}

TEST(LocalAccessTest, TakesOwnAndListedOrigins) {
  struct {
    const char* host;
    const char* origin;
  } const pairs[] = {
      {"localhost:8080", "http://localhost:8080"}, {"localhost:8080", "http://127.0.0.1:8080"},
      {"[::1]:8080", "http://[::1]:8080"},         {"127.0.0.1", "http://localhost"},
      {"localhost:80", "http://localhost"},        {"localhost:8080", "http://localhost:3000"},
      {"localhost:8080", "https://ui.test"},       {"localhost:443", "https://localhost"},
  };
  for (const auto& [host, origin] : pairs) {
    EXPECT_EQ(Refusal("POST", "/", {{"Host", host}, {"Origin", origin}}), "") << host << origin;
  }
  EXPECT_EQ(Refusal("POST", "/", {{"Host", "localhost"}}), "");
}

TEST(LocalAccessTest, RefusesWhatOtherOriginsWouldChange) {
  for (const char* origin :
       {"http://evil.example", "null", "", "http://localhost", "http://localhost:8081",
        "http://localhost:8080.evil.example", "http://me@localhost:8080", "https://localhost:3000",
        "http://ui.test", "ftp://localhost:8080", "localhost:8080", "http://localhost:8080/"}) {
    for (const char* verb : {"POST", "PUT", "PATCH", "DELETE", "BREW"}) {
      EXPECT_EQ(Refusal(verb, "/", {{"Host", "localhost:8080"}, {"Origin", origin}}),
                "ORIGIN_NOT_ALLOWED")
          << origin;
    }
    EXPECT_EQ(Refusal("GET", "/", {{"Host", "localhost:8080"}, {"Origin", origin}}), "") << origin;
  }
  EXPECT_EQ(Refusal("POST", "/",
                    {{"Host", "localhost:8080"},
                     {"Origin", "http://localhost:8080"},
                     {"Origin", "http://evil.example"}}),
            "ORIGIN_NOT_ALLOWED");
}

}  // namespace
}  // namespace dramatis::gateway
