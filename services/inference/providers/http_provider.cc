#include "services/inference/providers/http_provider.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/providers/effort.h"
#include "services/inference/providers/provider_refusal.h"
#include "shared/aws/sigv4.h"
#include "shared/config/version.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

// What is read of an error's body, so that the connection can be used again.
constexpr size_t kMaxErrorBytes = size_t{64} * 1024;
constexpr size_t kMaxAnswerBytes = size_t{64} * 1024 * 1024;
// One call is made so many times at most: a model may refuse several fields, one after the other.
constexpr int kMostRequests = 10;
// Added to the limit of an answer that was all thought.
constexpr int kMoreTokens = 8192;

constexpr int kUnauthorizedStatus = 401;
constexpr int kForbiddenStatus = 403;
constexpr int kNotFound = 404;

const char* HeaderOf(Auth auth) {
  switch (auth) {
    case Auth::kXApiKey:
      return "x-api-key: ";
    case Auth::kApiKey:
      return "api-key: ";
    case Auth::kBearer:
    case Auth::kSigV4:
      break;
  }
  return "Authorization: Bearer ";
}

// As AWS calls the service behind the server's name.
std::string ServiceOf(const std::string& url) {
  return url.find("://bedrock-mantle.") == std::string::npos ? "bedrock" : "bedrock-mantle";
}

bool IsSuccess(int status) {
  return status >= 200 && status < 300;
}

}  // namespace

