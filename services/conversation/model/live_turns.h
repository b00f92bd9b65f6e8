// The turns whose text grows in this process: those it runs, and mirrors of those it follows
// elsewhere. A follower keeps the LiveTurn, reads its text from any position and, at the end, its
// outcome.
//
//   auto turn = std::make_shared<LiveTurn>(facts, /*attempt=*/1);
//   turn->text().Append("Hello");
//   turn->Finish(response);                 // or an error
//   turn->outcome()->message_id();          // what followers answer
//
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "shared/executor/executor.h"
#include "shared/live_text/live_text.h"

namespace dramatis::conversation {

// What never changes of a turn.
struct TurnFacts {
  std::string conversation_id;
  std::string turn_id;
  std::string session_id;
  std::string user_id;
  std::string user_message_id;
};

class LiveTurn {
 public:
  LiveTurn(TurnFacts facts, int attempt, std::string text = "")
      : facts_(std::move(facts)), text_(attempt, std::move(text)) {}

  const TurnFacts& facts() const { return facts_; }
  LiveText& text() { return text_; }

  // Ends the text with the turn; the first outcome counts.
  void Finish(const absl::StatusOr<v1::ChatResponse>& outcome);
  // Ends the text here: the turn goes on, or ends, elsewhere.
  void Leave(const absl::Status& why);
  // What Finish or Leave was given. Not before `text().finished()`.
  absl::StatusOr<v1::ChatResponse> outcome() const;
  // Whether the turn itself has ended so.
  bool ended() const;

 private:
  void End(const absl::StatusOr<v1::ChatResponse>& outcome, bool ended);

  const TurnFacts facts_;
  mutable absl::Mutex mutex_;
  absl::StatusOr<v1::ChatResponse> outcome_ ABSL_GUARDED_BY(mutex_) =
      absl::UnavailableError("the turn has not ended");
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  LiveText text_;
};

// Calls `then` once on `executor` when the turn has ended; holds no thread meanwhile.
void WhenEnded(const std::shared_ptr<LiveTurn>& turn,
               Executor& executor,
               std::function<void()> then);

// The turns that this process runs, by id.
class LiveTurns {
 public:
  void Add(const std::shared_ptr<LiveTurn>& turn);
  // Null if it is not here.
  std::shared_ptr<LiveTurn> Find(const std::string& turn_id) const;
  // Unless another one has taken its place.
  void Remove(const LiveTurn& turn);

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<LiveTurn>> turns_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::conversation
