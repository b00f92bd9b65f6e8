#include "services/inference/providers/local_provider.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/prompt/tokens.h"
#include "services/inference/retrieval/local_retrieval.h"
#include "services/inference/retrieval/local_tasks.h"

namespace dramatis::inference {
namespace {

constexpr char kModel[] = "retrieval";
constexpr int kWindow = 65536;

// The first pieces that take at most `limit` tokens; all of them where it is 0.
size_t PiecesWithin(const std::vector<std::string>& pieces, int limit) {
  if (limit <= 0) return pieces.size();
  std::string text;
  for (size_t i = 0; i < pieces.size(); ++i) {
    text += pieces[i];
    if (EstimateTokens(text) > limit) return i;
  }
  return pieces.size();
}

}  // namespace

class LocalProvider::Call : public ProviderCall, public std::enable_shared_from_this<Call> {
 public:
  Call(LocalProvider& provider,
       std::vector<std::string> pieces,
       size_t count,
       std::shared_ptr<AnswerSink> sink)
      : timers_(provider.timers_),
        delay_(provider.delay_),
        pieces_(std::move(pieces)),
        count_(count),
        sink_(std::move(sink)) {}

  void Cancel() override {
    std::shared_ptr<AnswerSink> dropped;  // destroyed without the lock held
    const absl::MutexLock lock(&mutex_);
    dropped = std::move(sink_);
  }

  // Says the next piece. One after the other: each asks for the next.
  void Step() {
    const std::shared_ptr<AnswerSink> sink = Sink();
    if (sink == nullptr) return;
    if (next_ < count_) sink->OnText(pieces_[next_++]);
    if (next_ == count_) {
      sink->OnEnd(
          {.finish_reason = count_ < pieces_.size() ? "length" : "stop", .tokens = std::nullopt});
      return Cancel();
    }
    timers_.After(delay_, [self = shared_from_this()] { self->Step(); });
  }

 private:
  std::shared_ptr<AnswerSink> Sink() {
    const absl::MutexLock lock(&mutex_);
    return sink_;
  }

  Timers& timers_;
  const absl::Duration delay_;
  const std::vector<std::string> pieces_;
  const size_t count_;
  size_t next_ = 0;  // of whoever runs Step
  absl::Mutex mutex_;
  std::shared_ptr<AnswerSink> sink_ ABSL_GUARDED_BY(mutex_);
};

std::string LocalProvider::description() const {
  return "A built-in retrieval model for trying Dramatis without a key. It picks sentences from "
         "the "
         "persona's text and from memories; it generates nothing.";
}

std::vector<ModelFacts> LocalProvider::models() const {
  return {{.name = kModel, .window_tokens = kWindow, .prices = {}}};
}

std::optional<ModelFacts> LocalProvider::FindModel(const std::string& model) const {
  if (!model.empty() && model != kModel) return std::nullopt;
  return models().front();
}

std::shared_ptr<ProviderCall> LocalProvider::Start(const ModelRequest& model_request,
                                                   std::shared_ptr<AnswerSink> sink) {
  std::vector<std::string> pieces =
      WordPieces(model_request.task != nullptr
                     ? AnswerTask(*model_request.task)
                     : Retrieve(ReadPrompt(*model_request.prompt, model_request.persona_name)));
  const size_t count = PiecesWithin(pieces, model_request.parameters.max_output_tokens());
  auto call = std::make_shared<Call>(*this, std::move(pieces), count, std::move(sink));
  call->Step();
  return call;
}

std::vector<std::string> WordPieces(const std::string& text) {
  std::vector<std::string> pieces;
  bool after_space = true;
  for (const char c : text) {
    const bool space = absl::ascii_isspace(static_cast<unsigned char>(c));
    if (pieces.empty() || (!space && after_space)) pieces.emplace_back();
    pieces.back() += c;
    after_space = space;
  }
  return pieces;
}

}  // namespace dramatis::inference
