#include "services/conversation/openai/completions.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "services/conversation/lore/matching.h"
#include "services/conversation/model/persona_macros.h"
#include "services/conversation/prompt/frame.h"
#include "services/conversation/prompt/turn_prompt.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

namespace inference = dramatis::inference::v1;
namespace memory = dramatis::memory::v1;
namespace persona = dramatis::persona::v1;
namespace prompt = dramatis::prompt::v1;

// Of what is said in a session: contract, `message`.
constexpr size_t kLongestMessage = 8000;

// Takes an answer that is not a turn's into a live text. An answer that says nothing is asked for
// once more.
class LooseAnswer : public GenerationListener, public std::enable_shared_from_this<LooseAnswer> {
 public:
  LooseAnswer(InferencePeer& peer,
              CallContext call,
              inference::StreamGenerateRequest request,
              std::shared_ptr<LiveTurn> turn)
      : peer_(peer), call_(std::move(call)), request_(std::move(request)), turn_(std::move(turn)) {}

  void Generate() {
    {
      const absl::MutexLock lock(&mutex_);
      ended_ = false;
    }
    request_.set_turn_key(absl::StrCat(turn_->facts().turn_id, ":", ++attempt_));
    std::shared_ptr<Generation> generation = peer_.Generate(call_, request_, shared_from_this());
    {
      const absl::MutexLock lock(&mutex_);
      if (!ended_) generation_ = generation;
      if (!stopped_) return;
    }
    generation->Cancel();
  }

  void Stop() {
    std::shared_ptr<Generation> generation;
    {
      const absl::MutexLock lock(&mutex_);
      stopped_ = true;
      generation = generation_;
    }
    if (generation != nullptr) generation->Cancel();
  }

  void OnStart(const inference::StreamGenerateResponse::Start&) override {}
  void OnDelta(const std::string& text) override { turn_->text().Append(text); }
  void OnDone(const inference::StreamGenerateResponse::Done& done) override { done_ = done; }
  void OnEnd(const absl::Status& status) override {
    {
      const absl::MutexLock lock(&mutex_);
      ended_ = true;
      generation_ = nullptr;
    }
    if (!status.ok()) return turn_->Finish(status);
    std::string text = turn_->text().Text();
    const bool empty = IsBlank(text);
    if (empty && attempt_ == 1 && done_.has_value() && !stopped()) {
      done_.reset();
      return Generate();
    }
    if (empty || !done_.has_value()) {
      return turn_->Finish(Error(
          absl::StatusCode::kUnavailable, inference::ERROR_REASON_PROVIDER_FAILED,
          empty ? "the model's answer was empty" : "the model's answer did not come to its end"));
    }
    v1::ChatResponse outcome;
    outcome.set_response(std::move(text));
    outcome.set_model(done_->model());
    outcome.set_finish_reason(done_->finish_reason());
    *outcome.mutable_usage() = done_->usage();
    turn_->Finish(outcome);
  }

 private:
  bool stopped() const {
    const absl::MutexLock lock(&mutex_);
    return stopped_;
  }

  InferencePeer& peer_;
  const CallContext call_;
  inference::StreamGenerateRequest request_;
  const std::shared_ptr<LiveTurn> turn_;
  int attempt_ = 0;
  std::optional<inference::StreamGenerateResponse::Done> done_;
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;  // the attempt
  std::shared_ptr<Generation> generation_ ABSL_GUARDED_BY(mutex_);
};

// Names the chat by how it begins: what is picked for a conversation stays the same in it.
std::string ChatOf(const CallContext& call, const Asked& asked) {
  return NameId(
      absl::StrCat("openai\n", call.identity.user_id, "\n", asked.messages.front().text()));
}

prompt::PromptPart InstructionsPart(const std::string& text) {
  prompt::PromptPart part;
  part.set_kind(prompt::PART_KIND_FRAME);  // never cut
  part.set_source("request/instructions");
  part.set_text(text);
  return part;
}

// The persona's lore that the request's history calls up. Nothing is kept of it: what stays or
// rests in a session does neither here.
std::vector<prompt::PromptPart> LoreOf(const RenderedPersona& persona,
                                       const std::string& chat,
                                       const Asked& asked) {
  std::vector<std::string> texts;
  texts.reserve(asked.messages.size());
  for (const prompt::PromptMessage& message : asked.messages)
    texts.push_back(message.text());
  return MatchLore({.persona = persona,
                    .messages = texts,
                    .newest_sequence = static_cast<int>(texts.size()),
                    .conversation_id = chat});
}

// The persona's parameters with what the request says.
prompt::ModelParameters With(prompt::ModelParameters parameters,
                             const prompt::ModelParameters& asked) {
  if (asked.has_temperature()) parameters.set_temperature(asked.temperature());
  if (asked.has_top_p()) parameters.set_top_p(asked.top_p());
  if (asked.has_max_output_tokens()) {
    parameters.set_max_output_tokens(asked.max_output_tokens());
  }
  if (asked.stop_size() > 0) *parameters.mutable_stop() = asked.stop();
  return parameters;
}

}  // namespace

