#include "services/inference/embedding/table.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "absl/status/status.h"

namespace dramatis::inference {
namespace {

constexpr std::string_view kMagic = "DRTABLE1";
constexpr size_t kHeaderBytes = 20;
constexpr uint32_t kMostRows = 4'000'000;
constexpr uint32_t kMostDimensions = 4096;
// Longer words are no words.
constexpr size_t kMostWordBytes = 200;

uint32_t ReadUint32(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 4; i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return number;
}

bool IsIdeograph(UChar32 c) {
  return u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC);
}

// Punctuation, and the symbols of ASCII, as the reference tokenizer has it.
bool IsPunctuation(UChar32 c) {
  const bool ascii_symbol = c > ' ' && c < 0x7F && !u_isalnum(c);
  return ascii_symbol || u_ispunct(c);
}

// Calls `take` with each word, in lower case and without accents.
template <class Take>
void ForEachWord(std::string_view text, Take take) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const decomposed = icu::Normalizer2::getNFDInstance(error);
  if (U_FAILURE(error)) return;
  icu::UnicodeString folded = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  folded.toLower(icu::Locale::getRoot());
  folded = decomposed->normalize(folded, error);
  if (U_FAILURE(error)) return;
  icu::UnicodeString word;
  const auto end_word = [&] {
    if (word.isEmpty()) return;
    std::string utf8;
    word.toUTF8String(utf8);
    word.remove();
    take(utf8);
  };
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    const int8_t kind = u_charType(c);
    if (kind == U_NON_SPACING_MARK) continue;
    const bool alone = IsPunctuation(c) || IsIdeograph(c);
    const bool blank = u_isUWhiteSpace(c) || kind == U_CONTROL_CHAR || kind == U_FORMAT_CHAR;
    if (alone || blank) end_word();
    if (blank) continue;
    word.append(c);
    if (alone) end_word();
  }
  end_word();
}

}  // namespace

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 0x1FU;
  const uint32_t fraction = half & 0x3FFU;
  constexpr uint32_t kBias = 127 - 15;
  if (exponent == 0) {  // zero and subnormal numbers
    const float small = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -small : small;
  }
  const uint32_t wide = exponent == 0x1F ? 0xFFU : exponent + kBias;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

WordPieces::WordPieces(std::string_view vocabulary) {
  while (!vocabulary.empty()) {
    const size_t end = vocabulary.find('\n');
    pieces_.try_emplace(vocabulary.substr(0, end), static_cast<int>(lines_++));
    if (end == std::string_view::npos) break;
    vocabulary.remove_prefix(end + 1);
  }
}

std::vector<int> WordPieces::Cut(std::string_view text) const {
  std::vector<int> ids;
  ForEachWord(text, [&](const std::string& word) { CutWord(word, ids); });
  return ids;
}

void WordPieces::CutWord(std::string_view word, std::vector<int>& ids) const {
  if (word.size() > kMostWordBytes) return;
  const size_t before = ids.size();
  std::string piece;
  for (size_t begin = 0; begin < word.size();) {
    size_t end = word.size();
    int found = -1;
    for (; end > begin; --end) {
      piece = begin == 0 ? "" : "##";
      piece += word.substr(begin, end - begin);
      if (const auto it = pieces_.find(piece); it != pieces_.end()) {
        found = it->second;
        break;
      }
    }
    if (found < 0) {
      ids.resize(before);
      return;
    }
    ids.push_back(found);
    begin = end;
  }
}

absl::StatusOr<Table> Table::Parse(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) {
    return absl::InvalidArgumentError("is no table of vectors");
  }
  const uint32_t rows = ReadUint32(bytes, kMagic.size());
  const uint32_t dimensions = ReadUint32(bytes, kMagic.size() + 4);
  const uint32_t vocabulary_bytes = ReadUint32(bytes, kMagic.size() + 8);
  if (rows == 0 || rows > kMostRows || dimensions == 0 || dimensions > kMostDimensions) {
    return absl::InvalidArgumentError("has a size that no table has");
  }
  const uint64_t row_bytes = uint64_t{rows} * dimensions * 2;
  if (bytes.size() != kHeaderBytes + vocabulary_bytes + row_bytes) {
    return absl::InvalidArgumentError("is cut off, or longer than it says");
  }
  WordPieces pieces(bytes.substr(kHeaderBytes, vocabulary_bytes));
  if (pieces.lines() != rows) {
    return absl::InvalidArgumentError("has another number of pieces than of rows");
  }
  if (pieces.repeats()) return absl::InvalidArgumentError("has the same piece twice");
  return Table(std::move(pieces), bytes.substr(kHeaderBytes + vocabulary_bytes),
               static_cast<int>(dimensions));
}

int Table::CountPieces(std::string_view text) const {
  return static_cast<int>(pieces_.Cut(text).size());
}

Vector Table::Embed(std::string_view text) const {
  const auto dimensions = static_cast<size_t>(dimensions_);
  Vector sum(dimensions, 0);
  for (const int id : pieces_.Cut(text)) {
    const char* const row = rows_.data() + static_cast<size_t>(id) * dimensions * 2;
    for (size_t i = 0; i < dimensions; ++i) {
      const auto low = static_cast<unsigned char>(row[2 * i]);
      const auto high = static_cast<unsigned char>(row[2 * i + 1]);
      sum[i] += HalfToFloat(static_cast<uint16_t>(low | high << 8));
    }
  }
  Normalize(sum);
  return sum;
}

}  // namespace dramatis::inference
