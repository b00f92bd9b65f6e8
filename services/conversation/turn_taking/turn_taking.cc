#include "services/conversation/turn_taking/turn_taking.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/turn_taking/domain_words.h"
#include "shared/digest/sha256.h"
#include "shared/text/words.h"

namespace dramatis::conversation {
namespace {

namespace persona = dramatis::persona::v1;

constexpr double kMostOfATrait = 100;
// Words so short tell nothing of a topic: "the", "of".
constexpr size_t kShortestTopicWord = 4;

persona::RenderPersonaResponse FactsOf(const ParticipantRow& participant) {
  persona::RenderPersonaResponse facts;
  facts.ParseFromString(participant.facts);
  return facts;
}

constexpr double kUsualTalkativeness = 50;

// Its settings in the room; the default ones where it has none.
const v1::ParticipantSettings& SettingsOf(const Room& room, const std::string& persona_id) {
  for (const v1::ParticipantSettings& settings : room.row.settings.participants()) {
    if (settings.persona_id() == persona_id) return settings;
  }
  return v1::ParticipantSettings::default_instance();
}

double TalkativenessOf(const Room& room, const std::string& persona_id) {
  const v1::ParticipantSettings& settings = SettingsOf(room, persona_id);
  return settings.has_talkativeness() ? settings.talkativeness() : kUsualTalkativeness;
}

bool IsEligible(const Room& room, const ParticipantRow& participant, const MessageRow& message) {
  return participant.present() && participant.speaks_by_model() &&
         participant.persona_id != message.persona_id &&
         !SettingsOf(room, participant.persona_id).muted();
}

int PresentCount(const Room& room) {
  return static_cast<int>(
      absl::c_count_if(room.participants, [](const ParticipantRow& row) { return row.present(); }));
}

// Each once.
std::set<std::string> SetOf(std::vector<Word> words) {
  std::set<std::string> set;
  for (Word& word : words)
    set.insert(std::move(word.text));
  return set;
}

// Signs that stand for a word each may be short, and are not ASCII.
bool TellsATopic(const std::string& word) {
  return word.size() >= kShortestTopicWord || static_cast<unsigned char>(word[0]) >= 0x80;
}

// nullopt where none of the texts has a word that could be met.
std::optional<bool> SharesWord(const std::set<std::string>& words,
                               const std::vector<std::string>& texts) {
  bool attainable = false;
  for (const std::string& text : texts) {
    for (const std::string& word : SetOf(SplitWords(text))) {
      if (!TellsATopic(word)) continue;
      if (words.contains(word)) return true;
      attainable = true;
    }
  }
  if (!attainable) return std::nullopt;
  return false;
}

std::optional<bool> IsInDomains(const std::set<std::string>& words,
                                const persona::RenderPersonaResponse& facts) {
  bool attainable = false;
  for (const int domain : facts.knowledge()) {
    const std::string_view known = WordsOf(static_cast<persona::Knowledge>(domain));
    if (known.empty()) continue;
    attainable = true;
    for (const std::string& word : words) {
      if (known.find(absl::StrCat(" ", word, " ")) != std::string_view::npos) return true;
    }
  }
  if (!attainable) return std::nullopt;
  return false;
}

// nullopt where it cannot be anything but 0.
std::optional<double> TopicPart(const Room& room,
                                const persona::RenderPersonaResponse& facts,
                                const std::string& text) {
  const std::set<std::string> words = SetOf(SplitIndexWords(text));
  std::vector<std::string> topics = room.row.topic_tags;
  topics.push_back(room.row.topic);
  const auto& allowed = room.row.constraints.allowed_topics();
  topics.insert(topics.end(), allowed.begin(), allowed.end());
  int met = 0;
  int attainable = 0;
  for (const std::optional<bool>& source : {IsInDomains(words, facts), SharesWord(words, topics)}) {
    if (!source.has_value()) continue;
    ++attainable;
    if (*source) ++met;
  }
  if (attainable == 0) return std::nullopt;
  return static_cast<double>(met) / attainable;
}

double FlowPart(const Room& room,
                const std::string& persona_id,
                const std::vector<MessageRow>& recent) {
  const auto last = std::find_if(recent.rbegin(), recent.rend(), [&](const MessageRow& row) {
    return row.persona_id == persona_id;
  });
  const auto since = std::distance(recent.rbegin(), last) + 1;
  const auto sent = static_cast<int>(recent.size()) + 1;
  const int others = std::max(1, std::min(PresentCount(room) - 1, sent));
  return std::min(1.0, static_cast<double>(since) / others);
}

double TraitsPart(const persona::RenderPersonaResponse& facts) {
  const persona::Personality& traits = facts.personality();
  return (traits.extraversion() + traits.assertiveness()) / 2.0 / kMostOfATrait;
}

double DominancePenalty(const Room& room,
                        const std::string& persona_id,
                        const std::vector<MessageRow>& recent) {
  const int present = PresentCount(room);
  if (recent.empty() || present < 2) return 0;
  const auto own =
      absl::c_count_if(recent, [&](const MessageRow& row) { return row.persona_id == persona_id; });
  const double share = static_cast<double>(own) / static_cast<double>(recent.size());
  const double even = 1.0 / present;
  return std::clamp((share - even) / (1 - even), 0.0, 1.0);
}

// Why the participant answers whatever its score; null where it need not.
const char* MustAnswer(const Room& room,
                       const ParticipantRow& participant,
                       const MessageRow& message,
                       const std::vector<std::string>& addressed) {
  if (absl::c_linear_search(addressed, participant.persona_id)) return kAddressed;
  if (message.reply_to_persona_id == participant.persona_id) return kRepliedTo;
  if (!message.generated() && PresentCount(room) == 2) return kAloneWithHuman;
  return nullptr;
}

// Keeps those who are not given up for others, best first.
void KeepBest(const MessageRow& message, size_t most, std::vector<Speaker>& speakers) {
  const auto must = [](const Speaker& speaker) { return speaker.score.reason() != kByScore; };
  const bool called = absl::c_any_of(speakers, must);
  absl::c_sort(speakers, [](const Speaker& a, const Speaker& b) {
    return std::tuple(-a.score.total(), a.persona_id) < std::tuple(-b.score.total(), b.persona_id);
  });
  std::vector<Speaker> kept;
  for (const Speaker& speaker : speakers) {
    if (called ? must(speaker) : speaker.score.total() >= kSpeaksAt) kept.push_back(speaker);
  }
  if (kept.empty() && !speakers.empty() && IsQuestion(message.content)) {
    kept.push_back(speakers.front());
    kept.front().score.set_reason(kLastResort);
  }
  if (kept.size() > most) kept.resize(most);
  speakers = std::move(kept);
}

// Whether somebody is called, so that the policy has nothing to choose.
bool AnybodyCalled(const std::vector<Speaker>& speakers) {
  return absl::c_any_of(speakers,
                        [](const Speaker& speaker) { return speaker.score.reason() != kByScore; });
}

bool IsAmong(const std::vector<Speaker>& speakers, const std::string& persona_id) {
  return absl::c_any_of(speakers,
                        [&](const Speaker& speaker) { return speaker.persona_id == persona_id; });
}

// The next ones in the order in which they came, after the one who spoke last.
void KeepNext(const std::vector<MessageRow>& recent, size_t most, std::vector<Speaker>& speakers) {
  const auto last = std::find_if(recent.rbegin(), recent.rend(), [&](const MessageRow& row) {
    return IsAmong(speakers, row.persona_id);
  });
  if (last != recent.rend()) {
    const auto spoke = absl::c_find_if(
        speakers, [&](const Speaker& speaker) { return speaker.persona_id == last->persona_id; });
    std::rotate(speakers.begin(), spoke + 1, speakers.end());
  }
  if (speakers.size() > most) speakers.resize(most);
  for (Speaker& speaker : speakers)
    speaker.score.set_reason(kByList);
}

// Those who have not spoken since all of them have, as far as the recent messages tell.
std::vector<Speaker> Pool(const std::vector<MessageRow>& recent,
                          const std::vector<Speaker>& speakers) {
  std::set<std::string> spoke;
  for (const MessageRow& message : recent) {
    if (!IsAmong(speakers, message.persona_id)) continue;
    spoke.insert(message.persona_id);
    if (spoke.size() == speakers.size()) spoke.clear();
  }
  std::vector<Speaker> pool;
  absl::c_copy_if(speakers, std::back_inserter(pool),
                  [&](const Speaker& speaker) { return !spoke.contains(speaker.persona_id); });
  return pool;
}

// One of them, each by its talkativeness; nobody where none is ready to speak.
void Draw(const Room& room,
          const std::vector<MessageRow>& recent,
          const MessageRow& message,
          std::vector<Speaker>& speakers) {
  const std::vector<Speaker> pool = Pool(recent, speakers);
  speakers.clear();
  double all = 0;
  for (const Speaker& speaker : pool)
    all += TalkativenessOf(room, speaker.persona_id);
  std::mt19937_64 random(std::stoull(Sha256Hex(message.message_id).substr(0, 16), nullptr, 16));
  // As 53 bits of it: std::uniform_real_distribution differs between libraries.
  double drawn = static_cast<double>(random() >> 11) / static_cast<double>(uint64_t{1} << 53) * all;
  for (const Speaker& speaker : pool) {
    drawn -= TalkativenessOf(room, speaker.persona_id);
    if (drawn >= 0) continue;
    speakers.push_back(speaker);
    speakers.back().score.set_reason(kDrawn);
    return;
  }
}

size_t MostResponders(const Room& room) {
  const v1::ConversationSettings& settings = room.row.settings;
  const int most =
      settings.has_max_ai_responders() ? settings.max_ai_responders() : kDefaultAiResponders;
  return static_cast<size_t>(std::max(most, 0));
}

// Who may answer, with why they must or kByScore.
std::vector<Speaker> Eligible(const Room& room,
                              const std::vector<MessageRow>& recent,
                              const MessageRow& message,
                              int depth) {
  const v1::ConversationSettings& settings = room.row.settings;
  if (room.row.status != RoomStatus::kActive || message.type == RoomMessageType::kReveal) return {};
  if (message.generated() && (!settings.allow_ai_chains() || depth > kMaxChainDepth)) return {};
  if (settings.turn_policy() == v1::TURN_POLICY_MANUAL) return {};
  const std::vector<std::string> addressed = AddressedIn(room, message.content);
  std::vector<Speaker> speakers;
  for (const ParticipantRow& participant : room.participants) {
    if (!IsEligible(room, participant, message)) continue;
    Speaker speaker{.persona_id = participant.persona_id,
                    .score = ScoreOf(room, participant, recent, message)};
    const char* const reason = MustAnswer(room, participant, message, addressed);
    speaker.score.set_reason(reason != nullptr ? reason : kByScore);
    speakers.push_back(std::move(speaker));
  }
  return speakers;
}

}  // namespace

bool IsQuestion(const std::string& text) {
  // ASCII, full width, small form, Greek, Armenian, Arabic, Ethiopic, reversed, double marks.
  for (const char* mark : {"?", "？", "﹖", "\u037e", "՞", "؟", "፧", "⸮", "⁇", "⁈", "⁉"}) {
    if (text.find(mark) != std::string::npos) return true;
  }
  return false;
}

std::vector<std::string> AddressedIn(const Room& room, const std::string& text) {
  std::vector<const ParticipantRow*> present;
  for (const ParticipantRow& row : room.participants) {
    if (row.present()) present.push_back(&row);
  }
  // The longest names first: what is part of one is not another's. Those that are read alike belong
  // to everybody who has them.
  std::map<std::string, bool> names;
  std::vector<std::pair<size_t, std::string>> by_length;
  for (const ParticipantRow* row : present) {
    if (names.emplace(FoldedText(row->name), false).second) {
      by_length.emplace_back(PhraseFinder::Length(row->name), row->name);
    }
  }
  absl::c_sort(by_length, std::greater<>());
  PhraseFinder words(text);
  for (const auto& [_, name] : by_length)
    names[FoldedText(name)] = words.Take(name);
  std::vector<std::string> addressed;
  for (const ParticipantRow* row : present) {
    if (names[FoldedText(row->name)]) addressed.push_back(row->persona_id);
  }
  return addressed;
}

v1::TurnScore ScoreOf(const Room& room,
                      const ParticipantRow& participant,
                      const std::vector<MessageRow>& recent,
                      const MessageRow& message) {
  const persona::RenderPersonaResponse facts = FactsOf(participant);
  const std::optional<double> topic = TopicPart(room, facts, message.content);
  v1::TurnScore score;
  score.set_topic(topic.value_or(0));
  score.set_flow(FlowPart(room, participant.persona_id, recent));
  score.set_question(IsQuestion(message.content) ? 1 : 0);
  score.set_traits(TraitsPart(facts));
  score.set_dominance_penalty(DominancePenalty(room, participant.persona_id, recent));
  const double attainable = topic.has_value() ? 1 : 1 - kTopicWeight;
  const double sum = kTopicWeight * score.topic() + kFlowWeight * score.flow() +
                     kQuestionWeight * score.question() + kTraitsWeight * score.traits();
  const double talkativeness = TalkativenessOf(room, participant.persona_id) / kUsualTalkativeness;
  score.set_total(
      std::min(1.0, sum / attainable * (1 - score.dominance_penalty()) * talkativeness));
  return score;
}

std::vector<Speaker> ChooseSpeakers(const Room& room,
                                    const std::vector<MessageRow>& recent,
                                    const MessageRow& message,
                                    int depth) {
  std::vector<Speaker> speakers = Eligible(room, recent, message, depth);
  const v1::TurnPolicy policy = room.row.settings.turn_policy();
  const size_t most = MostResponders(room);
  const bool natural = AnybodyCalled(speakers) || speakers.empty();
  if (!natural && policy == v1::TURN_POLICY_LIST) {
    KeepNext(recent, most, speakers);
  } else if (!natural && policy == v1::TURN_POLICY_POOLED && most > 0) {
    Draw(room, recent, message, speakers);
  } else {
    KeepBest(message, most, speakers);
  }
  return speakers;
}

std::vector<Speaker> CandidatesOf(const Room& room,
                                  const std::vector<MessageRow>& recent,
                                  const MessageRow& message,
                                  int depth) {
  if (room.row.settings.turn_policy() != v1::TURN_POLICY_MODEL || MostResponders(room) == 0) {
    return {};
  }
  std::vector<Speaker> speakers = Eligible(room, recent, message, depth);
  if (speakers.size() < 2 || AnybodyCalled(speakers)) return {};
  return speakers;
}

std::vector<Speaker> PickedSpeakers(const Room& room,
                                    const std::vector<MessageRow>& recent,
                                    const MessageRow& message,
                                    int depth,
                                    const Pick& pick) {
  std::vector<Speaker> eligible = Eligible(room, recent, message, depth);
  if (pick.problem.empty()) {
    std::vector<Speaker> picked;
    for (Speaker& speaker : eligible) {
      if (speaker.persona_id != pick.persona_id) continue;
      speaker.score.set_reason(kPicked);
      speaker.score.set_picked_by(pick.model);
      picked.push_back(std::move(speaker));
    }
    return picked;
  }
  std::vector<Speaker> speakers = eligible;
  KeepBest(message, MostResponders(room), speakers);
  if (speakers.empty() && !eligible.empty() && depth == 0) {
    speakers.push_back(*absl::c_max_element(eligible, [](const Speaker& a, const Speaker& b) {
      return a.score.total() < b.score.total();
    }));
    speakers.front().score.set_reason(kLastResort);
  }
  for (Speaker& speaker : speakers)
    speaker.score.set_not_picked_because(pick.problem);
  return speakers;
}

}  // namespace dramatis::conversation
