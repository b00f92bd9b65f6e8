#include "services/conversation/turn_taking/turn_taking.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

namespace persona = dramatis::persona::v1;

struct Traits {
  int extraversion = 50;
  int assertiveness = 50;
  std::vector<persona::Knowledge> knowledge = {persona::KNOWLEDGE_GENERAL};
};

ParticipantRow Participant(const std::string& name, PersonaKind kind, const Traits& traits = {}) {
  ParticipantRow row;
  row.persona_id = name;
  row.name = name;
  row.kind = kind;
  persona::RenderPersonaResponse facts;
  facts.mutable_personality()->set_extraversion(traits.extraversion);
  facts.mutable_personality()->set_assertiveness(traits.assertiveness);
  for (const persona::Knowledge domain : traits.knowledge)
    facts.add_knowledge(domain);
  row.facts = facts.SerializeAsString();
  return row;
}

// One human, and AIs of these names.
Room RoomWith(const std::vector<std::string>& ais) {
  Room room;
  room.participants.push_back(Participant("Hana", PersonaKind::kHuman));
  for (const std::string& name : ais)
    room.participants.push_back(Participant(name, PersonaKind::kAgent));
  return room;
}

MessageRow Said(const std::string& who, const std::string& content) {
  MessageRow message;
  message.message_id = "m";
  message.persona_id = who;
  message.content = content;
  return message;
}

MessageRow Generated(const std::string& who, const std::string& content) {
  MessageRow message = Said(who, content);
  message.turn_id = "t";
  return message;
}

std::vector<std::string> Names(const std::vector<Speaker>& speakers) {
  std::vector<std::string> names;
  for (const Speaker& speaker : speakers)
    names.push_back(speaker.persona_id);
  return names;
}

std::vector<std::string> Answering(const Room& room,
                                   const MessageRow& message,
                                   const std::vector<MessageRow>& recent = {},
                                   int depth = 0) {
  return Names(ChooseSpeakers(room, recent, message, depth));
}

TEST(TurnTakingTest, AloneWithTheHumanAlwaysAnswers) {
  const Room room = RoomWith({"Ada"});
  const std::vector<MessageRow> recent = {Generated("Ada", "a"), Generated("Ada", "b")};

  const std::vector<Speaker> speakers = ChooseSpeakers(room, recent, Said("Hana", "Right."), 0);

  ASSERT_THAT(Names(speakers), ElementsAre("Ada"));
  EXPECT_EQ(speakers[0].score.reason(), kAloneWithHuman);
  EXPECT_LT(speakers[0].score.total(), kSpeaksAt);
}

TEST(TurnTakingTest, WhoIsAddressedAnswersAndNobodyElse) {
  const Room room = RoomWith({"Ada", "Bob", "Cleo"});
  struct Case {
    const char* text;
    std::vector<std::string> answering;
  };
  const Case cases[] = {
      {"@Bob hello", {"Bob"}},
      {"bob, what is this?", {"Bob"}},
      {"Tell me, CLEO", {"Cleo"}},
      {"Ada and Cleo?", {"Ada", "Cleo"}},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(Answering(room, Said("Hana", one.text)), one.answering) << one.text;
  }
}

TEST(TurnTakingTest, ANameIsFoundInAnyCaseOfAnyScriptAndOnlyAsAWord) {
  Room room = RoomWith({"Ада", "Zoë", "Ann Lee", "Ann", "李"});
  const auto addressed = [&](const std::string& text) { return AddressedIn(room, text); };

  EXPECT_THAT(addressed("привет, АДА!"), ElementsAre("Ада"));
  EXPECT_THAT(addressed("ZOË?"), ElementsAre("Zoë"));
  EXPECT_THAT(addressed("annual planning"), IsEmpty());
  EXPECT_THAT(addressed("@ann lee, hello"), ElementsAre("Ann Lee"));
  EXPECT_THAT(addressed("Ann, hello"), ElementsAre("Ann"));
  EXPECT_THAT(addressed("Ann and Ann Lee"), ElementsAre("Ann Lee", "Ann"));
  EXPECT_THAT(addressed("你好李先生"), ElementsAre("李"));
}

