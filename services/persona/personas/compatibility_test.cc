#include "services/persona/personas/compatibility.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::persona {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

v1::Persona PersonaOf(int trait, const std::vector<v1::Knowledge>& domains) {
  v1::Persona persona;
  v1::Personality& p = *persona.mutable_personality();
  p.set_openness(trait);
  p.set_conscientiousness(trait);
  p.set_extraversion(trait);
  p.set_agreeableness(trait);
  p.set_neuroticism(trait);
  p.set_creativity(trait);
  p.set_assertiveness(trait);
  p.set_empathy(trait);
  for (const v1::Knowledge domain : domains)
    persona.add_knowledge(domain);
  return persona;
}

struct Case {
  int trait;
  int other_trait;
  std::vector<v1::Knowledge> domains;
  std::vector<v1::Knowledge> other_domains;
  int score;
  std::string label;
};

class CompatibilityTest : public testing::TestWithParam<Case> {};

TEST_P(CompatibilityTest, FollowsTheFormula) {
  const v1::Persona one = PersonaOf(GetParam().trait, GetParam().domains);
  const v1::Persona other = PersonaOf(GetParam().other_trait, GetParam().other_domains);

  const v1::ComparePersonasResponse response = Compare(one, other);

  EXPECT_EQ(response.score(), GetParam().score);
  EXPECT_EQ(response.label(), GetParam().label);
  EXPECT_EQ(Compare(other, one).score(), response.score());
}

constexpr v1::Knowledge kArts = v1::KNOWLEDGE_ARTS;
constexpr v1::Knowledge kScience = v1::KNOWLEDGE_SCIENCE;
constexpr v1::Knowledge kHealth = v1::KNOWLEDGE_HEALTH;

INSTANTIATE_TEST_SUITE_P(
    ,
    CompatibilityTest,
    testing::Values(Case{50, 50, {kArts}, {kArts}, 100, "excellent"},
                    Case{0, 100, {kArts}, {kScience}, 0, "poor"},
                    Case{0, 100, {kArts}, {kArts}, 30, "poor"},
                    Case{50, 50, {kArts}, {kScience}, 70, "good"},
                    Case{50, 50, {kArts, kScience}, {kScience, kHealth}, 85, "excellent"},
                    Case{40, 60, {kArts}, {kScience}, 56, "fair"},
                    // 0.7 x 99 + 0.3 x 100 x 1/3 = 79.3: the boundary is by the rounded score.
                    Case{50, 51, {kArts}, {kArts, kScience, kHealth}, 79, "good"},
                    Case{50, 50, {kArts}, {kArts, kScience, kHealth}, 80, "excellent"}));

TEST(CompatibilityBreakdownTest, ShowsWhatTheScoreIsMadeOf) {
  v1::Persona one = PersonaOf(50, {kScience, kArts});
  one.mutable_personality()->set_openness(90);

  const v1::ComparePersonasResponse response = Compare(one, PersonaOf(50, {kArts, kHealth}));

  EXPECT_THAT(response.breakdown().traits(), DoubleEq(95.0));
  EXPECT_THAT(response.breakdown().knowledge(), DoubleEq(50.0));
  EXPECT_THAT(response.breakdown().shared_knowledge(), ElementsAre(kArts));
}

TEST(CompatibilityBreakdownTest, CountsUnsetFieldsAsTheirDefaults) {
  const v1::ComparePersonasResponse response =
      Compare(v1::Persona(), PersonaOf(50, {v1::KNOWLEDGE_GENERAL}));

  EXPECT_EQ(response.score(), 100);
  EXPECT_THAT(response.breakdown().shared_knowledge(), ElementsAre(v1::KNOWLEDGE_GENERAL));
}

}  // namespace
}  // namespace dramatis::persona
