#include "services/persona/cards/png.h"

#include <cstdint>
#include <functional>
#include <utility>

#include <boost/crc.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr size_t kLengthBytes = 4;
constexpr size_t kNameBytes = 4;
constexpr size_t kCrcBytes = 4;
constexpr uint32_t kMostLength = 0x7FFFFFFF;  // PNG, 5.3
constexpr std::string_view kHeader = "IHDR";
constexpr std::string_view kEnd = "IEND";
constexpr std::string_view kText = "tEXt";
constexpr char kV3[] = "ccv3";
constexpr char kV2[] = "chara";

absl::Status BadPng(const std::string& what) {
  return FieldErrors({{"card", absl::StrCat("is not a good PNG: ", what)}});
}

uint32_t ReadNumber(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

void AppendNumber(uint32_t number, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift & 0xFF);
}

uint32_t CrcOf(std::string_view name_and_data) {
  boost::crc_32_type crc;
  crc.process_bytes(name_and_data.data(), name_and_data.size());
  return crc.checksum();
}

void AppendChunk(std::string_view name, const std::string& data, std::string& out) {
  AppendNumber(static_cast<uint32_t>(data.size()), out);
  const std::string named = std::string(name) + data;
  out += named;
  AppendNumber(CrcOf(named), out);
}

struct Chunk {
  std::string_view name;
  std::string_view data;
  std::string_view whole;
};

// Takes the next chunk off the front.
absl::StatusOr<Chunk> TakeChunk(std::string_view& rest) {
  constexpr size_t kFrame = kLengthBytes + kNameBytes + kCrcBytes;
  if (rest.size() < kFrame) return BadPng("it ends too early");
  const uint32_t length = ReadNumber(rest);
  if (length > kMostLength || length > rest.size() - kFrame) {
    return BadPng("a chunk is longer than the file");
  }
  const Chunk chunk = {.name = rest.substr(kLengthBytes, kNameBytes),
                       .data = rest.substr(kLengthBytes + kNameBytes, length),
                       .whole = rest.substr(0, kFrame + length)};
  for (const char c : chunk.name) {
    if (!absl::ascii_isalpha(static_cast<unsigned char>(c))) return BadPng("a chunk has no name");
  }
  const std::string_view named = rest.substr(kLengthBytes, kNameBytes + length);
  if (CrcOf(named) != ReadNumber(rest.substr(kLengthBytes + kNameBytes + length))) {
    return BadPng("a chunk is damaged (CRC)");
  }
  rest.remove_prefix(chunk.whole.size());
  return chunk;
}

// Calls `see` for every chunk up to the end.
absl::Status Walk(std::string_view png, const std::function<absl::Status(const Chunk&)>& see) {
  if (!png.starts_with(kSignature)) return BadPng("it has no signature");
  png.remove_prefix(kSignature.size());
  bool first = true;
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const Chunk chunk, TakeChunk(png));
    if (first && chunk.name != kHeader) return BadPng("it does not begin with IHDR");
    first = false;
    DRAMATIS_RETURN_IF_ERROR(see(chunk));
    if (chunk.name == kEnd) return absl::OkStatus();
  }
}

// The place of a text chunk's card in `cards`; null where it is another text.
std::string* PlaceOf(const Chunk& chunk, PngCards& cards) {
  if (chunk.name != kText) return nullptr;
  const std::string keyword(chunk.data.substr(0, chunk.data.find('\0')));
  if (absl::EqualsIgnoreCase(keyword, kV3)) return &cards.v3;
  return absl::EqualsIgnoreCase(keyword, kV2) ? &cards.v2 : nullptr;
}

}  // namespace

absl::StatusOr<PngCards> ReadCards(std::string_view png) {
  PngCards cards;
  DRAMATIS_RETURN_IF_ERROR(Walk(png, [&](const Chunk& chunk) -> absl::Status {
    std::string* const place = PlaceOf(chunk, cards);
    if (place == nullptr || !place->empty()) return absl::OkStatus();
    const size_t end = chunk.data.find('\0');
    if (end == std::string_view::npos) return BadPng("a text has no keyword");
    const std::string text(chunk.data.substr(end + 1));
    if (text.size() > kMostCardBytes / 3 * 4 + 4) {
      return FieldErrors({{"card", "has a document of more than 2 MiB"}});
    }
    if (!absl::Base64Unescape(text, place) || place->empty()) {
      return FieldErrors({{"card", "has a document that is not base64"}});
    }
    return absl::OkStatus();
  }));
  return cards;
}

absl::StatusOr<std::string> WithCards(std::string_view png, const PngCards& cards) {
  std::string out(kSignature);
  DRAMATIS_RETURN_IF_ERROR(Walk(png, [&](const Chunk& chunk) -> absl::Status {
    PngCards old;
    if (PlaceOf(chunk, old) != nullptr) return absl::OkStatus();
    if (chunk.name == kEnd) {
      for (const auto& [keyword, json] : {std::pair(kV2, &cards.v2), std::pair(kV3, &cards.v3)}) {
        if (json->empty()) continue;
        std::string text = keyword;
        text += '\0';
        AppendChunk(kText, text + absl::Base64Escape(*json), out);
      }
    }
    out += chunk.whole;
    return absl::OkStatus();
  }));
  return out;
}

std::string_view PlainPng() {
  // 1 x 1, eight bits of grey, one row in a stored block of zlib.
  static const std::string& png = *new std::string([] {
    std::string out(kSignature);
    AppendChunk(kHeader, std::string("\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00", 13),
                out);
    AppendChunk("IDAT", std::string("\x78\x01\x01\x02\x00\xfd\xff\x00\x80\x00\x82\x00\x81", 13),
                out);
    AppendChunk(kEnd, "", out);
    return out;
  }());
  return png;
}

}  // namespace dramatis::persona
