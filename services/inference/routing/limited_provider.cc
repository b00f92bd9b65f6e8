#include "services/inference/routing/limited_provider.h"

#include <atomic>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::inference {

// One call: waits, runs, leaves the gate once.
class LimitedProvider::Call : public ProviderCall,
                              public AnswerSink,
                              public std::enable_shared_from_this<Call> {
 public:
  Call(LimitedProvider& provider, ModelRequest model_request, std::shared_ptr<AnswerSink> sink)
      : provider_(provider), model_request_(std::move(model_request)), sink_(std::move(sink)) {}

  void Begin() {
    const FairGate::Ticket ticket = provider_.gate_.Wait(
        model_request_.user_id,
        [self = shared_from_this(), thread = std::this_thread::get_id()] { self->Enter(thread); });
    const absl::MutexLock lock(&mutex_);
    ticket_ = ticket;
    begun_ = true;
  }

  void Cancel() override {
    std::shared_ptr<AnswerSink> dropped;  // destroyed without the lock held
    std::shared_ptr<ProviderCall> call;
    FairGate::Ticket ticket = 0;
    {
      const absl::MutexLock lock(&mutex_);
      dropped = std::move(sink_);
      call = std::move(call_);
      ticket = ticket_;
    }
    if (provider_.gate_.Forget(ticket)) return;
    if (call != nullptr) call->Cancel();
    Leave();
  }

  void OnText(std::string_view text) override {
    if (const std::shared_ptr<AnswerSink> sink = Sink()) sink->OnText(text);
  }
  void OnEnd(const AnswerEnd& end) override {
    const std::shared_ptr<AnswerSink> sink = TakeSink();
    Leave();
    if (sink != nullptr) sink->OnEnd(end);
  }
  void OnFailure(const ProviderFailure& failure) override {
    const std::shared_ptr<AnswerSink> sink = TakeSink();
    Leave();
    if (sink != nullptr) sink->OnFailure(failure);
  }

 private:
  // Let in: by Begin itself, or by another call that leaves, on whose thread nothing may take long.
  void Enter(std::thread::id beginner) {
    inside_ = true;
    bool waited = std::this_thread::get_id() != beginner;
    if (!waited) {
      const absl::MutexLock lock(&mutex_);
      waited = begun_;
    }
    if (!waited) return Run();
    if (provider_.executor_.Post([self = shared_from_this()] { self->Run(); })) return;
    OnFailure({ProviderFailure::Kind::kTransient, "the service is stopping"});
  }

  void Run() {
    bool cancelled = false;
    {
      const absl::MutexLock lock(&mutex_);
      cancelled = sink_ == nullptr;
    }
    if (cancelled) return Leave();
    std::shared_ptr<ProviderCall> call =
        provider_.inner_->Start(model_request_, shared_from_this());
    {
      const absl::MutexLock lock(&mutex_);
      if (sink_ != nullptr) {
        call_ = std::move(call);
        return;
      }
    }
    call->Cancel();  // cancelled meanwhile, or over already
  }

  void Leave() {
    if (inside_.exchange(false)) provider_.gate_.Leave();
  }

  std::shared_ptr<AnswerSink> Sink() {
    const absl::MutexLock lock(&mutex_);
    return sink_;
  }
  std::shared_ptr<AnswerSink> TakeSink() {
    const absl::MutexLock lock(&mutex_);
    call_.reset();
    return std::move(sink_);
  }

  LimitedProvider& provider_;
  const ModelRequest model_request_;
  std::atomic<bool> inside_ = false;
  absl::Mutex mutex_;
  std::shared_ptr<AnswerSink> sink_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<ProviderCall> call_ ABSL_GUARDED_BY(mutex_);
  FairGate::Ticket ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
};

std::shared_ptr<ProviderCall> LimitedProvider::Start(const ModelRequest& model_request,
                                                     std::shared_ptr<AnswerSink> sink) {
  auto call = std::make_shared<Call>(*this, model_request, std::move(sink));
  call->Begin();
  return call;
}

}  // namespace dramatis::inference
