#include "shared/text/names.h"

#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(NamesTest, TakesWhatPeopleAreCalled) {
  for (const char* name :
       {"Ann", "Zo\u00EB", "Zoe\u0308", "O\u2019Brien-Smith (2)", "\u674E\u3000\u592A\u90CE",
        "\u0E2A\u0E21\u0E0A\u0E32\u0E22", "\u0639\u0644\u06CC\u200C\u0631\u0636\u0627",
        "\u0915\u094D\u200D\u0937", "\u0DC1\u0DCA\u200D\u0DBB\u0DD3",
        "\u0CB0\u0CBE\u0C9C\u0CCD\u200C\u0C95\u0CC1\u0CAE\u0CBE\u0CB0\u0CCD", "Love \u2764\uFE0F",
        "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F469\U0001F3FD\u200D\U0001F680",
        "\U0001F469\u200D\u2764\uFE0F\u200D\U0001F468", "1\uFE0F\u20E3",
        "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
        "\u845B\U000E0100", "\U0001F1F3\U0001F1F1", ""}) {
    EXPECT_EQ(NameProblem(name), std::nullopt) << name;
  }
}

TEST(NamesTest, RefusesWhatNobodySees) {
  for (const char* hidden :
       {"\u200B",     "\u200C",     "\u200D", "\u200E", "\u200F",     "\u202A",     "\u202E",
        "\u2060",     "\u2063",     "\u2066", "\u2069", "\u00AD",     "\u034F",     "\u061C",
        "\u115F",     "\u1160",     "\u17B4", "\u180E", "\u2800",     "\u3164",     "\uFE0F",
        "\uFE00",     "\uFEFF",     "\uFFA0", "\uFFF9", "\U0001D173", "\U000E0001", "\U000E0041",
        "\U000E007F", "\U000E0100", "\uE000", "\uFFFE", "\n",         "\r",         "\t",
        "\u0085",     "\u2028",     "\u2029", "\x7F"}) {
    EXPECT_TRUE(NameProblem(std::string("Ann") + hidden).has_value()) << hidden;
    EXPECT_TRUE(NameProblem(std::string("A") + hidden + "nn").has_value()) << hidden;
    EXPECT_TRUE(NameProblem(hidden + std::string("Ann")).has_value()) << hidden;
  }
  EXPECT_EQ(NameProblem("Ann\u200B"), "must not contain the invisible character U+200B");
  EXPECT_EQ(NameProblem("Ann\nBob"), "must not contain the control character U+000A");
  // Tags that spell no flag.
  EXPECT_TRUE(NameProblem("\U0001F3F4\U000E0061\U000E007F").has_value());
  EXPECT_TRUE(NameProblem("\U0001F600\U000E0061\U000E007F").has_value());
}

TEST(NamesTest, ComparesNamesByWhatIsSeen) {
  EXPECT_EQ(NameKey("  \u00C9LAN  Vital "), NameKey("e\u0301lan vital"));
  EXPECT_EQ(NameKey("Ann"), NameKey("\uFF21nn"));
  EXPECT_EQ(NameKey("Ann"), NameKey("A\u200Bn\u00ADn\uFE0F"));
  EXPECT_EQ(NameKey("Ann\u00A0Lee"), NameKey("Ann\u3000 Lee"));
  EXPECT_NE(NameKey("Ann"), NameKey("Anna"));
  EXPECT_NE(NameKey("Rene"), NameKey("Ren\u00E9"));
}

TEST(NamesTest, FoldsCaseOneByOne) {
  EXPECT_EQ(FoldCase("\u00C9LAN \u0410\u0434\u0430 Stra\u00DFe \u0130"),
            "\u00E9lan \u0430\u0434\u0430 stra\u00DFe \u0130");
}

TEST(NamesTest, SeesWhetherThereIsAnythingToSee) {
  for (const char* blank :
       {"", " \t\r\n", "\u200B", "\u2060\uFEFF", "\u3164", "\u115F\u1160", "\uFFA0",
        "\u00AD \u200D\uFE0F", "\u2800", "\u202E\u2066", "\U000E0041\U000E007F", "\u3000\u2028"}) {
    EXPECT_TRUE(IsBlank(blank)) << blank;
  }
  for (const char* seen : {".", "\x01", "\u200Ba", "\u2764\uFE0F", "\U0001F469\u200D\U0001F4BB",
                           "\U0001F3F4\U000E0067\U000E007F", "\u0301", "\uE000", "\u0600"}) {
    EXPECT_FALSE(IsBlank(seen)) << seen;
  }
}

TEST(NamesTest, LeavesOutWhatANameMustNotHave) {
  EXPECT_EQ(WithoutInvisible("a\u202Eb\nc\u200B"), "ab c");
  EXPECT_EQ(WithoutInvisible("Love \u2764\uFE0F"), "Love \u2764\uFE0F");
}

}  // namespace
}  // namespace dramatis
