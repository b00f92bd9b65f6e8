#include "services/conversation/turn_taking/choice_prompt.h"

#include "dramatis/persona/v1/persona.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/rooms.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ChoicePromptTest : public testing::Test {
 protected:
  ChoicePromptTest() {
    for (const char* name : {"Ada", "Ada Lovelace", "ADA"}) {
      ParticipantRow row =
          TestParticipant(std::string("p of ") + name, "olga", Role::kGuest, PersonaKind::kAgent);
      row.name = name;
      dramatis::persona::v1::RenderPersonaResponse facts;
      facts.add_knowledge(dramatis::persona::v1::KNOWLEDGE_SCIENCE);
      row.facts = facts.SerializeAsString();
      speakers_.push_back({.persona_id = row.persona_id, .score = {}});
      Add(job_.room, std::move(row));
    }
    job_.message.message_id = "m";
    job_.message.persona_id = "o";
    job_.message.content = "Who can count?";
    for (int i = 0; i < 20; ++i) {
      MessageRow earlier = job_.message;
      earlier.content = "Line " + std::to_string(i) + ".";
      job_.recent.push_back(earlier);
    }
  }
  std::vector<Candidate> Candidates(bool or_nobody = false) {
    return NameCandidates(job_.room, speakers_, or_nobody);
  }

  ChoiceJob job_{.choice = {}, .room = TestRoom(), .message = {}, .recent = {}};
  std::vector<Speaker> speakers_;
};

TEST_F(ChoicePromptTest, EveryCandidateHasANameOfItsOwn) {
  std::vector<std::string> names;
  for (const Candidate& candidate : Candidates(/*or_nobody=*/true))
    names.push_back(candidate.name);
  EXPECT_THAT(names, ElementsAre("Ada", "Ada Lovelace", "ADA (2)", "nobody"));
}

TEST_F(ChoicePromptTest, AsksForOneOfTheNamesAtThePayersExpense) {
  job_.choice.payer.user_id = "paula";
  const auto request = ChoiceRequest(job_, Candidates(), "choice:m:1");
  EXPECT_EQ(request.user_id(), "paula");
  EXPECT_EQ(request.turn_key(), "choice:m:1");
  EXPECT_THAT(request.parameters().choices(), ElementsAre("Ada", "Ada Lovelace", "ADA (2)"));
  EXPECT_THAT(request.parts(0).text(), HasSubstr("Ada Lovelace (knows about: science)"));
  const std::string& said = request.messages(0).text();
  EXPECT_THAT(said, HasSubstr("Line 19."));
  EXPECT_THAT(said, Not(HasSubstr("Line 7.")));
  EXPECT_THAT(said, HasSubstr("Name of o: Who can count?"));
  job_.choice.payer.user_id.clear();
  EXPECT_EQ(ChoiceRequest(job_, Candidates(), "k").user_id(), "olga");
}

TEST_F(ChoicePromptTest, ReadsWhomTheAnswerNames) {
  const std::vector<Candidate> candidates = Candidates(/*or_nobody=*/true);
  const auto picked = [&](const std::string& answer) {
    return PickedIn(answer, candidates).value_or("none");
  };
  EXPECT_EQ(picked(R"({"choice":"Ada Lovelace"})"), "p of Ada Lovelace");
  EXPECT_EQ(picked("```json\n{\"choice\": \" ada \"}\n```"), "p of Ada");
  EXPECT_EQ(picked("I think that Ada Lovelace is next."), "p of Ada Lovelace");
  EXPECT_EQ(picked(R"({"choice":"nobody"})"), "");
  for (const char* unusable :
       {"", "Eve", R"({"choice":"Eve"})", R"({"choice":7})", "{", "Ada or Ada Lovelace", "}{"}) {
    EXPECT_EQ(picked(unusable), "none") << unusable;
  }
}

}  // namespace
}  // namespace dramatis::conversation
