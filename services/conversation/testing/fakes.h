// Neighbours and a store for unit tests: what they do is what the test says, at once.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/conversation/model/peers.h"
#include "services/conversation/model/store.h"
#include "services/conversation/turns/runner.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

template <class Result>
std::future<Result> Ready(Result result) {
  std::promise<Result> promise;
  promise.set_value(std::move(result));
  return promise.get_future();
}

class FakePersonaPeer : public PersonaPeer {
 public:
  std::future<absl::StatusOr<RenderedPersona>> Render(
      const CallContext& /*call*/, const persona::v1::RenderPersonaRequest& request) override {
    requests.push_back(request);
    if (!failures.empty()) {
      absl::Status failure = failures.front();
      failures.pop_front();
      return Ready<absl::StatusOr<RenderedPersona>>(std::move(failure));
    }
    RenderedPersona rendered;
    rendered.set_persona_id(request.persona_id());
    rendered.set_name("Ada");
    rendered.set_greeting(greeting);
    auto* part = rendered.mutable_prompt()->add_parts();
    part->set_kind(prompt::v1::PART_KIND_ROLE);
    part->set_text(text);
    return Ready<absl::StatusOr<RenderedPersona>>(std::move(rendered));
  }
  absl::StatusOr<persona::v1::ListPersonasResponse> List(
      const CallContext& /*call*/, const persona::v1::ListPersonasRequest& /*request*/) override {
    return InternalError("no test lists");
  }
  absl::Status SetMasks(const CallContext& /*call*/,
                        const persona::v1::SetMasksRequest& request) override {
    masks.push_back(request);
    return absl::OkStatus();
  }
  absl::Status Release(const CallContext& /*call*/,
                       const std::string& /*persona_id*/,
                       const std::string& conversation_id) override {
    if (!release_failure.ok()) return release_failure;
    released.push_back(conversation_id);
    return absl::OkStatus();
  }

  std::deque<absl::Status> failures;  // of the next calls
  std::string greeting;
  std::string text = "You are Ada.";
  std::vector<persona::v1::RenderPersonaRequest> requests;
  std::vector<persona::v1::SetMasksRequest> masks;
  absl::Status release_failure;
  std::vector<std::string> released;
};

class FakeMemoryPeer : public MemoryPeer {
 public:
  using Result = absl::StatusOr<Recalled>;
  std::future<Result> Recall(const CallContext& /*call*/,
                             const memory::v1::RecallRequest& request) override {
    queries.push_back(request.query());
    requests.push_back(request);
    if (failures > 0) {
      --failures;
      return Ready<Result>(UnavailableError("down"));
    }
    prompt::v1::PromptPart part;
    part.set_kind(prompt::v1::PART_KIND_MEMORY);
    part.set_text("likes tea");
    return Ready<Result>(Recalled{.parts = {part}, .display_name = display_name});
  }

  int failures = 0;  // of the next calls
  std::string display_name;
  std::vector<std::string> queries;
  std::vector<memory::v1::RecallRequest> requests;
};

// The test is the model: it speaks through `listener`.
class FakeInferencePeer : public InferencePeer {
 public:
  struct FakeGeneration : public Generation {
    void Cancel() override {
      cancelled = true;
      if (on_cancel) on_cancel();
    }
    bool cancelled = false;
    std::function<void()> on_cancel;
  };

  std::shared_ptr<Generation> Generate(const CallContext& /*call*/,
                                       const inference::v1::StreamGenerateRequest& request,
                                       std::shared_ptr<GenerationListener> to) override {
    requests.push_back(request);
    listener = std::move(to);
    generation = std::make_shared<FakeGeneration>();
    return generation;
  }

  absl::StatusOr<prompt::v1::Usage> UsageOf(const CallContext& /*call*/,
                                            const std::string& /*user_id*/,
                                            const std::string& turn_key) override {
    asked_usage.push_back(turn_key);
    return usage;
  }
  absl::StatusOr<inference::v1::PackPromptResponse> Pack(
      const CallContext& /*call*/,
      const inference::v1::StreamGenerateRequest& /*request*/) override {
    return InternalError("no test packs");
  }
  absl::StatusOr<inference::v1::EmbedResponse> Embed(
      const CallContext& /*call*/, const inference::v1::EmbedRequest& /*request*/) override {
    return InternalError("no test embeds");
  }
  absl::StatusOr<inference::v1::ListModelsResponse> Models(const CallContext& /*call*/) override {
    return InternalError("no test lists");
  }

