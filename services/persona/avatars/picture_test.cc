#include "services/persona/avatars/picture.h"

#include <string>

#include "gtest/gtest.h"
#include "services/persona/cards/png.h"

namespace dramatis::persona {
namespace {

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes)
    text += static_cast<char>(byte);
  return text;
}

std::string Shown(const std::string& bytes) {
  const auto picture = ReadPicture(bytes);
  if (!picture.has_value()) return "none";
  return picture->content_type + " " + std::to_string(picture->width) + "x" +
         std::to_string(picture->height);
}

std::string Jpeg() {
  return Bytes({0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xC4, 0,    3, 9,  // APP0, a table
                0xFF, 0xC2, 0,    11,   8, 1, 2, 3, 4,    1,    1,    0x11, 0});
}

std::string Webp(const std::string& chunk, const std::string& data) {
  return "RIFF" + Bytes({99, 0, 0, 0}) + "WEBP" + chunk + Bytes({10, 0, 0, 0}) + data +
         std::string(10, '\0');
}

TEST(PictureTest, ReadsHeaders) {
  EXPECT_EQ(Shown(std::string(PlainPng())), "image/png 1x1");
  EXPECT_EQ(Shown(Jpeg()), "image/jpeg 772x258");
  EXPECT_EQ(Shown(Webp("VP8X", Bytes({0, 0, 0, 0, 0xFF, 0x0F, 0, 9, 0, 0}))), "image/webp 4096x10");
  EXPECT_EQ(Shown(Webp("VP8L", Bytes({0x2F, 0x01, 0xC0, 0x00, 0}))), "image/webp 2x4");
  EXPECT_EQ(Shown(Webp("VP8 ", Bytes({0, 0, 0, 0x9D, 1, 0x2A, 5, 0, 6, 0x40}))), "image/webp 5x6");
}

TEST(PictureTest, WhatIsCutOrDamagedIsNone) {
  std::string png(PlainPng());
  for (size_t size = 0; size < 33; ++size)
    EXPECT_EQ(Shown(png.substr(0, size)), "none") << size;
  png[17] = 1;  // its CRC is another one
  EXPECT_EQ(Shown(png), "none");
  for (size_t size = 0; size + 5 < Jpeg().size(); ++size)
    EXPECT_EQ(Shown(Jpeg().substr(0, size)), "none") << size;
  EXPECT_EQ(Shown(Bytes({0xFF, 0xD8, 0xFF, 0xDA, 0, 2})), "none");
  EXPECT_EQ(Shown(Bytes({0xFF, 0xD8, 0xFF, 0xE0, 0, 1})), "none");
  EXPECT_EQ(Shown(Webp("VP8 ", Bytes({0, 0, 0, 0x9D, 1, 0x2A, 0, 0, 6, 0}))), "none");
  for (const char* text : {"", "GIF89a", "<svg/>", "RIFF1234WAVE"})
    EXPECT_EQ(Shown(text), "none");
}

}  // namespace
}  // namespace dramatis::persona