// One answer: a transfer, or several where the key was fetched anew or a field was refused. All but
// Begin and Cancel run on the loop's thread.
class HttpProvider::Call : public ProviderCall,
                           public HttpHandler,
                           public std::enable_shared_from_this<Call> {
 public:
  Call(HttpProvider& provider, const ModelRequest& model_request, std::shared_ptr<AnswerSink> sink)
      : provider_(provider),
        prompt_(model_request.prompt),
        parameters_(model_request.parameters),
        wire_({.model = model_request.model,
               .newer_limit = provider.config_.IsOpenAi(),
               .dialect = provider.dialects_.Of(model_request.model.name)}),
        deadline_(model_request.deadline),
        stream_(provider.format_->MakeStream()),
        sink_(std::move(sink)) {}

  void Begin() {
    const WireFormat& format = *provider_.format_;
    absl::StatusOr<HttpRequest> request = provider_.MakeRequest(
        format.Body(*prompt_, parameters_, wire_), format.Headers(parameters_, wire_), deadline_);
    if (!request.ok()) {
      return Fail({Kind::kUnauthorized,
                   "there are no credentials for it",
                   std::nullopt,
                   {.message = std::string(request.status().message())}});
    }
    const absl::MutexLock lock(&mutex_);
    if (sink_ == nullptr) return;  // cancelled
    transfer_ = provider_.parts_.loop.Start(*std::move(request), shared_from_this());
  }

  void Cancel() override {
    std::shared_ptr<AnswerSink> dropped;  // destroyed without the lock held
    const absl::MutexLock lock(&mutex_);
    dropped = std::move(sink_);
    provider_.parts_.loop.Cancel(transfer_);
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
    stream_->Feed(bytes, text);
    Say(text);
    if (stream_->failure().has_value()) return false;
    if (stream_->finished()) WaitForTheRest();
    if (!stream_->done()) return true;
    if (WasAllThought()) return false;  // it goes on in OnEnd
    EndAnswer();
    return true;
  }

  void OnEnd(HttpEnd end) override {
    if (ended_) return;
    if (head_.status != 0 && !IsSuccess(head_.status)) {
      return EndRefused(ReadRefusal(head_.status, refusal_body_));
    }
    if (end == HttpEnd::kComplete) {
      std::string text;
      stream_->End(text);
      Say(text);
    }
    if (stream_->failure().has_value()) return EndFailed(*stream_->failure());
    if (stream_->finished()) return WasAllThought() ? AskForMore() : EndAnswer();
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
    const auto give_up = [weak = weak_from_this(), request = requests_] {
      const std::shared_ptr<Call> self = weak.lock();
      if (self == nullptr || self->requests_ != request) return;
      self->EndAnswer();
      const absl::MutexLock lock(&self->mutex_);
      self->provider_.parts_.loop.Cancel(self->transfer_);
    };
    provider_.parts_.loop.After(provider_.config_.finish_grace, give_up);
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
    AnswerEnd end = stream_->end();
    if (!spoke_ && end.finish_reason == "length" && wire_.more_tokens > 0) {
      return Fail({Kind::kRejected, "its answer's limit was used up before anything was said"});
    }
    if (end.tokens.has_value()) {
      const ModelFacts& model = wire_.model;
      provider_.scales_.Learn(model.name, prompt_->manifest.prompt_tokens() / model.tokens_factor,
                              end.tokens->input_tokens);
      end.tokens->input_tokens += thought_.input_tokens;
      end.tokens->output_tokens += thought_.output_tokens;
      end.tokens->cached_tokens += thought_.cached_tokens;
      end.tokens->written_tokens += thought_.written_tokens;
    }
    Remember();
    if (const std::shared_ptr<AnswerSink> sink = TakeSink()) sink->OnEnd(end);
  }

  // Nothing was said and the limit is used up: more of it may help, once.
  bool WasAllThought() const {
    return !spoke_ && stream_->end().finish_reason == "length" && wire_.more_tokens == 0 &&
           wire_.model.thinking != Thinking::kNever &&
           AnswerLimit(wire_.model, parameters_, kMoreTokens) >
               AnswerLimit(wire_.model, parameters_);
  }

  void AskForMore() {
    thought_ = stream_->end().tokens.value_or(TokenCounts());
    wire_.more_tokens = kMoreTokens;
    Again();
  }

  void Fail(ProviderFailure failure) {
    failure.refusal = Printable(std::move(failure.refusal), provider_.key_->Get());
    if (const std::shared_ptr<AnswerSink> sink = TakeSink()) sink->OnFailure(failure);
  }

  void EndRefused(Refusal refusal) {
    const bool credentials =
        head_.status == kUnauthorizedStatus || head_.status == kForbiddenStatus;
    if (credentials && !std::exchange(key_refetched_, true)) {
      return AgainWithOthers();
    }
    if (AskDifferently(refusal)) return;
    ProviderFailure failure = {KindOf(refusal), absl::StrCat("status ", head_.status)};
    if (!head_.retry_after.empty()) {
      failure.retry_after = ParseRetryAfter(head_.retry_after, provider_.parts_.clock.Now());
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
    const std::optional<std::string> lesson =
        LessonOf(refusal, provider_.format_->Fields(parameters_, wire_));
    if (!lesson.has_value()) return false;
    wire_.dialect.insert(*lesson);
    Again();
    return true;
  }

  // Fetching takes its time, which is not the loop's.
  void AgainWithOthers() {
    auto again = [self = shared_from_this()] {
      self->provider_.parts_.loop.After(absl::ZeroDuration(), [self] { self->Again(); });
    };
    const bool fetching = provider_.Signs()
                              ? provider_.parts_.credentials->Refetch(std::move(again))
                              : provider_.key_->Refetch(std::move(again));
    if (!fetching) Fail({Kind::kTransient, "the service is stopping"});
  }

  void Again() {
    ++requests_;
    head_ = {};
    received_ = 0;
    waits_ = false;
    refusal_body_.clear();
    stream_ = provider_.format_->MakeStream();
    Begin();
  }

  // Only once it has answered is it certain that the lessons were the right ones.
  void Remember() {
    if (!provider_.dialects_.Learn(wire_.model.name, wire_.dialect)) return;
    provider_.parts_.logger.Info(
        "a model refuses fields of requests: they are left out from now on",
        {{"model", absl::StrCat(provider_.name(), "/", wire_.model.name)},
         {"fields", absl::StrJoin(wire_.dialect, ", ")}});
  }

  HttpProvider& provider_;
  const std::shared_ptr<const PackedPrompt> prompt_;
  const prompt::v1::ModelParameters parameters_;
  WireOptions wire_;
  const absl::Time deadline_;

  TokenCounts thought_;  // of a request whose answer was all thought
  HttpHead head_;
  std::unique_ptr<AnswerStream> stream_;
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

HttpProvider::HttpProvider(ProviderConfig config,
                           std::unique_ptr<WireFormat> format,
                           const HttpProviderParts& parts)
    : config_(std::move(config)),
      format_(std::move(format)),
      parts_(parts),
      key_(secrets::FollowedBy(parts.secret_store, config_.key.reference, config_.key.value)) {}

std::vector<ModelFacts> HttpProvider::models() const {
  std::vector<ModelFacts> models;
  models.reserve(config_.models.size());
  for (const ModelSpec& spec : config_.models)
    models.push_back(FactsOf(spec));
  return models;
}

std::optional<ModelFacts> HttpProvider::FindModel(const std::string& model) const {
  if (model.empty() && config_.models.empty()) return std::nullopt;
  const std::string& name = model.empty() ? config_.models.front().name : model;
  for (const ModelSpec& spec : config_.models) {
    if (spec.name == name) return FactsOf(spec);
  }
  if (!config_.any_model) return std::nullopt;
  return FactsOf({.name = name});
}

ModelFacts HttpProvider::FactsOf(const ModelSpec& spec) const {
  ModelFacts facts = Describe(spec, parts_.catalogue, config_.catalogue);
  if (parts_.vocabularies != nullptr) facts.counter = parts_.vocabularies->Of(facts.name);
  facts.tokens_factor = scales_.FactorOf(facts.name);
  return facts;
}

std::string HttpProvider::Url() const {
  const std::string_view path = format_->path();
  return absl::StrCat(config_.base_url, absl::string_view(path.data(), path.size()),
                      config_.query.empty() ? "" : "?", config_.query);
}

absl::StatusOr<HttpRequest> HttpProvider::MakeRequest(std::string body,
                                                      const std::vector<std::string>& headers,
                                                      absl::Time deadline) {
  HttpRequest request = {.url = Url(),
                         .headers = {"Content-Type: application/json", "Accept: text/event-stream"},
                         .body = std::move(body),
                         .timeouts = config_.timeouts};
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  if (Signs()) {
    DRAMATIS_ASSIGN_OR_RETURN(const aws::Credentials credentials, parts_.credentials->Get());
    const std::vector<std::string> signature = aws::SignSigV4(
        {.method = "POST", .url = request.url, .headers = request.headers, .body = request.body},
        {.service = ServiceOf(config_.base_url), .region = config_.region}, credentials,
        parts_.clock.Now());
    request.headers.insert(request.headers.end(), signature.begin(), signature.end());
  } else if (const std::string key = key_->Get(); !key.empty()) {
    request.headers.push_back(absl::StrCat(HeaderOf(config_.auth), key));
  } else if (!config_.key.value.empty()) {
    return absl::UnavailableError(
        absl::StrCat(config_.key.reference, " could not be read for an hour"));
  }
  // Not signed: a proxy may add to it.
  request.headers.push_back(absl::StrCat("User-Agent: dramatis/", kVersion));
  request.timeouts.total = deadline - parts_.clock.Now();
  return request;
}

std::shared_ptr<ProviderCall> HttpProvider::Start(const ModelRequest& model_request,
                                                  std::shared_ptr<AnswerSink> sink) {
  auto call = std::make_shared<Call>(*this, model_request, std::move(sink));
  call->Begin();
  return call;
}

}  // namespace dramatis::inference