TEST(TurnTakingTest, ANameIsFoundInsideASentenceWithoutSpaces) {
  Room room = RoomWith({"สมชาย", "ສົມຊາຍ", "សុខា", "အောင်အောင်", "민수", "マリー"});
  const auto addressed = [&](const std::string& text) { return AddressedIn(room, text); };

  EXPECT_THAT(addressed("คุณสมชายคิดว่ายังไงครับ"), ElementsAre("สมชาย"));
  EXPECT_THAT(addressed("ສະບາຍດີສົມຊາຍເດີ"), ElementsAre("ສົມຊາຍ"));
  EXPECT_THAT(addressed("សួស្តីសុខាសុខសប្បាយទេ"), ElementsAre("សុខា"));
  EXPECT_THAT(addressed("ကိုအောင်အောင်ရေ"), ElementsAre("အောင်အောင်"));
  EXPECT_THAT(addressed("민수야 뭐 해?"), ElementsAre("민수"));
  EXPECT_THAT(addressed("マリーさんはどう？"), ElementsAre("マリー"));
  EXPECT_THAT(addressed("ไม่มีใคร"), IsEmpty());
}

TEST(TurnTakingTest, APartOfAHumansNameAddressesNoAi) {
  Room room = RoomWith({"Ada", "Bob"});
  room.participants[0].name = "Ada Smith";

  EXPECT_THAT(AddressedIn(room, "Ada Smith said so"), ElementsAre("Hana"));
}

TEST(TurnTakingTest, WhoIsRepliedToAnswers) {
  const Room room = RoomWith({"Ada", "Bob"});
  MessageRow message = Said("Hana", "I see.");
  message.reply_to_persona_id = "Bob";

  const std::vector<Speaker> speakers = ChooseSpeakers(room, {}, message, 0);

  ASSERT_THAT(Names(speakers), ElementsAre("Bob"));
  EXPECT_EQ(speakers[0].score.reason(), kRepliedTo);
}

TEST(TurnTakingTest, AMentionWinsOverTheBetterScore) {
  Room room = RoomWith({"Ada", "Bob"});
  room.row.settings.set_max_ai_responders(1);
  const std::vector<MessageRow> recent = {Generated("Bob", "a"), Generated("Bob", "b")};
  const MessageRow message = Said("Hana", "Bob, go on");
  EXPECT_GT(ScoreOf(room, room.participants[1], recent, message).total(),
            ScoreOf(room, room.participants[2], recent, message).total());

  EXPECT_THAT(Answering(room, message, recent), ElementsAre("Bob"));
}

TEST(TurnTakingTest, WhoeverIsNotEligibleIsSilent) {
  const MessageRow message = Said("Hana", "Ada?");
  Room room = RoomWith({"Ada", "Bob"});
  EXPECT_THAT(Answering(room, message), ElementsAre("Ada"));

  room.row.status = RoomStatus::kPaused;
  EXPECT_THAT(Answering(room, message), IsEmpty());
  room.row.status = RoomStatus::kCompleted;
  EXPECT_THAT(Answering(room, message), IsEmpty());
  room.row.status = RoomStatus::kActive;
  room.participants[1].kind = PersonaKind::kHuman;
  EXPECT_THAT(Answering(room, Said("Hana", "@Ada!")), ElementsAre("Bob"));
  room.participants[1].kind = PersonaKind::kAmbiguous;
  EXPECT_THAT(Answering(room, message), ElementsAre("Ada"));
  room.participants[1].left_at = absl::UnixEpoch();
  EXPECT_THAT(Answering(room, message), ElementsAre("Bob"));  // alone with her now
  MessageRow reveal = Said("Hana", "Ada is an AI.");
  reveal.type = RoomMessageType::kReveal;
  EXPECT_THAT(Answering(room, reveal), IsEmpty());
}

