#include "services/inference/openai_provider.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/openai_wire.h"
#include "services/inference/sse_parser.h"
#include "shared/config/version.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

// What is read of an error's body, so that the connection can be used again.
constexpr size_t kMaxErrorBytes = size_t{64} * 1024;
constexpr size_t kMaxAnswerBytes = size_t{64} * 1024 * 1024;

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kRequestTimeout = 408;
constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;

bool IsSuccess(int status) {
  return status >= 200 && status < 300;
}
bool IsRefusal(int status) {
  return status == kUnauthorized || status == kForbidden;
}

Kind KindOf(int status) {
  if (IsRefusal(status)) return Kind::kUnauthorized;
  if (status == kTooManyRequests) return Kind::kBusy;
  const bool transient = status == kRequestTimeout || status >= kServerError;
  return transient ? Kind::kTransient : Kind::kRejected;
}

}  // namespace

// One answer: a transfer, or two where the key was fetched anew. All but Begin and Cancel run on
// the loop's thread.
class OpenAiProvider::Call : public ProviderCall,
                             public HttpHandler,
                             public std::enable_shared_from_this<Call> {
 public:
  Call(OpenAiProvider& provider,
       std::string body,
       absl::Time deadline,
       std::shared_ptr<AnswerSink> sink)
      : provider_(provider), body_(std::move(body)), deadline_(deadline), sink_(std::move(sink)) {}

  void Begin() {
    HttpRequest request = provider_.MakeRequest(body_, deadline_);
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
    if (!IsSuccess(head_.status)) return received_ <= kMaxErrorBytes;
    if (received_ > kMaxAnswerBytes) return false;
    if (ended_) return true;  // what follows the end
    std::string text;
    bool done = false;
    const bool good =
        parser_.Feed(bytes, [&](std::string_view data) { return OnEvent(data, text, done); });
    if (!text.empty()) {
      if (const std::shared_ptr<AnswerSink> sink = Sink()) sink->OnText(text);
    }
    if (done) EndAnswer();
    return good;
  }

  void OnEnd(HttpEnd end) override {
    if (ended_) return;
    if (head_.status != 0 && !IsSuccess(head_.status)) return EndRefused();
    if (end != HttpEnd::kAborted && !finish_reason_.empty()) return EndAnswer();
    switch (end) {
      case HttpEnd::kComplete:
        return Fail({Kind::kTransient, "the answer ended early", std::nullopt});
      case HttpEnd::kConnectFailed:
        return Fail({Kind::kTransient, "no connection", std::nullopt});
      case HttpEnd::kBroken:
        return Fail({Kind::kTransient, "the connection broke", std::nullopt});
      case HttpEnd::kTimedOut:
        return Fail({Kind::kTimeout, "no answer in time", std::nullopt});
      case HttpEnd::kAborted:
        return Fail({stream_failure_, "the answer cannot be read", std::nullopt});
    }
  }

 private:
  // Reads one event. False where the answer cannot go on.
  bool OnEvent(std::string_view data, std::string& text, bool& done) {
    if (done) return true;
    if (data == "[DONE]") {
      done = true;
      return true;
    }
    absl::StatusOr<ChatChunk> chunk = ParseChatChunk(data);
    if (!chunk.ok()) {
      if (absl::IsUnavailable(chunk.status())) stream_failure_ = Kind::kTransient;
      return false;
    }
    text += chunk->text;
    if (!chunk->finish_reason.empty()) finish_reason_ = std::move(chunk->finish_reason);
    if (chunk->usage.has_value()) tokens_ = chunk->usage;
    return true;
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
    if (const std::shared_ptr<AnswerSink> sink = TakeSink()) {
      sink->OnEnd(
          {.finish_reason = finish_reason_.empty() ? "stop" : finish_reason_, .tokens = tokens_});
    }
  }

  void Fail(const ProviderFailure& failure) {
    if (const std::shared_ptr<AnswerSink> sink = TakeSink()) sink->OnFailure(failure);
  }

  void EndRefused() {
    if (IsRefusal(head_.status) && !key_refetched_) {
      key_refetched_ = true;
      provider_.key_.Refetch();
      head_ = {};
      received_ = 0;
      return Begin();
    }
    ProviderFailure failure = {KindOf(head_.status), absl::StrCat("status ", head_.status),
                               std::nullopt};
    if (!head_.retry_after.empty()) {
      failure.retry_after = ParseRetryAfter(head_.retry_after, provider_.clock_.Now());
    }
    Fail(failure);
  }

  OpenAiProvider& provider_;
  const std::string body_;
  const absl::Time deadline_;

  HttpHead head_;
  SseParser parser_;
  size_t received_ = 0;
  std::string finish_reason_;
  std::optional<TokenCounts> tokens_;
  Kind stream_failure_ = Kind::kBroken;
  bool key_refetched_ = false;
  bool ended_ = false;

  absl::Mutex mutex_;
  std::shared_ptr<AnswerSink> sink_ ABSL_GUARDED_BY(mutex_);  // null after the end
  CurlLoop::TransferId transfer_ ABSL_GUARDED_BY(mutex_) = 0;
};

OpenAiProvider::OpenAiProvider(const OpenAiConfig& config, const Clock& clock, CurlLoop& loop)
    : config_(config), clock_(clock), loop_(loop), key_(config.key, clock) {}

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

HttpRequest OpenAiProvider::MakeRequest(const std::string& body, absl::Time deadline) {
  HttpRequest request = {.url = config_.base_url + "/chat/completions",
                         .headers = {"Content-Type: application/json", "Accept: text/event-stream",
                                     absl::StrCat("User-Agent: dramatis/", kVersion)},
                         .body = body,
                         .timeouts = config_.timeouts};
  if (const std::string key = key_.Get(); !key.empty()) {
    request.headers.push_back("Authorization: Bearer " + key);
  }
  request.timeouts.total = deadline - clock_.Now();
  return request;
}

std::shared_ptr<ProviderCall> OpenAiProvider::Start(const Question& question,
                                                    std::shared_ptr<AnswerSink> sink) {
  std::string body = ChatRequestJson(*question.prompt, question.parameters,
                                     {.model = question.model.name,
                                      .max_completion_tokens = config_.IsOpenAi(),
                                      .fixed_sampling = question.model.fixed_sampling});
  auto call = std::make_shared<Call>(*this, std::move(body), question.deadline, std::move(sink));
  call->Begin();
  return call;
}

}  // namespace dramatis::inference
