#include "gateway/access/credentials.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Read(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  HttpRequest request;
  for (const auto& [name, value] : headers)
    request.headers.emplace_back(name, value);
  return ReadCredentials(request);
}

TEST(ReadCredentialsTest, TakesAKeyFromEitherHeader) {
  EXPECT_THAT(Read({{"Accept", "*/*"}}), IsEmpty());
  EXPECT_THAT(Read({{"authorization", "Bearer abc"}}), ElementsAre("Bearer abc"));
  EXPECT_THAT(Read({{"X-API-Key", "dramatis_local_x"}}), ElementsAre("Bearer dramatis_local_x"));
}

TEST(ReadCredentialsTest, TheSameTwiceIsOne) {
  EXPECT_THAT(
      Read({{"Authorization", "Bearer dramatis_local_x"}, {"x-api-key", "dramatis_local_x"}}),
      ElementsAre("Bearer dramatis_local_x"));
  EXPECT_THAT(Read({{"Authorization", "Bearer ey"}, {"x-api-key", "dramatis_local_x"}}),
              ElementsAre("Bearer ey", "Bearer dramatis_local_x"));
}

TEST(ReadCredentialsTest, NothingElseComesInThroughTheHeaderForKeys) {
  EXPECT_THAT(Read({{"x-api-key", "local:ada:admin"}}), ElementsAre("ApiKey local:ada:admin"));
  EXPECT_THAT(Read({{"x-api-key", ""}}), ElementsAre("ApiKey "));
}

}  // namespace
}  // namespace dramatis::gateway