TEST(TurnTakingTest, TheScoreIsTheWeightedSumOfItsParts) {
  Room room = RoomWith({"Ada", "Bob", "Cleo"});
  room.participants[1] = Participant(
      "Ada", PersonaKind::kAgent,
      {.extraversion = 80, .assertiveness = 40, .knowledge = {persona::KNOWLEDGE_SCIENCE}});
  room.row.topic = "Gardens";
  const std::vector<MessageRow> recent = {Generated("Ada", "a"), Said("Hana", "b")};

  const v1::TurnScore score =
      ScoreOf(room, room.participants[1], recent, Said("Hana", "Which physics is in it?"));

  EXPECT_DOUBLE_EQ(score.topic(), 0.5);     // of domains and the room's topic, one
  EXPECT_DOUBLE_EQ(score.flow(), 2.0 / 3);  // b and this one; three others
  EXPECT_DOUBLE_EQ(score.question(), 1);
  EXPECT_DOUBLE_EQ(score.traits(), 0.6);
  EXPECT_DOUBLE_EQ(score.dominance_penalty(), (0.5 - 0.25) / 0.75);
  const double sum = 0.35 * 0.5 + 0.25 * 2 / 3 + 0.20 + 0.20 * 0.6;
  EXPECT_DOUBLE_EQ(score.total(), sum * (1 - 1.0 / 3));
}

TEST(TurnTakingTest, TheTopicIsMeasuredByWhatCanBeMet) {
  struct Case {
    const char* topic;
    const char* tag;
    const char* allowed;
    persona::Knowledge knowledge;
    const char* text;
    double topic_part;
  };
  const Case cases[] = {
      {"", "", "", persona::KNOWLEDGE_SCIENCE, "the physics of it", 1},
      {"", "", "", persona::KNOWLEDGE_SCIENCE, "hello there", 0},
      {"Roses", "", "", persona::KNOWLEDGE_GENERAL, "my ROSES grow", 1},
      {"", "Roses", "", persona::KNOWLEDGE_GENERAL, "my roses grow", 1},
      {"", "", "red roses", persona::KNOWLEDGE_GENERAL, "my roses grow", 1},
      {"Roses", "", "", persona::KNOWLEDGE_SCIENCE, "my roses grow", 0.5},
      {"Roses", "", "", persona::KNOWLEDGE_SCIENCE, "the physics of roses", 1},
      {"The law", "", "", persona::KNOWLEDGE_GENERAL, "the man", 0},  // too short to tell
  };
  for (const Case& one : cases) {
    Room room = RoomWith({"Ada", "Bob"});
    room.row.topic = one.topic;
    if (*one.tag != 0) room.row.topic_tags = {one.tag};
    if (*one.allowed != 0) room.row.constraints.add_allowed_topics(one.allowed);
    room.participants[1] = Participant("Ada", PersonaKind::kAgent, {.knowledge = {one.knowledge}});
    EXPECT_DOUBLE_EQ(ScoreOf(room, room.participants[1], {}, Said("Hana", one.text)).topic(),
                     one.topic_part)
        << one.text;
  }
}

TEST(TurnTakingTest, OneCanBeReachedWhateverIsAttainable) {
  const Traits all = {
      .extraversion = 100, .assertiveness = 100, .knowledge = {persona::KNOWLEDGE_SCIENCE}};
  Traits general = all;
  general.knowledge = {persona::KNOWLEDGE_GENERAL};
  for (const char* topic : {"", "Physics"}) {
    for (const Traits& traits : {all, general}) {
      Room room = RoomWith({"Ada", "Bob"});
      room.row.topic = topic;
      room.participants[1] = Participant("Ada", PersonaKind::kAgent, traits);

      const v1::TurnScore score =
          ScoreOf(room, room.participants[1], {}, Said("Hana", "What is physics?"));

      EXPECT_DOUBLE_EQ(score.total(), 1) << topic;
    }
  }
}

