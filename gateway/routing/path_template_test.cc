#include "gateway/routing/path_template.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::ElementsAre;
using Segment = PathTemplate::Segment;

TEST(PathTemplateTest, ReadsLiteralsAndVariables) {
  const auto path = PathTemplate::Parse("/api/turns/{turn_id}/stream");
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_THAT(path->segments(), ElementsAre(Segment{"api", false}, Segment{"turns", false},
                                            Segment{"turn_id", true}, Segment{"stream", false}));
  EXPECT_EQ(path->text(), "/api/turns/{turn_id}/stream");
}

TEST(PathTemplateTest, TakesEveryCharacterThatNeedsNoEscape) {
  EXPECT_TRUE(PathTemplate::Parse("/v1/openapi.json").ok());
  EXPECT_TRUE(PathTemplate::Parse("/A-z_0.9~").ok());
}

TEST(PathTemplateTest, ReadsPathsOfFields) {
  const auto path = PathTemplate::Parse("/messages/{message.message_id}");
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_THAT(path->segments(),
              ElementsAre(Segment{"messages", false}, Segment{"message.message_id", true}));
}

TEST(PathTemplateTest, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"", "api", "/", "/api/", "//api", "/api/{}", "/api/{a", "/api/a}", "/api/{Id}",
        "/api/{a..b}", "/api/{a.}", "/api/{.a}", "/api/{a=**}", "/api/*", "/api/x{id}",
        "/api/a:cancel", "/api/a b", "/{id}/{id}", "/api/%41"}) {
    EXPECT_FALSE(PathTemplate::Parse(text).ok()) << text;
  }
}

TEST(SplitPathTest, KeepsEmptySegments) {
  EXPECT_THAT(SplitPath("/a//b/"), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(SplitPath("/"), ElementsAre(""));
  EXPECT_THAT(SplitPath("a"), ElementsAre());
}

}  // namespace
}  // namespace dramatis::gateway