  void Say(const std::string& text) const { listener->OnDelta(text); }
  void Done(const std::string& finish_reason = "stop") const {
    inference::v1::StreamGenerateResponse::Done done;
    done.set_finish_reason(finish_reason);
    done.set_model("fake/model");
    listener->OnDone(done);
    listener->OnEnd(absl::OkStatus());
  }
  void Fail(const absl::Status& status) const { listener->OnEnd(status); }

  absl::StatusOr<prompt::v1::Usage> usage = NotFoundError("usage");
  std::vector<std::string> asked_usage;
  std::vector<inference::v1::StreamGenerateRequest> requests;
  std::shared_ptr<GenerationListener> listener;
  std::shared_ptr<FakeGeneration> generation;
};

// A store as workers see it: a session's messages, and the holds that were noted.
class FakeStore : public Store {
 public:
  absl::StatusOr<std::vector<MessageRow>> ListMessages(const MessageRange& range) override {
    if (!readable.ok()) return readable;
    std::vector<MessageRow> page;
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
      if (message->sequence >= range.beyond_sequence) continue;
      if (static_cast<int>(page.size()) == range.limit) break;
      page.push_back(*message);
    }
    return page;
  }
  absl::Status SetHold(const std::string& /*conversation_id*/, absl::Time expires_at) override {
    holds.push_back(expires_at);
    return absl::OkStatus();
  }
  absl::Status SetTitle(const SessionRow& seen, const std::string& title) override {
    titles.push_back(seen.session_id + ": " + title);
    return absl::OkStatus();
  }
  absl::Status DropTemporary(const SessionRow&, absl::Time) override { return Unused(); }
  absl::StatusOr<std::vector<SessionRow>> ListSessionHolds(absl::Time, int) override {
    return Unused();
  }
  absl::StatusOr<bool> ClearHold(const SessionRow&) override { return Unused(); }
  absl::StatusOr<std::vector<LoreFiring>> LoreFirings(const std::string&,
                                                      const std::string&) override {
    return firings;
  }

  // Not for workers.
  absl::StatusOr<std::optional<SessionRow>> FindSession(const std::string&) override {
    return Unused();
  }
  absl::StatusOr<Idempotent<SessionRow>> CreateSession(const SessionRow&,
                                                       const Answering<SessionRow>&) override {
    return Unused();
  }
  absl::StatusOr<Idempotent<SessionRow>> EndSession(const std::string&,
                                                    absl::Time,
                                                    const Answering<SessionRow>&) override {
    return Unused();
  }
  absl::StatusOr<SessionRow> DeleteSession(const std::string&) override { return Unused(); }
  absl::StatusOr<std::vector<SessionSummaryRow>> ListSessions(const SessionFilter&) override {
    return Unused();
  }

  absl::Status readable;
  std::vector<MessageRow> messages;
  std::vector<LoreFiring> firings;
  std::vector<absl::Time> holds;
  std::vector<std::string> titles;

 private:
  static absl::Status Unused() { return InternalError("not a worker's"); }
};

// One turn, and a record of what was written of it.
class FakeTurnStore : public TurnStore {
 public:
  absl::StatusOr<std::vector<CheckpointResult>> Checkpoint(
      const std::vector<CheckpointWrite>& writes, absl::Time, absl::Time) override {
    return std::vector<CheckpointResult>(writes.size(), CheckpointResult::kKept);
  }
  absl::StatusOr<CheckpointResult> BeginAttempt(const FencedTurn& turn,
                                                int attempt,
                                                absl::Time) override {
    attempts.push_back(attempt);
    return turn.fence == fence ? CheckpointResult::kKept : CheckpointResult::kLost;
  }
  absl::StatusOr<EndedTurn> EndTurn(const TurnEnd& end, const TurnPlanner&) override {
    if (!end_failures.empty()) {
      absl::Status failure = end_failures.front();
      end_failures.pop_front();
      return failure;
    }
    if (end.turn.fence != fence) return EndedTurn{.result = EndResult::kLost, .waiting = {}};
    ends.push_back(end);
    return EndedTurn();
  }
  absl::Status ReleaseTurn(const FencedTurn&, const std::string& text, absl::Time) override {
    released.push_back(text);
    return absl::OkStatus();
  }