absl::StatusOr<Idempotent<Completion>> Completions::Start(const CallContext& call,
                                                          const Asked& asked) {
  DRAMATIS_ASSIGN_OR_RETURN(const Answerer answerer, models_.Find(call, asked.model));
  if (!asked.session_id.empty()) return StartInSession(call, asked, answerer);
  Completion completion;
  completion.id = tools_.ids.NewId();
  completion.model = asked.model;
  completion.created = static_cast<uint32_t>(absl::ToUnixSeconds(tools_.clock.Now()));
  DRAMATIS_ASSIGN_OR_RETURN(inference::StreamGenerateRequest request,
                            Prompt(call, asked, answerer, completion.id));
  TurnFacts facts;
  facts.turn_id = completion.id;
  facts.user_id = call.identity.user_id;
  completion.turn = std::make_shared<LiveTurn>(std::move(facts), /*attempt=*/1);
  CallContext own = call.AsService(call.identity.user_id);
  own.deadline = absl::InfiniteFuture();  // inference's own time-outs end it
  auto answer = std::make_shared<LooseAnswer>(tools_.inference, std::move(own), std::move(request),
                                              completion.turn);
  answer->Generate();
  completion.stop = [answer] { answer->Stop(); };
  return Idempotent<Completion>{.result = std::move(completion), .replayed = false};
}

absl::StatusOr<Idempotent<Completion>> Completions::StartInSession(const CallContext& call,
                                                                   const Asked& asked,
                                                                   const Answerer& answerer) {
  if (answerer.persona_id.empty()) {
    return FieldErrors({{"model", "must be a persona where a session is named"}});
  }
  if (CodePoints(TrimSpace(asked.newest)) > kLongestMessage) {
    return FieldErrors({{asked.newest_field, "must have at most 8000 characters"}});
  }
  v1::ChatRequest request;
  request.set_message(asked.newest);
  request.set_session_id(asked.session_id);
  request.set_persona_id(answerer.persona_id);
  absl::StatusOr<Idempotent<std::shared_ptr<LiveTurn>>> started = chat_.Start(call, request);
  if (absl::IsNotFound(started.status()) || GetReason(started.status()) == "NOT_AN_AI_PERSONA") {
    return ModelNotFound();
  }
  if (!started.ok()) return std::move(started).status();
  Completion completion;
  completion.id = started->result->facts().turn_id;
  completion.model = asked.model;
  completion.created = static_cast<uint32_t>(absl::ToUnixSeconds(tools_.clock.Now()));
  completion.turn = std::move(started->result);
  return Idempotent<Completion>{.result = std::move(completion), .replayed = started->replayed};
}

absl::StatusOr<inference::StreamGenerateRequest> Completions::Prompt(const CallContext& call,
                                                                     const Asked& asked,
                                                                     const Answerer& answerer,
                                                                     const std::string& id) {
  const std::string& user_id = call.identity.user_id;
  inference::StreamGenerateRequest request;
  request.set_user_id(user_id);
  for (const prompt::PromptMessage& message : asked.messages)
    *request.add_messages() = message;
  if (answerer.persona_id.empty()) {
    *request.mutable_parameters() = asked.parameters;
    request.mutable_parameters()->set_model(answerer.plain_model);
    if (!asked.instructions.empty()) *request.add_parts() = InstructionsPart(asked.instructions);
    return request;
  }
  persona::RenderPersonaRequest render;
  render.set_persona_id(answerer.persona_id);
  render.set_user_id(user_id);
  memory::RecallRequest recall;
  recall.set_user_id(user_id);
  recall.set_persona_id(answerer.persona_id);
  recall.set_query(asked.newest);
  recall.set_budget_bytes(kRecallBytes);
  NeighbourQuery query(tools_, call.AsService(user_id), std::move(render), std::move(recall));
  absl::StatusOr<Surroundings> around = query.Answers();
  if (absl::IsNotFound(around.status())) return ModelNotFound();
  if (!around.ok()) return std::move(around).status();
  if (!CheckAnswersAsAi(around->persona, call.identity).ok()) return ModelNotFound();

  request.set_persona_id(around->persona.persona_id());
  request.set_persona_name(around->persona.name());
  *request.mutable_parameters() = With(around->persona.parameters(), asked.parameters);
  const std::string chat = ChatOf(call, asked);
  const RenderedPersona rendered = WithMacros(
      around->persona, {.user = around->user_name, .conversation_id = chat, .turn_id = id});
  std::vector<prompt::PromptPart> parts(rendered.prompt().parts().begin(),
                                        rendered.prompt().parts().end());
  SessionRow frame;
  frame.conversation_id = chat;
  parts.push_back(FramePart(frame, rendered.name()));
  if (!asked.instructions.empty()) parts.push_back(InstructionsPart(asked.instructions));
  for (prompt::PromptPart& part : LoreOf(rendered, chat, asked))
    parts.push_back(std::move(part));
  LimitLore(rendered, request);
  for (prompt::PromptPart& part : around->recalled)
    parts.push_back(std::move(part));
  for (prompt::PromptPart& part : OrderParts(std::move(parts)))
    *request.add_parts() = std::move(part);
  return request;
}

}  // namespace dramatis::conversation
