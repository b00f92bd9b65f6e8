#include "gateway/pages/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dramatis::gateway {
namespace {

const WebFiles kBuilt{.files = {{"/index.html", "<html>", "packed page"},
                                {"/assets/index-1a2b.js", "code", "packed code"},
                                {"/assets/sign-3c4d.png", "picture", {}}},
                      .why = ""};

HttpRequest Get(std::string_view path, std::string_view encoding = "") {
  HttpRequest request;
  request.verb = "GET";
  request.path = path;
  if (!encoding.empty()) request.headers = {{"Accept-Encoding", encoding}};
  return request;
}

std::string HeaderOf(const HttpAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(SiteTest, TheRootIsThePageAndLoadsNothingFromElsewhere) {
  const HttpAnswer page = Site(kBuilt).Find(Get("/")).value();
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.static_body, "<html>");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(HeaderOf(page, "Cache-Control"), "no-cache");
  const std::string policy = HeaderOf(page, "Content-Security-Policy");
  EXPECT_THAT(policy, testing::StartsWith("default-src 'none'; script-src 'self'; "));
  EXPECT_THAT(policy, testing::Not(testing::HasSubstr("unsafe")));
  EXPECT_THAT(policy, testing::Not(testing::HasSubstr("http")));
}

TEST(SiteTest, WithoutAPageTheRootLeadsToTheRoutes) {
  const HttpAnswer answer = Site(WebFiles{.files = {}, .why = "no npm"}).Find(Get("/")).value();
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(HeaderOf(answer, "Location"), "/docs");
}

TEST(SiteTest, AFileThatIsNamedByItsContentIsKeptForGood) {
  const HttpAnswer file = Site(kBuilt).Find(Get("/assets/index-1a2b.js")).value();
  EXPECT_EQ(file.static_body, "code");
  EXPECT_EQ(file.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(HeaderOf(file, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(HeaderOf(file, "Vary"), "Accept-Encoding");
  EXPECT_EQ(HeaderOf(file, "Content-Encoding"), "");
}

TEST(SiteTest, IsCompressedForThoseWhoTakeThat) {
  const Site site(kBuilt);
  for (const char* takes : {"gzip", "br, gzip", "deflate, GZIP;q=0.5", "gzip ; q=1"}) {
    const HttpAnswer file = site.Find(Get("/assets/index-1a2b.js", takes)).value();
    EXPECT_EQ(file.static_body, "packed code") << takes;
    EXPECT_EQ(HeaderOf(file, "Content-Encoding"), "gzip") << takes;
  }
  for (const char* refuses :
       {"br", "gzip;q=0", "gzip;q=0.0", "x-gzip2", "identity", "gzip;q=much"}) {
    const HttpAnswer file = site.Find(Get("/assets/index-1a2b.js", refuses)).value();
    EXPECT_EQ(file.static_body, "code") << refuses;
    EXPECT_EQ(HeaderOf(file, "Content-Encoding"), "") << refuses;
  }
  const HttpAnswer picture = site.Find(Get("/assets/sign-3c4d.png", "gzip")).value();
  EXPECT_EQ(picture.static_body, "picture");
  EXPECT_EQ(HeaderOf(picture, "Vary"), "");
}

TEST(SiteTest, OtherPathsAndMethodsAreNotThePages) {
  const Site site(kBuilt);
  EXPECT_FALSE(site.Find(Get("/index.html")).has_value());
  EXPECT_FALSE(site.Find(Get("/assets/")).has_value());
  EXPECT_FALSE(site.Find(Get("/assets/../index.html")).has_value());
  HttpRequest post = Get("/");
  post.verb = "POST";
  EXPECT_FALSE(site.Find(post).has_value());
  EXPECT_EQ(site.Allow("/"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(site.Allow("/assets/none.js"), "");
}

}  // namespace
}  // namespace dramatis::gateway