TEST(TurnTakingTest, AtLeastThirtyHundredthsSpeaksBestFirst) {
  Room room = RoomWith({"Ada", "Bob", "Cleo"});
  room.participants[1] = Participant("Ada", PersonaKind::kAgent, {.extraversion = 0});
  room.participants[3] = Participant("Cleo", PersonaKind::kAgent, {.extraversion = 100});
  room.row.settings.set_max_ai_responders(3);
  EXPECT_THAT(Answering(room, Said("Hana", "Hello.")), ElementsAre("Cleo", "Bob", "Ada"));

  // Bob has just spoken, and would not reach it without the question.
  const std::vector<MessageRow> recent = {Said("Hana", "a"), Said("Hana", "b"),
                                          Generated("Bob", "c")};
  EXPECT_LT(ScoreOf(room, room.participants[2], recent, Said("Hana", "Hm.")).total(), kSpeaksAt);
  EXPECT_THAT(Answering(room, Said("Hana", "Hm."), recent), ElementsAre("Cleo", "Ada"));
}

TEST(TurnTakingTest, AtMostAsManyAsTheRoomAllows) {
  Room room = RoomWith({"Ada", "Bob", "Cleo"});
  EXPECT_EQ(Answering(room, Said("Hana", "Hello.")).size(), 2);  // where it does not say
  room.row.settings.set_max_ai_responders(1);
  EXPECT_EQ(Answering(room, Said("Hana", "Ada and Bob!")).size(), 1);
  room.row.settings.set_max_ai_responders(0);
  EXPECT_THAT(Answering(room, Said("Hana", "Ada?")), IsEmpty());
}

TEST(TurnTakingTest, WhereNobodyPassesAQuestionTheBestOneSpeaks) {
  Room room = RoomWith({"Ada", "Bob"});
  room.row.topic = "gardens";
  room.participants.push_back(Participant("Hugo", PersonaKind::kHuman));
  const Traits shy = {.extraversion = 0, .assertiveness = 0};
  room.participants[1] = Participant("Ada", PersonaKind::kAgent, shy);
  room.participants[2] = Participant("Bob", PersonaKind::kAgent, shy);
  const std::vector<MessageRow> recent = {Generated("Ada", "a"), Generated("Ada", "b"),
                                          Generated("Bob", "c"), Generated("Ada", "d"),
                                          Generated("Bob", "e")};

  EXPECT_THAT(Answering(room, Said("Hana", "Well."), recent), IsEmpty());
  const std::vector<Speaker> speakers = ChooseSpeakers(room, recent, Said("Hana", "Well?"), 0);
  ASSERT_EQ(speakers.size(), 1);
  EXPECT_EQ(speakers[0].persona_id, "Bob");  // Ada has spoken more than her share
  EXPECT_EQ(speakers[0].score.reason(), kLastResort);
  EXPECT_LT(speakers[0].score.total(), kSpeaksAt);
}

TEST(TurnTakingTest, AiAnswersAiOnlyWhereAllowedAndTwoDeep) {
  Room room = RoomWith({"Ada", "Bob"});
  const MessageRow message = Generated("Ada", "Bob, what do you say?");
  EXPECT_THAT(Answering(room, message, {}, 1), IsEmpty());

  room.row.settings.set_allow_ai_chains(true);

  EXPECT_THAT(Answering(room, message, {}, 1), ElementsAre("Bob"));
  EXPECT_THAT(Answering(room, message, {}, 2), ElementsAre("Bob"));
  EXPECT_THAT(Answering(room, message, {}, 3), IsEmpty());
}

TEST(TurnTakingTest, NobodyIsAloneWithAnAi) {
  Room room = RoomWith({"Ada"});
  room.participants[0] = Participant("Bob", PersonaKind::kAgent);
  room.row.settings.set_allow_ai_chains(true);

  const std::vector<Speaker> speakers = ChooseSpeakers(room, {}, Generated("Bob", "Hello."), 1);

  ASSERT_EQ(speakers.size(), 1);
  EXPECT_EQ(speakers[0].score.reason(), kByScore);
}

