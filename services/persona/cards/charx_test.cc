#include "services/persona/cards/charx.h"

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/persona/cards/png.h"

namespace dramatis::persona {
namespace {

using ::testing::HasSubstr;

// An entry without compression, and its line in the directory.
struct StoredZip {
  std::string entries;
  std::string directory;
  int count = 0;

  static std::string Number(uint32_t number, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i, number >>= 8)
      text += static_cast<char>(number & 0xFF);
    return text;
  }

  void Add(const std::string& name, const std::string& data, uint32_t crc, int flags = 0) {
    const std::string common = Number(20, 2) + Number(flags, 2) + Number(0, 2) + Number(0, 4) +
                               Number(crc, 4) + Number(data.size(), 4) + Number(data.size(), 4) +
                               Number(name.size(), 2) + Number(0, 2);
    directory += "PK\1\2" + Number(20, 2) + common + Number(0, 2) + Number(0, 2) + Number(0, 2) +
                 Number(0, 4) + Number(entries.size(), 4) + name;
    entries += "PK\3\4" + common + name + data;
    ++count;
  }

  std::string Bytes() const {
    return entries + directory + "PK\5\6" + Number(0, 4) + Number(count, 2) + Number(count, 2) +
           Number(directory.size(), 4) + Number(entries.size(), 4) + Number(0, 2);
  }
};

constexpr char kDocument[] = R"({"name":"Tessa"})";

TEST(CharxTest, AWrittenCardIsReadBack) {
  const std::string zip = WithCardInZip("", kDocument).value();
  EXPECT_TRUE(LooksLikeZip(zip));
  EXPECT_EQ(CardInZip(zip).value(), kDocument);
  EXPECT_EQ(WithCardInZip("", kDocument).value(), zip);
}

TEST(CharxTest, OtherEntriesAreCarriedAlong) {
  StoredZip zip;
  zip.Add("assets/icon/images/main.png", "\x89PNG pixels", 0xFFFFFFFF);  // nobody looks into it
  zip.Add("card.json", "{}", 0xa3a6bf43);
  const std::string other = WithCardInZip(zip.Bytes(), kDocument).value();
  EXPECT_THAT(other, HasSubstr("\x89PNG pixels"));
  EXPECT_EQ(CardInZip(other).value(), kDocument);
}

TEST(CharxTest, WhatIsNoZipIsRefused) {
  const std::string good = WithCardInZip("", kDocument).value();
  for (const std::string& bytes :
       {std::string(), std::string("hello"), std::string("PK\5\6"), good.substr(0, good.size() - 5),
        good.substr(30), std::string(5000, '\xff')}) {
    EXPECT_FALSE(CardInZip(bytes).ok());
  }
}

TEST(CharxTest, NamesThatLeadOutAreRefused) {
  for (const char* name : {"../card.json", "a/../../b", "/etc/passwd", "a\\b", "C:/x", "a/.."}) {
    StoredZip zip;
    zip.Add("card.json", "{}", 0);
    zip.Add(name, "x", 0);
    EXPECT_THAT(std::string(CardInZip(zip.Bytes()).status().message()), HasSubstr("card")) << name;
    EXPECT_FALSE(WithCardInZip(zip.Bytes(), "{}").ok()) << name;
  }
}

TEST(CharxTest, TooManyEntriesAndEncryptedOnesAreRefused) {
  StoredZip many;
  for (int i = 0; i <= kMostZipEntries; ++i)
    many.Add(std::to_string(i), "", 0);
  EXPECT_FALSE(CardInZip(many.Bytes()).ok());
  StoredZip encrypted;
  encrypted.Add("card.json", "{}", 0, /*flags=*/1);
  EXPECT_FALSE(CardInZip(encrypted.Bytes()).ok());
}

TEST(CharxTest, ABombIsNotInflated) {
  const std::string large = WithCardInZip("", std::string(64 << 20, ' ')).value();
  EXPECT_LT(large.size(), 1 << 20);
  EXPECT_FALSE(CardInZip(large).ok());
}

TEST(CharxTest, ADamagedCardIsRefused) {
  StoredZip zip;
  zip.Add("card.json", "{}", /*crc=*/1);
  EXPECT_FALSE(CardInZip(zip.Bytes()).ok());
}

}  // namespace
}  // namespace dramatis::persona
