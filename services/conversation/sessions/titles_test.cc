#include "services/conversation/sessions/titles.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/fake_tools.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SessionTitlesTest : public testing::Test, protected FakeTools {
 protected:
  SessionTitlesTest() {
    job_.turn.turn_id = "t1";
    job_.turn.user_id = "alice";
    job_.turn.session_id = "s1";
    job_.conversation.session_id = "s1";
    job_.conversation.title = "How do";
    job_.conversation.last_sequence = 1;
    job_.conversation.persona_name = "Ada";
    job_.message = "How do I prune a rose?";
    end_.text = "In spring, above an eye.";
  }
  void Reply(const std::string& model = "openai/small") {
    titles_ = std::make_unique<SessionTitles>(Tools(), model, background_);
    titles_->Replied(job_, end_, CallContext());
  }

  Executor background_{1, 8};
  TurnJob job_;
  TurnEnd end_;
  std::unique_ptr<SessionTitles> titles_;
};

TEST_F(SessionTitlesTest, AModelNamesTheFirstExchange) {
  Reply();
  ASSERT_THAT(inference_.requests, SizeIs(1));
  const auto& request = inference_.requests[0];
  EXPECT_EQ(request.parameters().model(), "openai/small");
  EXPECT_EQ(request.user_id(), "alice");
  EXPECT_EQ(request.turn_key(), "title:t1");
  EXPECT_THAT(request.messages(0).text(), HasSubstr("How do I prune a rose?"));
  EXPECT_THAT(request.messages(0).text(), HasSubstr("Ada: In spring, above an eye."));

  inference_.Say("\"Pruning ");
  inference_.Say("roses.\"\nIs there anything else?");
  inference_.Done();
  titles_->Stop();

  EXPECT_THAT(store_.titles, ElementsAre("s1: Pruning roses"));
}

TEST_F(SessionTitlesTest, TheFirstWordsStayWhereNoModelSaysBetter) {
  Reply();
  inference_.Fail(UnavailableError("down"));
  titles_->Stop();
  Reply();
  inference_.Say(" \n ");
  inference_.Done();
  titles_->Stop();

  EXPECT_THAT(store_.titles, IsEmpty());
}

TEST_F(SessionTitlesTest, NobodyIsAskedWhereThereIsNothingToName) {
  Reply("");
  Reply("local/retrieval");
  end_.state = TurnState::kFailed;
  Reply();
  end_.state = TurnState::kDone;
  job_.conversation.title_given = true;
  Reply();
  job_.conversation.title_given = false;
  job_.conversation.last_sequence = 3;
  Reply();
  job_.conversation.last_sequence = 1;
  job_.turn.alternative = 1;
  Reply();
  job_.turn.alternative = 0;
  job_.turn.session_id.clear();  // a room's
  Reply();

  EXPECT_THAT(inference_.requests, IsEmpty());
}

TEST_F(SessionTitlesTest, StopGivesUpWhatIsBeingMade) {
  Reply();
  inference_.generation->on_cancel = [&] { inference_.Fail(absl::CancelledError()); };

  titles_->Stop();

  EXPECT_TRUE(inference_.generation->cancelled);
  EXPECT_THAT(store_.titles, IsEmpty());
}

TEST(TitleInTest, IsOneLineOfWholeGraphemes) {
  EXPECT_EQ(TitleIn("**Rosen schneiden**"), "Rosen schneiden");
  EXPECT_EQ(TitleIn("„Rosen“"), "Rosen");
  EXPECT_EQ(TitleIn("  Roses.\nMore"), "Roses");
  EXPECT_EQ(TitleIn("\"\""), "");
  std::string families;
  for (int i = 0; i < 20; ++i)
    families += "👨‍👩‍👧‍👦";
  EXPECT_EQ(TitleIn(families).size() % std::string("👨‍👩‍👧‍👦").size(), 0);
}

}  // namespace
}  // namespace dramatis::conversation