  // Not for workers.
  absl::StatusOr<std::optional<TurnRow>> FindTurn(const std::string&) override { return Unused(); }
  absl::StatusOr<Idempotent<RetriedTurn>> RetryTurn(
      const TurnRow&,
      const Lease&,
      absl::Time,
      const std::function<absl::Status(const Room&)>&,
      const std::function<std::string(const TurnRow&)>&,
      const Idempotency&) override {
    return Unused();
  }
  absl::StatusOr<Idempotent<std::string>> RequestCancel(const TurnRow&,
                                                        absl::Time,
                                                        const Idempotency&) override {
    return Unused();
  }
  absl::Status NoteCancelled(const Idempotency&, const std::string&) override { return Unused(); }
  absl::StatusOr<Idempotent<StartedTurn>> StartTurn(const NewTurn&, const Idempotency&) override {
    return Unused();
  }
  absl::StatusOr<Idempotent<StartedTurn>> StartAlternative(const AnotherAnswer&,
                                                           const Idempotency&) override {
    return Unused();
  }
  absl::StatusOr<std::vector<TurnRow>> ListAlternatives(const TurnRow&) override {
    return Unused();
  }
  absl::StatusOr<Idempotent<TurnRow>> SelectAlternative(const TurnRow&,
                                                        absl::Time,
                                                        const Answering<TurnRow>&) override {
    return Unused();
  }
  absl::StatusOr<Idempotent<ForkedSession>> ForkSession(const NewFork&,
                                                        const Answering<ForkedSession>&) override {
    return Unused();
  }
  absl::StatusOr<std::vector<TurnJob>> TakeOver(const Lease&,
                                                absl::Time,
                                                bool,
                                                const std::function<bool(const std::string&)>&,
                                                int) override {
    return Unused();
  }
  absl::StatusOr<std::vector<WaitingTurn>> ListDueTurns(absl::Time, bool, int) override {
    return Unused();
  }
  absl::StatusOr<std::optional<TurnJob>> ClaimTurn(const WaitingTurn&,
                                                   const Lease&,
                                                   absl::Time,
                                                   bool) override {
    return Unused();
  }
  absl::StatusOr<Idempotent<StartedRoomTurn>> StartRequestedTurn(const RequestedTurn&,
                                                                 const Idempotency&) override {
    return Unused();
  }
  absl::StatusOr<std::optional<RepliedTurn>> FindRepliedTurn(const std::string&,
                                                             const std::string&) override {
    return Unused();
  }

  int64_t fence = 1;                      // the turn's, whoever holds it
  std::deque<absl::Status> end_failures;  // of the next EndTurns
  std::vector<TurnEnd> ends;
  std::vector<int> attempts;
  std::vector<std::string> released;

 private:
  static absl::Status Unused() { return InternalError("not a worker's"); }
};

// Runs what is posted when the test says so.
class FakeHost : public TurnHost {
 public:
  void Post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  void PostCall(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  void PostLater(std::function<void()> task) override { later.push_back(std::move(task)); }
  void Replied(const TurnJob&, const TurnEnd&, const CallContext&) override { ++replied; }
  void Next(const TurnJob& job) override { next.push_back(job); }
  void Await(const std::vector<WaitingTurn>& turns) override {
    waiting.insert(waiting.end(), turns.begin(), turns.end());
  }
  void Over(const TurnRunner& /*runner*/, bool was_lost) override {
    ++overs;
    lost = was_lost;
  }
  void RunTasks() { Run(tasks); }
  void RunLater() { Run(later); }

  std::deque<std::function<void()>> tasks;
  std::deque<std::function<void()>> later;
  std::vector<WaitingTurn> waiting;
  int overs = 0;
  std::vector<TurnJob> next;
  int replied = 0;
  bool lost = false;

 private:
  static void Run(std::deque<std::function<void()>>& queue) {
    while (!queue.empty()) {
      const std::function<void()> task = std::move(queue.front());
      queue.pop_front();
      task();
    }
  }
};

}  // namespace dramatis::conversation