TEST(TurnTakingTest, QuestionsAreSeenInEveryScript) {
  for (const char* text : {"Why?", "なぜ？", "لماذا؟", "Γιατί\u037e", "Ինչու՞", "What⁉"}) {
    EXPECT_TRUE(IsQuestion(text)) << text;
  }
  for (const char* text : {"", "Why not.", "!"}) {
    EXPECT_FALSE(IsQuestion(text)) << text;
  }
}

// What holds of any room, history and message.
TEST(TurnTakingTest, NeverTooManyNeverTheAuthorAlwaysTheSame) {
  std::mt19937 engine(7);
  const auto below = [&](int n) { return static_cast<int>(engine() % n); };
  const std::vector<std::string> names = {"Ada", "Bob", "Cleo", "Dan", "Eve", "Hana"};
  const std::vector<std::string> texts = {"Hello.", "Why physics?", "@Ada and Bob", "Ok", "Eve!"};
  for (int i = 0; i < 2000; ++i) {
    Room room = RoomWith({"Ada", "Bob", "Cleo", "Dan", "Eve"});
    for (ParticipantRow& row : room.participants) {
      row = Participant(row.name, static_cast<PersonaKind>(below(3)),
                        {.extraversion = below(101),
                         .assertiveness = below(101),
                         .knowledge = {static_cast<persona::Knowledge>(1 + below(12))}});
      if (below(5) == 0) row.left_at = absl::UnixEpoch();
    }
    room.row.settings.set_max_ai_responders(below(4));
    room.row.settings.set_allow_ai_chains(below(2) == 0);
    std::vector<MessageRow> recent;
    for (int n = below(12); n > 0; --n)
      recent.push_back(Generated(names[below(6)], texts[below(5)]));
    MessageRow message = Said(names[below(6)], texts[below(5)]);
    if (below(2) == 0) message.turn_id = "t";
    const int depth = message.generated() ? 1 + below(4) : 0;

    const std::vector<std::string> answering = Answering(room, message, recent, depth);

    ASSERT_LE(answering.size(), room.row.settings.max_ai_responders());
    for (const std::string& name : answering) {
      EXPECT_NE(name, message.persona_id);
      const auto& row = *std::find_if(room.participants.begin(), room.participants.end(),
                                      [&](const auto& one) { return one.persona_id == name; });
      EXPECT_TRUE(row.present() && row.speaks_by_model());
      const double total = ScoreOf(room, row, recent, message).total();
      EXPECT_TRUE(total >= 0 && total <= 1) << total;
    }
    EXPECT_EQ(answering, Answering(room, message, recent, depth));
    if (message.generated() && (depth > 2 || !room.row.settings.allow_ai_chains())) {
      EXPECT_THAT(answering, IsEmpty());
    }
  }
}

v1::ParticipantSettings& SettingsFor(Room& room, const std::string& persona_id) {
  v1::ParticipantSettings& settings = *room.row.settings.add_participants();
  settings.set_persona_id(persona_id);
  return settings;
}

std::vector<std::string> Chosen(const Room& room,
                                const std::vector<MessageRow>& recent,
                                const MessageRow& message) {
  std::vector<std::string> chosen;
  for (const Speaker& speaker : ChooseSpeakers(room, recent, message, 0))
    chosen.push_back(speaker.persona_id + " " + speaker.score.reason());
  return chosen;
}

TEST(TurnPolicyTest, ListGoesOnInTheOrderInWhichTheyCame) {
  Room room = RoomWith({"Ada", "Bob", "Cid"});
  room.row.settings.set_turn_policy(v1::TURN_POLICY_LIST);
  std::vector<MessageRow> recent;

  EXPECT_THAT(Chosen(room, recent, Said("Hana", "Go on.")), ElementsAre("Ada list", "Bob list"));
  recent = {Said("Hana", "Go on."), Generated("Ada", "a"), Generated("Bob", "b")};
  EXPECT_THAT(Chosen(room, recent, Said("Hana", "Go on.")), ElementsAre("Cid list", "Ada list"));
  EXPECT_THAT(Chosen(room, recent, Said("Hana", "Bob, go on.")), ElementsAre("Bob addressed"));
  SettingsFor(room, "Cid").set_muted(true);
  EXPECT_THAT(Chosen(room, recent, Said("Hana", "Go on.")), ElementsAre("Ada list", "Bob list"));
}

