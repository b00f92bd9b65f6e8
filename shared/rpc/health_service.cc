#include "shared/rpc/health_service.h"

#include <optional>
#include <utility>
#include <vector>

namespace dramatis {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

grpc::Status Ending() {
  return {grpc::StatusCode::UNAVAILABLE, "the server ends"};
}

class Refusal : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  Refusal() { Finish(Ending()); }
  void OnDone() override { delete this; }
};

}  // namespace

// One stream. What it shall do next is found under the service's lock and done outside it: gRPC may
// call back before it returns.
class HealthService::Watcher : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  enum class Step { kNone, kWrite, kFinish };

  Watcher(HealthService& health, std::string service)
      : health_(health), service_(std::move(service)) {}

  const std::string& service() const { return service_; }

  // Under the lock:
  void Tell(Status status) { next_ = status; }
  void End() { ending_ = true; }
  Step NextStep() {
    if (finished_ || writing_) return Step::kNone;
    if (next_.has_value() && !cancelled_) {
      response_.set_status(*std::exchange(next_, std::nullopt));
      writing_ = true;
      return Step::kWrite;
    }
    if (!ending_ && !cancelled_) return Step::kNone;
    finished_ = true;
    return Step::kFinish;
  }

  // Outside it. Where there is a step to do, nobody else ends this meanwhile.
  void Do(Step step) {
    if (step == Step::kWrite) StartWrite(&response_);
    if (step == Step::kFinish) Finish(Ending());
  }

  void OnWriteDone(bool ok) override {
    GoOn([this, ok] {
      writing_ = false;
      cancelled_ = cancelled_ || !ok;
    });
  }
  void OnCancel() override {
    GoOn([this] { cancelled_ = true; });
  }
  void OnDone() override {
    {
      const absl::MutexLock lock(&health_.mutex_);
      health_.watchers_.erase(this);
    }
    delete this;
  }

 private:
  template <class Change>
  void GoOn(Change change) {
    Step step = Step::kNone;
    {
      const absl::MutexLock lock(&health_.mutex_);
      change();
      step = NextStep();
    }
    Do(step);
  }

  HealthService& health_;
  const std::string service_;
  HealthCheckResponse response_;
  std::optional<Status> next_;
  bool writing_ = false;
  bool cancelled_ = false;
  bool ending_ = false;
  bool finished_ = false;
};

HealthService::Status HealthService::StatusOf(const std::string& service) const {
  const auto found = serving_.find(service);
  if (found == serving_.end()) return HealthCheckResponse::SERVICE_UNKNOWN;
  return found->second && !stopped_ ? HealthCheckResponse::SERVING
                                    : HealthCheckResponse::NOT_SERVING;
}

void HealthService::Set(const std::string& service, bool serving) {
  std::vector<std::pair<Watcher*, Watcher::Step>> steps;
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = serving_.find(service);
    if (stopped_ || (found != serving_.end() && found->second == serving)) return;
    serving_[service] = serving;
    for (Watcher* const watcher : watchers_) {
      if (watcher->service() != service) continue;
      watcher->Tell(StatusOf(service));
      steps.emplace_back(watcher, watcher->NextStep());
    }
  }
  for (const auto& [watcher, step] : steps) {
    if (step != Watcher::Step::kNone) watcher->Do(step);
  }
}

void HealthService::Stop() {
  std::vector<std::pair<Watcher*, Watcher::Step>> steps;
  {
    const absl::MutexLock lock(&mutex_);
    if (std::exchange(stopped_, true)) return;
    for (Watcher* const watcher : watchers_) {
      watcher->Tell(StatusOf(watcher->service()));
      watcher->End();
      steps.emplace_back(watcher, watcher->NextStep());
    }
  }
  for (const auto& [watcher, step] : steps) {
    if (step != Watcher::Step::kNone) watcher->Do(step);
  }
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  {
    const absl::MutexLock lock(&mutex_);
    response->set_status(StatusOf(request->service()));
  }
  if (response->status() == HealthCheckResponse::SERVICE_UNKNOWN) {
    reactor->Finish({grpc::StatusCode::NOT_FOUND, "there is no such service"});
  } else {
    reactor->Finish(grpc::Status::OK);
  }
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext*, const HealthCheckRequest* request) {
  auto* const watcher = new Watcher(*this, request->service());
  Watcher::Step step = Watcher::Step::kNone;
  {
    const absl::MutexLock lock(&mutex_);
    if (!stopped_) {
      watchers_.insert(watcher);
      watcher->Tell(StatusOf(request->service()));
      step = watcher->NextStep();
    }
  }
  if (step == Watcher::Step::kNone) {
    delete watcher;
    return new Refusal;
  }
  watcher->Do(step);
  return watcher;
}

}  // namespace dramatis
