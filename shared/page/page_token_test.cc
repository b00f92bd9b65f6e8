#include "shared/page/page_token.h"

#include <openssl/sha.h>

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "shared/page/page_key.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using Keys = std::vector<std::string>;

// Of a service whose secret is the process's own.
PageScope Scope(const std::string& list) {
  return {CallContext(), list};
}

TEST(PageTokenTest, GivesTheKeysBack) {
  for (const Keys& keys : {Keys{"1800000000000000", "id"}, Keys{""}, Keys{"a\nb", "ü😀", ""},
                           Keys{std::string("\0\xff", 2), std::string(500, 'x')}}) {
    const auto decoded = DecodePageToken(
        Scope("personas\nann"), EncodePageToken(Scope("personas\nann"), keys), keys.size());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, keys);
  }
}

TEST(PageTokenTest, NeedsNoEscapingInAUrl) {
  const std::string token = EncodePageToken(Scope("scope"), {"\xff\xfe\xfd", "?>~"});
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_"),
            std::string::npos);
}

TEST(PageTokenTest, IsBoundToItsScope) {
  const std::string token = EncodePageToken(Scope("personas\nann"), {"1", "id"});

  for (const char* scope : {"personas\nbob", "personas", "memories\nann", ""}) {
    const absl::Status status = DecodePageToken(Scope(scope), token, 2).status();
    EXPECT_EQ(GetReason(status), "INVALID_CURSOR") << scope;
    EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "page_token");
  }
}

TEST(PageTokenTest, IsBoundToTheServicesSecret) {
  PageKey ours;
  PageKey others;
  const std::string kept = PageKey::Random();
  CallContext call;
  call.page_key = &ours;
  CallContext elsewhere;
  elsewhere.page_key = &others;
  const auto read = [](const CallContext& by, const std::string& token) {
    return DecodePageToken(PageScope(by, "scope"), token, 2).ok();
  };
  const std::string before = EncodePageToken(PageScope(call, "scope"), {"1", "id"});
  EXPECT_TRUE(read(call, before));
  EXPECT_FALSE(read(elsewhere, before));
  EXPECT_FALSE(read(CallContext(), before));

  ours.Set(kept);
  others.Set(kept);  // replicas share it
  EXPECT_FALSE(read(call, before));
  EXPECT_TRUE(read(elsewhere, EncodePageToken(PageScope(call, "scope"), {"1", "id"})));
}

TEST(PageTokenTest, CannotBeMadeFromWhatIsKnown) {
  // The former scheme, which needed no secret: SHA-256 of scope and keys.
  const auto block = [](const std::string& text) {
    return std::string("\0\0\0", 3) + static_cast<char>(text.size()) + text;
  };
  const std::string keys = block("1") + block(std::string("\0", 1));
  const std::string input = "dramatis page token\n" + block("scope") + keys;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  const std::string forged = absl::WebSafeBase64Escape(digest.substr(0, 16) + keys);
  EXPECT_EQ(GetReason(DecodePageToken(Scope("scope"), forged, 2).status()), "INVALID_CURSOR");
}

TEST(PageKeyTest, SignsAsRfc4231Says) {
  // Test case 2.
  EXPECT_EQ(absl::BytesToHexString(Hmac("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(PageTokenTest, RefusesAnotherNumberOfKeys) {
  const std::string token = EncodePageToken(Scope("scope"), {"1", "id"});
  EXPECT_FALSE(DecodePageToken(Scope("scope"), token, 1).ok());
  EXPECT_FALSE(DecodePageToken(Scope("scope"), token, 3).ok());
}

TEST(PageTokenTest, RefusesEveryChangedByte) {
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(EncodePageToken(Scope("scope"), {"1", "id"}), &bytes));

  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] ^= 1;
    EXPECT_FALSE(DecodePageToken(Scope("scope"), absl::WebSafeBase64Escape(changed), 2).ok()) << i;
    EXPECT_FALSE(
        DecodePageToken(Scope("scope"), absl::WebSafeBase64Escape(bytes.substr(0, i)), 2).ok());
  }
}

TEST(PageTokenTest, RefusesWhatIsNoToken) {
  for (const char* token : {"", "x", "!!!!", "aGVsbG8", "////", "\xff"}) {
    EXPECT_FALSE(DecodePageToken(Scope("scope"), token, 1).ok()) << token;
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
