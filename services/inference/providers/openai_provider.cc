#include "services/inference/providers/openai_provider.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/providers/openai_stream.h"
#include "services/inference/providers/openai_wire.h"
#include "services/inference/providers/provider_refusal.h"
#include "shared/config/version.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

// What is read of an error's body, so that the connection can be used again.
constexpr size_t kMaxErrorBytes = size_t{64} * 1024;
constexpr size_t kMaxAnswerBytes = size_t{64} * 1024 * 1024;
// One call is made so many times at most: a model may refuse several fields, one after the other.
constexpr int kMostRequests = 10;

constexpr int kUnauthorizedStatus = 401;
constexpr int kForbiddenStatus = 403;
constexpr int kNotFound = 404;

bool IsSuccess(int status) {
  return status >= 200 && status < 300;
}

}  // namespace

// One answer: a transfer, or several where the key was fetched anew or a field was refused. All but
// Begin and Cancel run on the loop's thread.
class OpenAiProvider::Call : public ProviderCall,
                             public HttpHandler,
                             public std::enable_shared_from_this<Call> {
 public:
  Call(OpenAiProvider& provider,
       const ModelRequest& model_request,
       std::shared_ptr<AnswerSink> sink)
      : provider_(provider),
        prompt_(model_request.prompt),
        parameters_(model_request.parameters),
        wire_({.model = model_request.model.name,
               .newer_limit = provider.config_.IsOpenAi(),
               .dialect = provider.dialects_.Of(model_request.model.name)}),
        deadline_(model_request.deadline),
        sink_(std::move(sink)) {}

  void Begin() {
    HttpRequest request =
        provider_.MakeRequest(ChatRequestJson(*prompt_, parameters_, wire_), deadline_);
    const absl::MutexLock lock(&mutex_);
    if (sink_ == nullptr) return;  // cancelled
    transfer_ = provider_.loop_.Start(std::move(request), shared_from_this());
  }

  void Cancel() override {
    std::shared_ptr<AnswerSink> dropped;  // destroyed without the lock held
    const absl::MutexLock lock(&mutex_);
    dropped = std::move(sink_);
    provider_.loop_.Cancel(transfer_);
  }

  void OnHead(const HttpHead& head) override { head_ = head; }

  bool OnBody(std::string_view bytes) override {
    received_ += bytes.size();
    if (!IsSuccess(head_.status)) {
      refusal_body_ += bytes;
      return received_ <= kMaxErrorBytes;
    }
    if (received_ > kMaxAnswerBytes) return false;
    if (ended_) return true;  // what follows the end
    std::string text;
    stream_.Feed(bytes, text);
    Say(text);
    if (stream_.failure().has_value()) return false;
    if (stream_.finished()) WaitForTheRest();
    if (stream_.done()) EndAnswer();
    return true;
  }

  void OnEnd(HttpEnd end) override {
    if (ended_) return;
    if (head_.status != 0 && !IsSuccess(head_.status)) {
      return EndRefused(ReadRefusal(head_.status, refusal_body_));
    }
    if (end == HttpEnd::kComplete) {
      std::string text;
      stream_.End(text);
      Say(text);
    }
    if (stream_.failure().has_value()) return EndFailed(*stream_.failure());
    if (stream_.finished()) return EndAnswer();
    switch (end) {
      case HttpEnd::kComplete:
        return Fail({Kind::kTransient, "the answer ended early"});
      case HttpEnd::kConnectFailed:
        return Fail({Kind::kTransient, "no connection", std::nullopt, {.url = provider_.Url()}});
      case HttpEnd::kBroken:
        return Fail({Kind::kTransient, "the connection broke"});
      case HttpEnd::kTimedOut:
        return Fail({Kind::kTimeout, "no answer in time"});
      case HttpEnd::kAborted:
        return Fail({Kind::kBroken, "the answer is too large"});
    }
  }

 private:
  void Say(const std::string& text) {
    if (text.empty()) return;
    spoke_ = true;
    if (const std::shared_ptr<AnswerSink> sink = Sink()) sink->OnText(text);
  }

  // The answer is there; its usage may follow, and the connection can be used again if its end
  // does.
  void WaitForTheRest() {
    if (std::exchange(waits_, true)) return;
    provider_.loop_.After(provider_.config_.finish_grace, [weak = weak_from_this()] {
      const std::shared_ptr<Call> self = weak.lock();
      if (self == nullptr) return;
      self->EndAnswer();
      const absl::MutexLock lock(&self->mutex_);
      self->provider_.loop_.Cancel(self->transfer_);
    });
  }

  std::shared_ptr<AnswerSink> Sink() {
    const absl::MutexLock lock(&mutex_);
    return sink_;
  }
  std::shared_ptr<AnswerSink> TakeSink() {
    ended_ = true;
    const absl::MutexLock lock(&mutex_);
    return std::move(sink_);
  }

  void EndAnswer() {
    if (ended_) return;
    Remember();
    if (const std::shared_ptr<AnswerSink> sink = TakeSink()) sink->OnEnd(stream_.end());
  }

  void Fail(ProviderFailure failure) {
    failure.refusal = Printable(std::move(failure.refusal), provider_.key_.Get());
    if (const std::shared_ptr<AnswerSink> sink = TakeSink()) sink->OnFailure(failure);
  }

  void EndRefused(Refusal refusal) {
    const bool credentials =
        head_.status == kUnauthorizedStatus || head_.status == kForbiddenStatus;
    if (credentials && !std::exchange(key_refetched_, true)) {
      provider_.key_.Refetch();
      return Again();
    }
    if (AskDifferently(refusal)) return;
    ProviderFailure failure = {KindOf(refusal), absl::StrCat("status ", head_.status)};
    if (!head_.retry_after.empty()) {
      failure.retry_after = ParseRetryAfter(head_.retry_after, provider_.clock_.Now());
    }
    failure.refusal = std::move(refusal);
    if (head_.status == kNotFound) failure.refusal.url = provider_.Url();
    Fail(std::move(failure));
  }

  void EndFailed(const ProviderFailure& failure) {
    if (spoke_ || !AskDifferently(failure.refusal)) Fail(failure);
  }

  // Makes the call once more without the field that was refused. False where none was.
  bool AskDifferently(const Refusal& refusal) {
    if (KindOf(refusal) != Kind::kRejected || requests_ >= kMostRequests) return false;
    const std::optional<std::string> lesson = LessonOf(refusal, OptionalFields(parameters_, wire_));
    if (!lesson.has_value()) return false;
    wire_.dialect.insert(*lesson);
    Again();
    return true;
  }

  void Again() {
    ++requests_;
    head_ = {};
    received_ = 0;
    refusal_body_.clear();
    stream_ = OpenAiStream();
    Begin();
  }

  // Only once it has answered is it certain that the lessons were the right ones.
  void Remember() {
    if (!provider_.dialects_.Learn(wire_.model, wire_.dialect)) return;
    provider_.logger_.Info("a model refuses fields of requests: they are left out from now on",
                           {{"model", absl::StrCat(provider_.name(), "/", wire_.model)},
                            {"fields", absl::StrJoin(wire_.dialect, ", ")}});
  }

  OpenAiProvider& provider_;
  const std::shared_ptr<const PackedPrompt> prompt_;
  const prompt::v1::ModelParameters parameters_;
  WireOptions wire_;
  const absl::Time deadline_;

  HttpHead head_;
  OpenAiStream stream_;
  std::string refusal_body_;
  size_t received_ = 0;
  int requests_ = 1;
  bool spoke_ = false;
  bool waits_ = false;
  bool key_refetched_ = false;
  bool ended_ = false;

  absl::Mutex mutex_;
  std::shared_ptr<AnswerSink> sink_ ABSL_GUARDED_BY(mutex_);
  CurlLoop::TransferId transfer_ ABSL_GUARDED_BY(mutex_) = 0;
};

