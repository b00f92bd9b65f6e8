#include "gateway/json/text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "shared/text/text.h"

namespace dramatis::gateway {
namespace {

// What a byte of a JSON string needs: nothing, a short escape, or \u00XX (also DEL and U+2028 pass
// as they are: RFC 8259 allows them).
bool NeedsEscape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void AppendEscape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

// How many bytes at the start of `text` are ASCII that stands in a JSON string as it is; eight at a
// time, so it may stop up to seven early.
size_t PlainPrefix(std::string_view text) {
  constexpr uint64_t kEach = 0x0101010101010101;
  constexpr uint64_t kHigh = kEach * 0x80;
  // Which bytes are 0, as their highest bit: exact up to the first one that is.
  const auto zeros = [](uint64_t word) { return (word - kEach) & ~word; };
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    const uint64_t control = word - kEach * 0x20;  // borrows only behind a byte that is found
    const uint64_t found = control | word | zeros(word ^ kEach * '"') | zeros(word ^ kEach * '\\');
    if ((found & kHigh) != 0) return at;
  }
  while (at < text.size() && !NeedsEscape(text[at]) && static_cast<unsigned char>(text[at]) < 0x80)
    ++at;
  return at;
}

void AppendEscaped(std::string& out, std::string_view text) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out.append(text, begin, i - begin);
    AppendEscape(out, text[i]);
    begin = i + 1;
  }
  out.append(text, begin);
}

// Replaces each byte that does not belong to valid UTF-8.
std::string Repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t size = 1;
    while (size < 4 && size < text.size() && !IsValidUtf8(text.substr(0, size)))
      ++size;
    const bool valid = IsValidUtf8(text.substr(0, size));
    out += valid ? text.substr(0, size) : "\xEF\xBF\xBD";
    text.remove_prefix(valid ? size : 1);
  }
  return out;
}

template <class Number>
void AppendNumber(std::string& out, Number value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    constexpr auto kMostExact = static_cast<Number>(int64_t{1} << 53);
    const bool is_whole = std::trunc(value) == value && std::abs(value) <= kMostExact &&
                          !(value == 0 && std::signbit(value));
    std::array<char, 32> buffer;
    char* const end = buffer.data() + buffer.size();
    // Not 1e+08, which readers of whole numbers do not take.
    const auto result = is_whole ? std::to_chars(buffer.data(), end, static_cast<int64_t>(value))
                                 : std::to_chars(buffer.data(), end, value);
    out.append(buffer.data(), result.ptr);
  }
}

// Writes `width` digits and returns what is behind them.
char* PutDigits(char* out, uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) {
    out[i] = static_cast<char>('0' + value % 10);
  }
  return out + width;
}

// Takes `width` digits off the front; -1 if there are fewer.
int TakeDigits(std::string_view& text, size_t width) {
  if (text.size() < width) return -1;
  int value = 0;
  for (size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool Take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// Fractional seconds in nanoseconds, or -1.
int TakeFraction(std::string_view& text) {
  if (!Take(text, ".")) return 0;
  int nanos = 0;
  int digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (++digits > 9) return -1;
    nanos = nanos * 10 + (text[0] - '0');
    text.remove_prefix(1);
  }
  if (digits == 0) return -1;
  for (; digits < 9; ++digits)
    nanos *= 10;
  return nanos;
}

// Seconds east of UTC; nothing if it is neither `Z` nor an offset.
std::optional<int> TakeOffset(std::string_view& text) {
  if (Take(text, "Z") || Take(text, "z")) return 0;
  const int sign = Take(text, "+") ? 1 : Take(text, "-") ? -1 : 0;
  if (sign == 0) return std::nullopt;
  const int hours = TakeDigits(text, 2);
  if (hours < 0 || hours > 23 || !Take(text, ":")) return std::nullopt;
  const int minutes = TakeDigits(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  const size_t plain = PlainPrefix(text);
  out.append(text.substr(0, plain));
  text.remove_prefix(plain);
  if (text.empty()) {
    // Nothing is left.
  } else if (IsValidUtf8(text)) {
    AppendEscaped(out, text);
  } else {
    AppendEscaped(out, Repaired(text));
  }
  out += '"';
}

void AppendJsonNumber(std::string& out, double value) {
  AppendNumber(out, value);
}
void AppendJsonNumber(std::string& out, float value) {
  AppendNumber(out, value);
}

void AppendTimestamp(std::string& out, int64_t seconds, int32_t nanos) {
  const int64_t day = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  const auto second = static_cast<uint32_t>(seconds - day * 86400);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  std::array<char, 32> text;  // as long as a time with nanoseconds, and more
  char* end = text.data();
  end = PutDigits(end, static_cast<uint32_t>(static_cast<int>(date.year())), 4);
  *end++ = '-';
  end = PutDigits(end, static_cast<unsigned>(date.month()), 2);
  *end++ = '-';
  end = PutDigits(end, static_cast<unsigned>(date.day()), 2);
  *end++ = 'T';
  end = PutDigits(end, second / 3600, 2);
  *end++ = ':';
  end = PutDigits(end, second / 60 % 60, 2);
  *end++ = ':';
  end = PutDigits(end, second % 60, 2);
  if (nanos > 0) {
    *end++ = '.';
    const auto fraction = static_cast<uint32_t>(nanos);
    if (fraction % 1'000'000 == 0) {
      end = PutDigits(end, fraction / 1'000'000, 3);
    } else if (fraction % 1000 == 0) {
      end = PutDigits(end, fraction / 1000, 6);
    } else {
      end = PutDigits(end, fraction, 9);
    }
  }
  *end++ = 'Z';
  out.append(text.data(), static_cast<size_t>(end - text.data()));
}

std::optional<TimestampValue> ParseTimestamp(std::string_view text) {
  const int year = TakeDigits(text, 4);
  if (year < 1 || !Take(text, "-")) return std::nullopt;
  const int month = TakeDigits(text, 2);
  if (month < 1 || month > 12 || !Take(text, "-")) return std::nullopt;
  const int day = TakeDigits(text, 2);
  if (day < 1 || absl::CivilDay(year, month, day).month() != month) return std::nullopt;
  if (!Take(text, "T") && !Take(text, "t")) return std::nullopt;
  const int hour = TakeDigits(text, 2);
  if (hour < 0 || hour > 23 || !Take(text, ":")) return std::nullopt;
  const int minute = TakeDigits(text, 2);
  if (minute < 0 || minute > 59 || !Take(text, ":")) return std::nullopt;
  const int second = TakeDigits(text, 2);
  if (second < 0 || second > 59) return std::nullopt;
  const int nanos = TakeFraction(text);
  if (nanos < 0) return std::nullopt;
  const std::optional<int> offset = TakeOffset(text);
  if (!offset.has_value() || !text.empty()) return std::nullopt;
  const int64_t days = absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1);
  const int64_t seconds =
      days * 86400 + int64_t{hour} * 3600 + int64_t{minute} * 60 + second - *offset;
  if (seconds < kFirstSecond || seconds > kLastSecond) return std::nullopt;
  return TimestampValue{seconds, nanos};
}

}  // namespace dramatis::gateway
