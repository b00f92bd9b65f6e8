// A unary RPC whose answer comes later, from any thread, and holds none meanwhile. Part of the call
// adapter.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"
#include "shared/rpc/grpc_call_record.h"
#include "shared/status/errors.h"

namespace dramatis {

// Ends when the handler has returned and there is an answer or nobody waits for one; deletes itself
// then. A `done` that every holder has dropped without calling it is an INTERNAL error.
template <class Request, class Response, class Handler>
class AsyncCall : public grpc::ServerUnaryReactor {
 public:
  static grpc::ServerUnaryReactor* Start(CallParts& parts,
                                         const MethodFacts& method,
                                         grpc::CallbackServerContext& context,
                                         const Request& request,
                                         Response& response,
                                         Handler handler) {
    auto* const call = new AsyncCall(parts, method, context, request, response, std::move(handler));
    call->record_.Identify([call] { call->Post(); });
    return call;
  }

  void OnCancel() override {
    {
      const absl::MutexLock lock(&state_->mutex);
      state_->cancelled = true;
    }
    State::Settle(*state_);
  }
  void OnDone() override { delete this; }

 private:
  // Outlives the call as long as somebody holds `done`.
  struct State {
    absl::Mutex mutex;
    AsyncCall* call ABSL_GUARDED_BY(mutex);  // null once it has been answered
    bool handler_running ABSL_GUARDED_BY(mutex) = true;
    bool cancelled ABSL_GUARDED_BY(mutex) = false;
    std::optional<absl::StatusOr<Response>> answer ABSL_GUARDED_BY(mutex);

    static void Settle(State& state) {
      AsyncCall* call = nullptr;
      std::optional<absl::StatusOr<Response>> answer;
      {
        const absl::MutexLock lock(&state.mutex);
        const bool over = state.answer.has_value() || state.cancelled;
        if (state.call == nullptr || state.handler_running || !over) return;
        std::swap(call, state.call);
        answer.swap(state.answer);
      }
      if (!answer.has_value()) return call->Answer(call->record_.CancelledError());
      absl::Status status = answer->status();
      if (status.ok()) call->response_ = **std::move(answer);
      call->Answer(status);
    }

    static void Take(State& state, absl::StatusOr<Response> answer) {
      {
        const absl::MutexLock lock(&state.mutex);
        if (state.call == nullptr || state.answer.has_value()) return;
        state.answer = std::move(answer);
      }
      Settle(state);
    }
  };

  // Goes with the last copy of `done`.
  struct Promise {
    explicit Promise(std::shared_ptr<State> s) : state(std::move(s)) {}
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;
    ~Promise() { State::Take(*state, InternalError("the handler dropped its answer")); }
    const std::shared_ptr<State> state;
  };

  AsyncCall(CallParts& parts,
            const MethodFacts& method,
            grpc::CallbackServerContext& context,
            const Request& request,
            Response& response,
            Handler handler)
      : record_(parts, method, context),
        request_(request),
        response_(response),
        handler_(std::move(handler)),
        state_(std::make_shared<State>()) {
    const absl::MutexLock lock(&state_->mutex);
    state_->call = this;
  }

  void Post() {
    absl::Status admitted = record_.Admit();
    if (admitted.ok()) admitted = record_.Post([this] { Run(); });
    if (!admitted.ok()) Refuse(admitted);
  }

  void Refuse(const absl::Status& status) {
    {
      const absl::MutexLock lock(&state_->mutex);
      state_->call = nullptr;
    }
    Answer(status);
  }

  void Run() {
    const std::shared_ptr<State> state = state_;
    auto promise = std::make_shared<Promise>(state);
    absl::Status status = record_.Guarded([this] { return record_.CheckRequest(request_); });
    if (status.ok()) {
      status = record_.Guarded([this, &promise]() -> absl::Status {
        handler_(record_.call(), request_, [promise](absl::StatusOr<Response> answer) {
          State::Take(*promise->state, std::move(answer));
        });
        return absl::OkStatus();
      });
    }
    if (!status.ok()) State::Take(*state, status);
    promise = nullptr;
    {
      const absl::MutexLock lock(&state->mutex);
      state->handler_running = false;
    }
    State::Settle(*state);
  }

  void Answer(const absl::Status& status) {
    record_.SealHeaders();
    Finish(record_.End(status));
  }

  GrpcCallRecord record_;
  const Request& request_;
  Response& response_;
  Handler handler_;
  const std::shared_ptr<State> state_;
};

}  // namespace dramatis
