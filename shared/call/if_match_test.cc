#include "shared/call/if_match.h"

#include <string>

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

absl::Status Check(const std::string& if_match, const std::string& etag = "7") {
  CallContext call;
  call.if_match = if_match;
  return CheckIfMatch(call, etag);
}

TEST(CheckIfMatchTest, AsksNothingWhereThereIsNone) {
  EXPECT_TRUE(Check("").ok());
}

TEST(CheckIfMatchTest, TakesAStarForWhateverIsThere) {
  EXPECT_TRUE(Check("*").ok());
  EXPECT_TRUE(Check(" * ").ok());
}

TEST(CheckIfMatchTest, TakesTheEtagWithAndWithoutQuotes) {
  EXPECT_TRUE(Check("\"7\"").ok());
  EXPECT_TRUE(Check("7").ok());
  EXPECT_TRUE(Check("\"a,b\"", "a,b").ok());
}

TEST(CheckIfMatchTest, TakesAListThatNamesTheEtag) {
  for (const char* list : {R"("6", "7")", R"("7","6")", "\"6\" ,\t\"7\" ", ", \"7\"", "6, 7",
                           R"(W/"6", "7")", "\"7\" , "}) {
    EXPECT_TRUE(Check(list).ok()) << list;
  }
}

TEST(CheckIfMatchTest, RefusesEveryOtherEtag) {
  for (const char* text : {"\"6\"", "6", "77", "\"77\"", "\"\"", " ", ",", R"("6", "8")", "\"6,7\"",
                           "\" 7\"", "\"7 \""}) {
    EXPECT_EQ(GetReason(Check(text)), "ETAG_MISMATCH") << text;
  }
}

TEST(CheckIfMatchTest, RefusesWeakEtags) {
  EXPECT_EQ(GetReason(Check("W/\"7\"")), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Check(R"(W/"7", "6")")), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Check("W/7")), "ETAG_MISMATCH");
}

TEST(CheckIfMatchTest, RefusesAListThatIsBroken) {
  for (const char* text :
       {"\"7", "7\"", "\"", R"("6" "7")", R"("6"7, "7")", "*, \"6\"", "\"6\", *"}) {
    EXPECT_EQ(GetReason(Check(text)), "ETAG_MISMATCH") << text;
  }
}

}  // namespace
}  // namespace dramatis