TEST(TurnPolicyTest, PooledDrawsEverybodyOnceBeforeAnybodyTwice) {
  Room room = RoomWith({"Ada", "Bob", "Cid", "Dee"});
  room.row.settings.set_turn_policy(v1::TURN_POLICY_POOLED);
  std::vector<MessageRow> recent;
  for (int round = 0; round < 20; ++round) {
    std::set<std::string> spoke;
    for (int i = 0; i < 4; ++i) {
      MessageRow message = Said("Hana", "Go on.");
      message.message_id = absl::StrCat("m", round, "-", i);
      const auto speakers = ChooseSpeakers(room, recent, message, 0);
      ASSERT_EQ(speakers.size(), 1);
      EXPECT_EQ(speakers[0].score.reason(), "pooled");
      EXPECT_EQ(ChooseSpeakers(room, recent, message, 0)[0].persona_id, speakers[0].persona_id);
      EXPECT_TRUE(spoke.insert(speakers[0].persona_id).second) << round;
      recent.push_back(message);
      recent.push_back(Generated(speakers[0].persona_id, "yes"));
    }
  }
}

TEST(TurnPolicyTest, PooledDrawsByTalkativeness) {
  Room room = RoomWith({"Ada", "Bob"});
  room.row.settings.set_turn_policy(v1::TURN_POLICY_POOLED);
  SettingsFor(room, "Ada").set_talkativeness(90);
  SettingsFor(room, "Bob").set_talkativeness(10);
  int ada = 0;
  for (int i = 0; i < 1000; ++i) {
    MessageRow message = Said("Hana", "Go on.");
    message.message_id = absl::StrCat("m", i);
    ada += ChooseSpeakers(room, {}, message, 0)[0].persona_id == "Ada" ? 1 : 0;
  }
  EXPECT_NEAR(ada, 900, 50);
}

TEST(TurnPolicyTest, ManualLeavesItToWhoeverAsks) {
  Room room = RoomWith({"Ada"});
  room.row.settings.set_turn_policy(v1::TURN_POLICY_MANUAL);

  EXPECT_THAT(Chosen(room, {}, Said("Hana", "Ada, what now?")), IsEmpty());
}

TEST(TurnPolicyTest, AModelPicksWhereThereIsSomethingToPick) {
  Room room = RoomWith({"Ada", "Bob", "Cid"});
  const MessageRow plain = Said("Hana", "Go on.");
  EXPECT_THAT(CandidatesOf(room, {}, plain, 0), IsEmpty());  // natural
  room.row.settings.set_turn_policy(v1::TURN_POLICY_MODEL);

  SettingsFor(room, "Cid").set_muted(true);
  EXPECT_THAT(Names(CandidatesOf(room, {}, plain, 0)), ElementsAre("Ada", "Bob"));
  // Called by name: as by any policy.
  EXPECT_THAT(CandidatesOf(room, {}, Said("Hana", "Bob?"), 0), IsEmpty());
  EXPECT_THAT(Chosen(room, {}, Said("Hana", "Bob?")), ElementsAre("Bob addressed"));
  EXPECT_THAT(CandidatesOf(room, {}, Generated("Ada", "Yes."), 1), IsEmpty());  // no chains
  room.row.settings.set_max_ai_responders(0);
  EXPECT_THAT(CandidatesOf(room, {}, plain, 0), IsEmpty());
  room.row.settings.clear_max_ai_responders();
  SettingsFor(room, "Bob").set_muted(true);
  EXPECT_THAT(CandidatesOf(room, {}, plain, 0), IsEmpty());
}