OpenAiProvider::OpenAiProvider(const OpenAiConfig& config,
                               const Clock& clock,
                               CurlLoop& loop,
                               Logger& logger)
    : config_(config), clock_(clock), loop_(loop), logger_(logger), key_(config.key, clock) {}

std::string OpenAiProvider::description() const {
  return config_.IsOpenAi() ? "OpenAI" : "A server that speaks OpenAI's chat completions";
}

std::optional<ModelFacts> OpenAiProvider::FindModel(const std::string& model) const {
  if (model.empty()) return config_.models.front();
  for (const ModelFacts& offered : config_.models) {
    if (offered.name == model) return offered;
  }
  if (!config_.any_model) return std::nullopt;
  return KnownModel(model).value_or(
      ModelFacts{.name = model, .window_tokens = kUnknownWindow, .prices = {}});
}

HttpRequest OpenAiProvider::MakeRequest(std::string body, absl::Time deadline) {
  HttpRequest request = {.url = Url(),
                         .headers = {"Content-Type: application/json", "Accept: text/event-stream",
                                     absl::StrCat("User-Agent: dramatis/", kVersion)},
                         .body = std::move(body),
                         .timeouts = config_.timeouts};
  if (const std::string key = key_.Get(); !key.empty()) {
    request.headers.push_back("Authorization: Bearer " + key);
  }
  request.timeouts.total = deadline - clock_.Now();
  return request;
}

std::shared_ptr<ProviderCall> OpenAiProvider::Start(const ModelRequest& model_request,
                                                    std::shared_ptr<AnswerSink> sink) {
  auto call = std::make_shared<Call>(*this, model_request, std::move(sink));
  call->Begin();
  return call;
}

}  // namespace dramatis::inference
