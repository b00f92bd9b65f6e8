#include "services/persona/cards/png.h"

#include <string>

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::persona {
namespace {

std::string With(const PngCards& cards) {
  return WithCards(PlainPng(), cards).value();
}

TEST(PngTest, CardsComeOutAsTheyWentIn) {
  const std::string png = With({.v3 = R"({"a":"é"})", .v2 = "{}"});
  const auto read = ReadCards(png);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->v3, R"({"a":"é"})");
  EXPECT_EQ(read->v2, "{}");
  EXPECT_EQ(WithCards(png, {}).value(), PlainPng());
  EXPECT_EQ(ReadCards(PlainPng())->v3, "");
}

TEST(PngTest, OldCardsMakePlaceForNewOnes) {
  const std::string png =
      WithCards(With({.v3 = "old", .v2 = "old"}), {.v3 = "", .v2 = "new"}).value();
  EXPECT_EQ(ReadCards(png)->v2, "new");
  EXPECT_EQ(ReadCards(png)->v3, "");
}

TEST(PngTest, EveryCutAndEveryChangedByteOfAChunkIsFound) {
  const std::string png = With({.v3 = "", .v2 = "{}"});
  for (size_t size = 0; size < png.size(); ++size) {
    const auto read = ReadCards(png.substr(0, size));
    EXPECT_EQ(GetReason(read.status()), "VALIDATION_FAILED") << size;
  }
  for (size_t at = 0; at < png.size(); ++at) {
    std::string changed = png;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(ReadCards(changed).ok()) << at;
  }
}

TEST(PngTest, LengthsThatNoFileHasAreRefused) {
  for (const char* length : {"\x7f\xff\xff\xff", "\x80\x00\x00\x00", "\xff\xff\xff\xff"}) {
    std::string png(PlainPng());
    png.replace(8, 4, length, 4);
    EXPECT_EQ(GetReason(ReadCards(png).status()), "VALIDATION_FAILED");
  }
}

TEST(PngTest, ADocumentThatIsTooLongIsRefused) {
  EXPECT_TRUE(ReadCards(With({.v3 = std::string(kMostCardBytes, 'x'), .v2 = ""})).ok());
  EXPECT_FALSE(ReadCards(With({.v3 = std::string(kMostCardBytes + 10, 'x'), .v2 = ""})).ok());
}

}  // namespace
}  // namespace dramatis::persona