TEST(TurnPolicyTest, WhomAModelPicksSpeaksAndTheReasonNamesIt) {
  Room room = RoomWith({"Ada", "Bob"});
  room.row.settings.set_turn_policy(v1::TURN_POLICY_MODEL);
  const MessageRow message = Said("Hana", "Go on.");
  const auto picked = [&](const Pick& pick, int depth = 0) {
    return PickedSpeakers(room, {}, message, depth, pick);
  };

  const std::vector<Speaker> bob =
      picked({.persona_id = "Bob", .model = "openai/m", .problem = ""});
  ASSERT_THAT(Names(bob), ElementsAre("Bob"));
  EXPECT_EQ(bob[0].score.reason(), "model");
  EXPECT_EQ(bob[0].score.picked_by(), "openai/m");
  EXPECT_THAT(picked({.persona_id = "", .model = "openai/m", .problem = ""}), IsEmpty());
  // Muted since.
  SettingsFor(room, "Bob").set_muted(true);
  EXPECT_THAT(picked({.persona_id = "Bob", .model = "openai/m", .problem = ""}), IsEmpty());
}

TEST(TurnPolicyTest, WithoutAPickTheScoreDecidesAndSaysWhy) {
  Room room = RoomWith({"Ada", "Bob"});
  room.row.settings.set_turn_policy(v1::TURN_POLICY_MODEL);
  const Pick failed = {.persona_id = "", .model = "", .problem = "PROVIDER_FAILED"};
  const std::vector<MessageRow> recent = {Generated("Ada", "a"), Generated("Bob", "b"),
                                          Generated("Ada", "c"), Generated("Ada", "d")};

  const auto asked = PickedSpeakers(room, recent, Said("Hana", "Who knows?"), 0, failed);
  ASSERT_THAT(Names(asked), ElementsAre("Bob"));
  EXPECT_EQ(asked[0].score.reason(), "score");
  EXPECT_EQ(asked[0].score.not_picked_because(), "PROVIDER_FAILED");
  // Somebody always answers a human, nobody needs to answer an AI.
  room.participants[1] =
      Participant("Ada", PersonaKind::kAgent, {.extraversion = 0, .assertiveness = 0});
  room.participants[2] =
      Participant("Bob", PersonaKind::kAgent, {.extraversion = 0, .assertiveness = 0});
  room.participants.push_back(Participant("Iris", PersonaKind::kHuman));
  room.participants.push_back(Participant("Jo", PersonaKind::kHuman));
  const std::vector<MessageRow> mixed = {Generated("Ada", "a"), Generated("Bob", "b")};
  const auto plain = PickedSpeakers(room, mixed, Said("Hana", "Hm."), 0, failed);
  ASSERT_EQ(plain.size(), 1);
  EXPECT_EQ(plain[0].score.reason(), plain[0].score.total() < kSpeaksAt ? kLastResort : kByScore);
  room.row.settings.set_allow_ai_chains(true);
  for (const Speaker& speaker : PickedSpeakers(room, mixed, Generated("Ada", "Hm."), 1, failed)) {
    EXPECT_GE(speaker.score.total(), kSpeaksAt);
  }
}

TEST(TurnPolicyTest, WhoIsMutedSaysNothingAndWhoTalksMoreScoresMore) {
  Room room = RoomWith({"Ada", "Bob"});
  const MessageRow message = Said("Hana", "Who knows?");
  const double usual = ScoreOf(room, room.participants[1], {}, message).total();
  SettingsFor(room, "Ada").set_talkativeness(25);
  EXPECT_DOUBLE_EQ(ScoreOf(room, room.participants[1], {}, message).total(), usual / 2);

  SettingsFor(room, "Bob").set_muted(true);
  EXPECT_THAT(Chosen(room, {}, Said("Hana", "Bob, what now?")),
              testing::Not(testing::Contains(testing::HasSubstr("Bob"))));
}

}  // namespace
}  // namespace dramatis::conversation
