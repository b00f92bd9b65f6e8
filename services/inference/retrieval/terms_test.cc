#include "services/inference/retrieval/terms.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(TermsTest, SplitsAtWhatIsNoLetter) {
  EXPECT_THAT(Words("Where do you LIVE, e-mail?"),
              ElementsAre("where", "do", "you", "live", "e", "mail"));
  EXPECT_THAT(Words("don’t can't"), ElementsAre("dont", "cant"));
  EXPECT_THAT(Words("“quoted”—dash…"), ElementsAre("quoted", "dash"));
  EXPECT_THAT(Words(" ?! 😀"), IsEmpty());
}

TEST(TermsTest, TakesOtherAlphabetsInLowerCase) {
  EXPECT_THAT(Words("Tromsø ÅSE Работа Ёлка ΑΘΗΝΑ"),
              ElementsAre("tromsø", "ase", "работа", "елка", "αθηνα"));
}

TEST(TermsTest, TakesUnspacedScriptsInPairs) {
  EXPECT_THAT(Words("我喜欢 tea"), ElementsAre("我喜", "喜欢", "tea"));
  EXPECT_THAT(IndexTerms("我喜欢 tea"), ElementsAre("我", "我喜", "喜", "喜欢", "欢", "tea"));
}

TEST(TermsTest, SurvivesBytesThatAreNoUtf8) {
  EXPECT_EQ(Words("a\xC3 b\xFF").size(), 2);
}

TEST(TermsTest, ComparesWordsWithoutTheirEndings) {
  EXPECT_EQ(Term("works"), Term("working"));
  EXPECT_EQ(Term("baked"), Term("bakes"));
  EXPECT_EQ(Term("running"), Term("runs"));
  EXPECT_EQ(Term("hobbies"), Term("hobby"));
  EXPECT_EQ(Term("studied"), Term("studies"));
  EXPECT_NE(Term("class"), Term("clas"));
  EXPECT_EQ(Term("bus"), "bus");
}

TEST(TermsTest, LeavesOutWhatEveryQuestionHas) {
  EXPECT_THAT(Terms("What do you work on?"), ElementsAre("work"));
}

TEST(TermsTest, RelatesWordsOfLikeMeaning) {
  EXPECT_THAT(RelatedTerms(Term("job")), Contains(Term("work")));
  EXPECT_THAT(RelatedTerms(Term("pets")), Contains(Term("cat")));
  EXPECT_THAT(RelatedTerms("xyzzy"), IsEmpty());
}

}  // namespace
}  // namespace dramatis::inference
