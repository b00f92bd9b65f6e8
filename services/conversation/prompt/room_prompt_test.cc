#include "services/conversation/prompt/room_prompt.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/prompt/message_prompt.h"
#include "services/conversation/testing/rooms.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace inference = dramatis::inference::v1;
namespace prompt = dramatis::prompt::v1;

class RoomPromptTest : public testing::Test {
 protected:
  RoomPromptTest() {
    room_.row.topic = "engines";
    room_.row.goal = "a plan";
    room_.row.version = 4;
    Add(room_, TestParticipant("ada", "olga", Role::kGuest, PersonaKind::kAgent));
    Add(room_, TestParticipant("g", "gina"));
    room_.participants[2].left_at = absl::FromUnixSeconds(9);
    ada_.set_persona_id("ada");
    ada_.set_name("Ada");
    AddPart(prompt::PART_KIND_ROLE, "You are Ada.");
    AddPart(prompt::PART_KIND_SAFETY, "Safely.");
  }
  void AddPart(prompt::PartKind kind, const std::string& text) {
    prompt::PromptPart& part = *ada_.mutable_prompt()->add_parts();
    part.set_kind(kind);
    part.set_text(text);
    part.set_source("persona/ada@7");
  }
  void Said(const std::string& who,
            const std::string& text,
            RoomMessageType type = RoomMessageType::kText) {
    MessageRow row;
    row.sequence = static_cast<int>(history_.size()) + 1;
    row.message_id = std::to_string(row.sequence);
    row.persona_id = who;
    row.content = text;
    row.type = type;
    history_.push_back(row);
  }
  inference::StreamGenerateRequest Request() {
    return RoomRequest(
        {.room = room_, .persona = ada_, .recalled = recalled_, .history = history_, .lore = {}});
  }
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    const inference::StreamGenerateRequest request = Request();
    for (const prompt::PromptMessage& message : request.messages()) {
      lines.push_back((message.role() == prompt::ROLE_USER ? "user: " : "own: ") + message.text());
    }
    return lines;
  }
  std::string TextOf(prompt::PartKind kind) {
    std::string text;
    const inference::StreamGenerateRequest request = Request();
    for (const prompt::PromptPart& part : request.parts()) {
      if (part.kind() == kind) text += part.text();
    }
    return text;
  }

  Room room_ = TestRoom();
  RenderedPersona ada_;
  std::vector<prompt::PromptPart> recalled_;
  std::vector<MessageRow> history_;
};

TEST_F(RoomPromptTest, TheFrameSaysWhatItIsAboutAndWhoIsPresent) {
  room_.row.constraints.add_allowed_topics("steam");
  room_.row.constraints.add_forbidden_topics("war");

  const std::string frame = TextOf(prompt::PART_KIND_FRAME);

  for (const char* text : {"Its title: Title.", "engines", "a plan", "steam", "war",
                           "Present: Ada (you), Name of o."}) {
    EXPECT_THAT(frame, HasSubstr(text));
  }
  EXPECT_EQ(Request().parts(1).source(), "conversation/room@4");
}

TEST_F(RoomPromptTest, PartsStandInTheOrderOfTheirKinds) {
  prompt::PromptPart memory;
  memory.set_kind(prompt::PART_KIND_MEMORY);
  recalled_ = {memory};
  room_.row.settings.set_ambiguous(true);
  std::vector<prompt::PartKind> kinds;
  const inference::StreamGenerateRequest request = Request();
  for (const prompt::PromptPart& part : request.parts())
    kinds.push_back(part.kind());

  EXPECT_THAT(kinds, ElementsAre(prompt::PART_KIND_ROLE, prompt::PART_KIND_FRAME,
                                 prompt::PART_KIND_AMBIGUITY, prompt::PART_KIND_SAFETY,
                                 prompt::PART_KIND_MEMORY));
}

TEST_F(RoomPromptTest, OthersLinesHaveTheirNamesAndOwnOnesNone) {
  Said("o", "Hello");
  Said("g", "waves", RoomMessageType::kAction);
  Said("ada", "Hi.");
  Said("o", "Well?");

  EXPECT_THAT(Lines(), ElementsAre("user: Name of o: Hello\n\nName of g: [waves]", "own: Hi.",
                                   "user: Name of o: Well?"));
}

