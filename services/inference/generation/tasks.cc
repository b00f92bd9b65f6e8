#include "services/inference/generation/tasks.h"

#include <string>
#include <utility>
#include <vector>

#include "services/inference/generation/generation.h"
#include "services/inference/providers/task_prompt.h"
#include "services/inference/usage/payer.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

// Words taken as they were written are surer than a model's account of them.
constexpr double kRetrievedConfidence = 0.9;
constexpr double kGeneratedConfidence = 0.7;

// Packs the task for any model: whole, or not at all.
class TaskPacker {
 public:
  TaskPacker(const v1::RunTaskRequest& request, absl::Time deadline)
      : task_(std::make_shared<const v1::RunTaskRequest>(request)),
        prompt_(std::make_shared<const TaskPrompt>(MakeTaskPrompt(request))),
        deadline_(deadline) {}

  absl::StatusOr<ModelRequest> operator()(const Route& route) const {
    ModelRequest model_request = {.model = route.model,
                                  .prompt = nullptr,
                                  .parameters = prompt_->parameters,
                                  .persona_name = "",
                                  .deadline = deadline_,
                                  .user_id = task_->user_id(),
                                  .task = task_};
    model_request.parameters.set_model(route.FullName());
    DRAMATIS_ASSIGN_OR_RETURN(PackedPrompt packed,
                              Pack(prompt_->parts, prompt_->messages,
                                   {.window_tokens = route.model.window_tokens,
                                    .output_tokens = model_request.parameters.max_output_tokens(),
                                    .meter = route.model.meter()}));
    model_request.prompt = std::make_shared<const PackedPrompt>(std::move(packed));
    return model_request;
  }

  const v1::RunTaskRequest& task() const { return *task_; }

 private:
  std::shared_ptr<const v1::RunTaskRequest> task_;  // shared: a std::function is copied
  std::shared_ptr<const TaskPrompt> prompt_;
  absl::Time deadline_;
};

absl::Status Unusable(const char* message) {
  return Error(absl::StatusCode::kUnavailable, v1::ERROR_REASON_TASK_ANSWER_UNUSABLE, message);
}

absl::StatusOr<v1::RunTaskResponse> ReadAnswer(const v1::RunTaskRequest& request,
                                               const std::string& text,
                                               const v1::StreamGenerateResponse::Done& done) {
  if (done.finish_reason() == "content_filter") return Unusable("the model's answer was withheld");
  v1::RunTaskResponse response;
  response.set_model(done.model());
  *response.mutable_usage() = done.usage();
  if (request.task() == v1::TASK_SUMMARY) {
    response.set_summary(ReadSummary(text));
    if (response.summary().empty()) return Unusable("the model's answer was empty");
    return response;
  }
  const double confidence = done.retrieval() ? kRetrievedConfidence : kGeneratedConfidence;
  for (auto& statement : ReadStatements(request, text, confidence))
    *response.add_statements() = std::move(statement);
  return response;
}

}  // namespace

// Gathers one answer.
class Tasks::Running : public std::enable_shared_from_this<Tasks::Running> {
 public:
  Running(Tasks& tasks, TaskPacker packer, std::shared_ptr<Generation> generation, Done done)
      : tasks_(tasks),
        packer_(std::move(packer)),
        generation_(std::move(generation)),
        done_(std::move(done)) {}

  void Start(RoutedCall::Plan plan) {
    // Weak: the generation keeps it, and we keep the generation.
    generation_->OnReady([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Take();
    });
    generation_->Start(std::move(plan));
    Take();
  }

  void GiveUp() {
    generation_->Cancelled();
    Finish(UnavailableError("the server ends"));
  }

 private:
  // Takes what is there. One thread at a time: nobody is woken before Poll has found nothing.
  void Take() {
    while (true) {
      GenerationEvents::Next next = generation_->Poll();
      if (next.event.has_value() && next.event->has_delta()) text_ += next.event->delta().text();
      if (next.event.has_value() && next.event->has_done()) end_ = next.event->done();
      if (next.end.has_value()) {
        if (!next.end->ok()) return Finish(*next.end);
        return Finish(ReadAnswer(packer_.task(), text_, end_));
      }
      if (!next.event.has_value()) return;
    }
  }

  void Finish(absl::StatusOr<v1::RunTaskResponse> response) {
    Done done;
    {
      const absl::MutexLock lock(&mutex_);
      done = std::exchange(done_, nullptr);
    }
    if (done == nullptr) return;
    done(std::move(response));
    tasks_.Over(shared_from_this());
  }

  Tasks& tasks_;
  const TaskPacker packer_;
  const std::shared_ptr<Generation> generation_;
  std::string text_;
  v1::StreamGenerateResponse::Done end_;
  absl::Mutex mutex_;
  Done done_ ABSL_GUARDED_BY(mutex_);
};

void Tasks::Run(const CallContext& call, const v1::RunTaskRequest& request, Done done) {
  const absl::StatusOr<std::vector<Route>> routes = router_.Resolve(request.model());
  if (!routes.ok()) return done(routes.status());
  TaskPacker packer(request, call.deadline - kReportMargin);
  absl::StatusOr<ModelRequest> model_request = packer(routes->front());
  if (!model_request.ok()) return done(model_request.status());
  auto generation =
      std::make_shared<Generation>(parts_, ledger_,
                                   GenerationFacts{.payer = PayerOf(call, request.user_id()),
                                                   .persona_id = "",
                                                   .persona_name = "",
                                                   .turn_key = request.task_key(),
                                                   .correlation_id = call.correlation_id});
  auto running = std::make_shared<Running>(*this, packer, std::move(generation), std::move(done));
  bool stopped = false;
  {
    const absl::MutexLock lock(&mutex_);
    stopped = stopped_;
    if (!stopped) running_.insert(running);
  }
  if (stopped) return running->GiveUp();
  running->Start({.first = {routes->front(), *std::move(model_request)},
                  .others = {routes->begin() + 1, routes->end()},
                  .pack = packer,
                  .correlation_id = call.correlation_id});
}

void Tasks::Over(const std::shared_ptr<Running>& running) {
  const absl::MutexLock lock(&mutex_);
  running_.erase(running);
}

void Tasks::Stop() {
  absl::flat_hash_set<std::shared_ptr<Running>> running;
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    running = running_;
  }
  for (const auto& one : running)
    one->GiveUp();
}

}  // namespace dramatis::inference
