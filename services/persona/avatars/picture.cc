#include "services/persona/avatars/picture.h"

#include <cstdint>

#include <boost/crc.hpp>

namespace dramatis::persona {
namespace {

constexpr std::string_view kPngSignature("\x89PNG\r\n\x1a\n", 8);
constexpr std::string_view kPngHeader("\0\0\0\x0dIHDR", 8);
constexpr std::string_view kJpegStart("\xff\xd8", 2);
constexpr int kMostSide = 0x7FFFFFFF;

uint32_t BigEndian(std::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes)
    number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

uint32_t LittleEndian(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = bytes.size(); i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return number;
}

std::optional<Picture> Of(const char* content_type, uint32_t width, uint32_t height) {
  if (width < 1 || height < 1 || width > kMostSide || height > kMostSide) return std::nullopt;
  return Picture{.content_type = content_type,
                 .width = static_cast<int>(width),
                 .height = static_cast<int>(height)};
}

std::optional<Picture> ReadPng(std::string_view bytes) {
  constexpr size_t kHeaderEnd = 8 + 8 + 13;
  if (bytes.size() < kHeaderEnd + 4 || bytes.substr(8, 8) != kPngHeader) return std::nullopt;
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data() + 12, kHeaderEnd - 12);
  if (crc.checksum() != BigEndian(bytes.substr(kHeaderEnd, 4))) return std::nullopt;
  return Of("image/png", BigEndian(bytes.substr(16, 4)), BigEndian(bytes.substr(20, 4)));
}

// Whether a marker begins a frame: SOF0 to SOF15 without those of tables.
bool BeginsFrame(uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::optional<Picture> ReadJpeg(std::string_view bytes) {
  bytes.remove_prefix(kJpegStart.size());
  while (bytes.size() >= 4 && bytes[0] == '\xff') {
    const auto marker = static_cast<unsigned char>(bytes[1]);
    if (marker == 0xFF) {  // a fill byte
      bytes.remove_prefix(1);
      continue;
    }
    const uint32_t length = BigEndian(bytes.substr(2, 2));
    if (length < 2 || length + 2 > bytes.size()) return std::nullopt;
    if (BeginsFrame(marker)) {
      constexpr uint32_t kLeast = 8;
      if (length < kLeast) return std::nullopt;
      return Of("image/jpeg", BigEndian(bytes.substr(7, 2)), BigEndian(bytes.substr(5, 2)));
    }
    constexpr unsigned char kStartOfScan = 0xDA;
    if (marker == kStartOfScan) return std::nullopt;  // its lines come before its size
    bytes.remove_prefix(length + 2);
  }
  return std::nullopt;
}

std::optional<Picture> ReadWebp(std::string_view bytes) {
  constexpr size_t kChunkData = 20;
  constexpr uint32_t kSide = 0x3FFF;
  if (bytes.size() < kChunkData + 10) return std::nullopt;
  const std::string_view name = bytes.substr(12, 4);
  const std::string_view data = bytes.substr(kChunkData);
  if (name == "VP8X") {
    return Of("image/webp", LittleEndian(data.substr(4, 3)) + 1,
              LittleEndian(data.substr(7, 3)) + 1);
  }
  if (name == "VP8L" && data[0] == '\x2f') {
    const uint32_t sides = LittleEndian(data.substr(1, 4));
    return Of("image/webp", (sides & kSide) + 1, (sides >> 14 & kSide) + 1);
  }
  if (name == "VP8 " && data.substr(3, 3) == "\x9d\x01\x2a") {
    return Of("image/webp", LittleEndian(data.substr(6, 2)) & kSide,
              LittleEndian(data.substr(8, 2)) & kSide);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Picture> ReadPicture(std::string_view bytes) {
  if (bytes.starts_with(kPngSignature)) return ReadPng(bytes);
  if (bytes.starts_with(kJpegStart)) return ReadJpeg(bytes);
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return ReadWebp(bytes);
  return std::nullopt;
}

}  // namespace dramatis::persona