TEST_F(RoomPromptTest, APromptEndsWithSomebodyElse) {
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("Begin.")));
  Said("ada", "Hi.");
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("Begin.")));
  history_.clear();
  Said("o", "Hello");
  Said("ada", "Hi.");
  EXPECT_THAT(Lines(), ElementsAre("user: Name of o: Hello"));
}

TEST_F(RoomPromptTest, WhatThePersonaIsIsLeftOpenWhereItIsHiddenAndOnlyThere) {
  EXPECT_EQ(TextOf(prompt::PART_KIND_AMBIGUITY), "");
  room_.row.settings.set_ambiguous(true);
  EXPECT_THAT(TextOf(prompt::PART_KIND_AMBIGUITY), HasSubstr("Do not deny being an AI"));
  AddPart(prompt::PART_KIND_AMBIGUITY, "Its own.");
  EXPECT_EQ(TextOf(prompt::PART_KIND_AMBIGUITY), "Its own.");
  room_.participants[1].revealed = true;
  EXPECT_EQ(TextOf(prompt::PART_KIND_AMBIGUITY), "");
}

TEST_F(RoomPromptTest, MemoriesAreToldWhereEverybodyIsTheOneWhoOpenedTheRoom) {
  EXPECT_TRUE(MayTellMemories(room_));  // gina has left
  room_.participants[2].left_at = std::nullopt;
  EXPECT_FALSE(MayTellMemories(room_));
  room_.participants[2].kind = PersonaKind::kAgent;
  EXPECT_FALSE(MayTellMemories(room_));  // hers, and she listens
  room_.participants[2].brought_by = "olga";
  EXPECT_TRUE(MayTellMemories(room_));  // a public one that gives her no place
  for (const RoomVisibility seen : {RoomVisibility::kPublic, RoomVisibility::kUnlisted}) {
    room_.row.visibility = seen;
    EXPECT_FALSE(MayTellMemories(room_));
  }
}

TEST_F(RoomPromptTest, SummariesOfTheRoomAreAlwaysTold) {
  prompt::PromptPart memory;
  memory.set_kind(prompt::PART_KIND_MEMORY);
  prompt::PromptPart summary;
  summary.set_kind(prompt::PART_KIND_SUMMARY);
  EXPECT_EQ(Tellable(room_, {memory, summary}).size(), 2);
  EXPECT_EQ(RoomRecall(room_, "ada", "tea", 5).query(), "tea");
  room_.row.visibility = RoomVisibility::kPublic;

  const std::vector<prompt::PromptPart> told = Tellable(room_, {memory, summary});

  ASSERT_EQ(told.size(), 1);
  EXPECT_EQ(told[0].kind(), prompt::PART_KIND_SUMMARY);
  EXPECT_EQ(RoomRecall(room_, "ada", "tea", 5).query(), "");
}

prompt::PackedItem Item(const std::string& source, const std::string& hash, bool kept = true) {
  prompt::PackedItem item;
  item.set_kind("part");
  item.set_source(source);
  item.set_hash(hash);
  item.set_kept(kept);
  return item;
}

prompt::PromptManifest Manifest(const std::vector<prompt::PackedItem>& items) {
  prompt::PromptManifest manifest;
  for (const prompt::PackedItem& item : items)
    *manifest.add_items() = item;
  return manifest;
}

TEST(DifferingTest, NamesWhatChangedWentAndCame) {
  const prompt::PromptManifest before =
      Manifest({Item("a", "1"), Item("b", "2"), Item("c", "3"), Item("d", "4", false)});
  const prompt::PromptManifest now =
      Manifest({Item("a", "1"), Item("b", "9"), Item("d", "4"), Item("e", "5", false)});

  EXPECT_THAT(Differing(before, now), ElementsAre("b", "c", "d"));
  EXPECT_THAT(Differing(before, before), IsEmpty());
}

TEST(DifferingTest, ARoomsVersionIsNoDifference) {
  EXPECT_THAT(Differing(Manifest({Item("conversation/x@1", "1")}),
                        Manifest({Item("conversation/x@2", "1")})),
              IsEmpty());
  EXPECT_THAT(Differing(Manifest({Item("conversation/x@1", "1")}),
                        Manifest({Item("conversation/x@2", "2")})),
              ElementsAre("conversation/x@1"));
}

}  // namespace
}  // namespace dramatis::conversation
