// Who answers a message in a room. Pure functions, no I/O; the rule is that of the contract's
// paragraph on turn-taking.
//
//   for (const Speaker& speaker : ChooseSpeakers(room, recent, message, /*depth=*/0))
//     Log(speaker.persona_id, speaker.score.total());
//
// Eligible are the participants who are here, for whom a model speaks, and who did not write the
// message, in a room that is active. AI answers AI only where the room allows chains, and two deep:
// a turn that answers a human has depth 0, those that follow it 1 and 2. A `reveal` is not
// answered.
//
// Always answering: who is alone with the human, who is addressed by name (`@name`, or its words
// next to each other, in any case; a longer name that contains it is not it), who is replied to.
// Where somebody is addressed or replied to, nobody else answers. Otherwise the score decides:
//
//   (0.35 topic + 0.25 flow + 0.20 question + 0.20 traits) * (1 - dominance penalty)
//
//   topic     the share that is met of: a word of the message belongs to one of the persona's
//             domains; a word of the message is one of the room's topic, tags or allowed topics. A
//             persona that knows only `general` cannot meet the first, a room without topic, tags
//             and allowed topics not the second: then the other one alone is the whole. Where
//             neither can be met, the other three parts share its weight: the sum is divided by
//             0.65, so that 1 can always be reached.
//   flow      messages since the persona last spoke, this one included, over the number of the
//             other participants, at most 1: it is its turn when everybody else might have spoken.
//             While fewer messages have been sent than there are others, over the number of
//             messages.
//   question  1 where the message has a question mark of any script, else 0.
//   traits    the mean of extraversion and assertiveness, over 100.
//   dominance penalty
//             how far the persona's share of the recent messages is over an even share of them:
//             (share - even) / (1 - even), 0 where it is not.
//
// times talkativeness over 50, at most 1: 50 is that of who has no settings.
//
// At least 0.30 speaks, best first, ties in the order in which they came; at most maxAiResponders
// speak, also of those who always answer. Where nobody reaches 0.30 and the message is a question,
// the best one speaks.
//
// That is the policy `natural`. By others nothing but who is called, or who is alone with the
// human, changes:
//
//   list     the next maxAiResponders of those eligible, in the order in which they came, after
//            whichever of them spoke last
//   pooled   one of those eligible who have not spoken since all of them have, drawn by
//            talkativeness and by the message's id: the same message always draws the same
//   manual   nobody, not even who is called
//   model    one of those eligible, whom a model picks (turn_taking/choice_prompt.h): of two or
//            more, where the room has anybody answer at all. Where it does not pick, as natural;
//            and the best one, where nobody would answer a human
//
// Who is muted is not eligible.
#pragma once

#include <string>
#include <vector>

#include "dramatis/conversation/v1/room_messages.pb.h"

#include "services/conversation/model/room_rows.h"

namespace dramatis::conversation {

inline constexpr double kTopicWeight = 0.35;
inline constexpr double kFlowWeight = 0.25;
inline constexpr double kQuestionWeight = 0.20;
inline constexpr double kTraitsWeight = 0.20;
inline constexpr double kSpeaksAt = 0.30;
// Of a turn that answers an AI.
inline constexpr int kMaxChainDepth = 2;
// Of a room that does not say otherwise.
inline constexpr int kDefaultAiResponders = 2;

// TurnScore.reason.
inline constexpr char kAloneWithHuman[] = "alone";
inline constexpr char kAddressed[] = "addressed";
inline constexpr char kRepliedTo[] = "replied_to";
inline constexpr char kByScore[] = "score";
inline constexpr char kLastResort[] = "last_resort";
inline constexpr char kByList[] = "list";
inline constexpr char kDrawn[] = "pooled";
inline constexpr char kRequested[] = "requested";
inline constexpr char kPicked[] = "model";

struct Speaker {
  std::string persona_id;
  v1::TurnScore score;
};

// Who answers `message`, best first, those of one score by their ids. `recent` are the messages
// before it that can be read, oldest first; `depth` is that of the turns it would make.
std::vector<Speaker> ChooseSpeakers(const Room& room,
                                    const std::vector<MessageRow>& recent,
                                    const MessageRow& message,
                                    int depth);

// Of whom a model is to pick who answers `message`: two or more, or nobody where there is nothing
// to pick and ChooseSpeakers says all.
std::vector<Speaker> CandidatesOf(const Room& room,
                                  const std::vector<MessageRow>& recent,
                                  const MessageRow& message,
                                  int depth);

// What became of asking the model.
struct Pick {
  std::string persona_id;  // empty where it picked nobody, or did not pick
  std::string model;       // that picked
  std::string problem;     // why it did not: TurnScore.not_picked_because
};

// Who answers after that: of those who are eligible now.
std::vector<Speaker> PickedSpeakers(const Room& room,
                                    const std::vector<MessageRow>& recent,
                                    const MessageRow& message,
                                    int depth,
                                    const Pick& pick);

// The parts and the total for one participant, without a reason.
v1::TurnScore ScoreOf(const Room& room,
                      const ParticipantRow& participant,
                      const std::vector<MessageRow>& recent,
                      const MessageRow& message);

// Whether the text asks something: it has a question mark of any script.
bool IsQuestion(const std::string& text);

// The participants who are here and whose name the text has, in the order in which they came.
std::vector<std::string> AddressedIn(const Room& room, const std::string& text);

}  // namespace dramatis::conversation
