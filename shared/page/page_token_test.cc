#include "shared/page/page_token.h"

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using Keys = std::vector<std::string>;

TEST(PageTokenTest, GivesTheKeysBack) {
  for (const Keys& keys : {Keys{"1800000000000000", "id"}, Keys{""}, Keys{"a\nb", "ü😀", ""},
                           Keys{std::string("\0\xff", 2), std::string(500, 'x')}}) {
    const auto decoded =
        DecodePageToken("personas\nann", EncodePageToken("personas\nann", keys), keys.size());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, keys);
  }
}

TEST(PageTokenTest, NeedsNoEscapingInAUrl) {
  const std::string token = EncodePageToken("scope", {"\xff\xfe\xfd", "?>~"});
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_"),
            std::string::npos);
}

TEST(PageTokenTest, IsBoundToItsScope) {
  const std::string token = EncodePageToken("personas\nann", {"1", "id"});

  for (const char* scope : {"personas\nbob", "personas", "memories\nann", ""}) {
    const absl::Status status = DecodePageToken(scope, token, 2).status();
    EXPECT_EQ(GetReason(status), "INVALID_CURSOR") << scope;
    EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "page_token");
  }
}

TEST(PageTokenTest, RefusesAnotherNumberOfKeys) {
  const std::string token = EncodePageToken("scope", {"1", "id"});
  EXPECT_FALSE(DecodePageToken("scope", token, 1).ok());
  EXPECT_FALSE(DecodePageToken("scope", token, 3).ok());
}

TEST(PageTokenTest, RefusesEveryChangedByte) {
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(EncodePageToken("scope", {"1", "id"}), &bytes));

  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] ^= 1;
    EXPECT_FALSE(DecodePageToken("scope", absl::WebSafeBase64Escape(changed), 2).ok()) << i;
    EXPECT_FALSE(DecodePageToken("scope", absl::WebSafeBase64Escape(bytes.substr(0, i)), 2).ok());
  }
}

TEST(PageTokenTest, RefusesWhatIsNoToken) {
  for (const char* token : {"", "x", "!!!!", "aGVsbG8", "////", "\xff"}) {
    EXPECT_FALSE(DecodePageToken("scope", token, 1).ok()) << token;
  }
}

TEST(PageSizeTest, IsTwentyWhereUnset) {
  persona::v1::ListPersonasRequest request;
  EXPECT_EQ(PageSize(request), 20);
  request.set_page_size(7);
  EXPECT_EQ(PageSize(request), 7);
}

}  // namespace
}  // namespace dramatis
