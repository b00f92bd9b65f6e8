#include "gateway/json/text.h"

#include <limits>
#include <string>

#include <boost/json/parse.hpp>

#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

template <class Number>
std::string Printed(Number value) {
  std::string out;
  AppendJsonNumber(out, value);
  return out;
}

std::string Stamp(int64_t seconds, int32_t nanos) {
  std::string out;
  AppendTimestamp(out, seconds, nanos);
  return out;
}

TEST(JsonTextTest, EscapesWhatJsonMust) {
  EXPECT_EQ(Quoted("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f"),
            "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(Quoted(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(Quoted(""), "\"\"");
}

TEST(JsonTextTest, LeavesUnicodeAsItIs) {
  EXPECT_EQ(Quoted("é\u2028😀"), "\"é\u2028😀\"");
}

TEST(JsonTextTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(Quoted("a\xff"
                   "b\xc3"),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
}

TEST(JsonTextTest, PrintsTheShortestNumber) {
  EXPECT_EQ(Printed(0.7), "0.7");
  EXPECT_EQ(Printed(0.1f), "0.1");
  EXPECT_EQ(Printed(1.0), "1");
  EXPECT_EQ(Printed(-0.0), "-0");
  EXPECT_EQ(Printed(1e300), "1e+300");
  EXPECT_EQ(Printed(1e-7), "1e-07");
  EXPECT_EQ(Printed(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(Printed(-std::numeric_limits<double>::infinity()), "\"-Infinity\"");
  EXPECT_EQ(Printed(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
}

TEST(JsonTextTest, PrintsWholeNumbersWithoutAnExponent) {
  EXPECT_EQ(Printed(1e8), "100000000");
  EXPECT_EQ(Printed(-1e15), "-1000000000000000");
  EXPECT_EQ(Printed(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(Printed(1e6f), "1000000");
  EXPECT_EQ(Printed(1e16), "1e+16");
}

TEST(JsonTextTest, PrintsTimesWithTheDigitsTheyNeed) {
  EXPECT_EQ(Stamp(0, 0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Stamp(1'800'000'000, 120'000'000), "2027-01-15T08:00:00.120Z");
  EXPECT_EQ(Stamp(-1, 1'000), "1969-12-31T23:59:59.000001Z");
  EXPECT_EQ(Stamp(951'782'400, 1), "2000-02-29T00:00:00.000000001Z");
  EXPECT_EQ(Stamp(-62'135'596'800, 0), "0001-01-01T00:00:00Z");
  EXPECT_EQ(Stamp(253'402'300'799, 0), "9999-12-31T23:59:59Z");
}

TEST(JsonTextTest, ReadsBackTheTimesItPrints) {
  for (const int64_t seconds : {-62'135'596'800L, -1L, 0L, 951'782'400L, 253'402'300'799L}) {
    const auto read = ParseTimestamp(Stamp(seconds, 987'654'321));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->seconds, seconds);
    EXPECT_EQ(read->nanos, 987'654'321);
  }
}

TEST(JsonTextTest, ReadsOffsetsAndFractions) {
  EXPECT_EQ(ParseTimestamp("1970-01-01T01:00:00+01:00")->seconds, 0);
  EXPECT_EQ(ParseTimestamp("1969-12-31T19:00:00-05:00")->seconds, 0);
  EXPECT_EQ(ParseTimestamp("1970-01-01T00:00:00.5Z")->nanos, 500'000'000);
}

TEST(JsonTextTest, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2026",
                           "2026-01-01",
                           "2026-01-01T00:00:00",
                           "2026-01-01 00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:60Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00.1234567890Z",
                           "2026-01-01T00:00:00+1:00",
                           "2026-01-01T00:00:00+01",
                           "2026-01-01T00:00:00Zx",
                           "0000-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00",
                           "+2026-01-01T00:00:00Z"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

TEST(AppendJsonStringTest, EscapesAByteWhereverItStands) {
  for (size_t size = 1; size <= 20; ++size) {
    for (size_t place = 0; place < size; ++place) {
      for (int c = 0; c < 0x80; ++c) {
        std::string text(size, '!');
        text[place] = static_cast<char>(c);
        std::string written;
        AppendJsonString(written, text);
        EXPECT_EQ(boost::json::parse(written).as_string(), text) << c << " at " << place;
        const bool plain = c >= 0x20 && c != '"' && c != '\\';
        EXPECT_EQ(plain, written.size() == size + 2) << c << " at " << place;
      }
    }
  }
}

}  // namespace
}  // namespace dramatis::gateway
