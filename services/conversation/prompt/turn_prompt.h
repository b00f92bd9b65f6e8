// What goes into a turn's prompt: persona's part, what memory recalls and the history, read at the
// same time, as one request to inference.
#pragma once

#include <future>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/peers.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// Most bytes of recalled parts: inference takes what fits the model's window of it.
inline constexpr int kRecallBytes = 64 * 1024;

// What persona and memory say.
struct Surroundings {
  RenderedPersona persona;
  std::vector<dramatis::prompt::v1::PromptPart> recalled;
  std::string user_name;  // empty where the user did not say
};

// Persona and memory, asked at the same time.
class NeighbourQuery {
 public:
  // Asks; does not block.
  NeighbourQuery(const TurnTools& tools,
                 CallContext call,
                 dramatis::persona::v1::RenderPersonaRequest render,
                 dramatis::memory::v1::RecallRequest remember);

  // What they answer, once; asks again whoever failed. Blocks.
  absl::StatusOr<Surroundings> Answers();

 private:
  const TurnTools tools_;
  const CallContext call_;
  const dramatis::persona::v1::RenderPersonaRequest render_;
  const dramatis::memory::v1::RecallRequest remember_;
  std::future<absl::StatusOr<RenderedPersona>> rendering_;
  std::future<absl::StatusOr<Recalled>> recalling_;
};

// What was said before a turn and the message that it answers, in time order.
struct SessionHistory {
  std::vector<MessageRow> messages;
  // Whether it reaches the message before that one, and none between is missing.
  bool whole = false;
};

// Whether the turn's prompt renews persona's hold of the conversation.
bool RenewsHold(const TurnJob& job);

// The prompt of a session's turn.
//
// What only reads may begin while the turn is being stored. It may read too little then: on SQLite
// a turn may begin on an end of the turn before that is committed together with it, which no other
// connection sees until then. So what was read ahead counts only where nothing is missing.
class TurnPrompt {
 public:
  // Asks the neighbours; does not block.
  TurnPrompt(const TurnTools& tools, TurnJob job, const CallContext& call);

  // Reads what can be read of a turn that is not committed yet. Blocks.
  void ReadAhead();
  // Whether Request need not wait for anything: what was read ahead lacks nothing.
  bool complete() const;
  // The request for the turn, which is committed, all but its key; once. Persona and memory are
  // asked twice before the turn fails: with persona's error, or UNAVAILABLE. Nothing that could not
  // be read is taken for empty, and a history that lacks a message is UNAVAILABLE. Renews persona's
  // hold of the conversation where it would end before the session does. Blocks unless complete.
  absl::StatusOr<dramatis::inference::v1::StreamGenerateRequest> Request();

 private:
  bool HistoryIsWhole() const { return history_.ok() && history_->whole; }

  const TurnTools tools_;
  const TurnJob job_;
  NeighbourQuery query_;
  absl::StatusOr<SessionHistory> history_ = SessionHistory();
  std::optional<absl::StatusOr<Surroundings>> around_;
};

// Where messages end that one of the summaries among the parts may stand for.
std::set<int> SummaryEnds(const std::vector<dramatis::prompt::v1::PromptPart>& parts);

// The request for a session's turn, all but its key, where these are its messages.
absl::StatusOr<dramatis::inference::v1::StreamGenerateRequest> SessionRequest(
    Store& store,
    const TurnJob& job,
    const Surroundings& around,
    const std::vector<MessageRow>& messages);

// What of the persona's lore is told where these are the newest messages, in time order; macros
// have been replaced. Blocks where an entry has effects in time.
absl::StatusOr<std::vector<dramatis::prompt::v1::PromptPart>> LoreFor(
    Store& store,
    const RenderedPersona& persona,
    const std::string& conversation_id,
    const std::vector<MessageRow>& history);
// Sets what the book allows itself.
void LimitLore(const RenderedPersona& persona,
               dramatis::inference::v1::StreamGenerateRequest& request);

// The messages up to the one that the turn answers, in time order, as many of the newest as
// kMaxHistoryBytes and kMaxHistoryMessages allow, and that one in any case. It comes from the job:
// it need not be stored yet.
absl::StatusOr<SessionHistory> ReadHistory(Store& store, const TurnJob& job);

}  // namespace dramatis::conversation
