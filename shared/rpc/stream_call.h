// A server stream that pulls from an EventSource, one write at a time, and holds no thread. Part of
// the call adapter.
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
#include "shared/rpc/call_record.h"
#include "shared/rpc/event_source.h"

namespace dramatis {

// Whoever sets `busy` owns the source and the reactor until it gives `busy` back, or ends the
// stream and never does: the handler at first, then a thread inside Pump, or gRPC while a write is
// under way. So Poll runs on one thread at a time, and a wake or a cancellation that comes
// meanwhile leaves a mark that the owner sees before it lets go. Deletes itself when gRPC is done
// with it.
template <class Event>
class StreamCall : public grpc::ServerWriteReactor<Event> {
 public:
  using Source = std::unique_ptr<EventSource<Event>>;
  using Open = std::function<absl::StatusOr<Source>(const CallContext&)>;

  static grpc::ServerWriteReactor<Event>* Start(CallParts& parts,
                                                const MethodFacts& method,
                                                grpc::CallbackServerContext& context,
                                                const google::protobuf::Message& request,
                                                Open open) {
    auto* const call = new StreamCall(parts, method, context, request, std::move(open));
    if (absl::Status admitted = call->record_.Admit(); !admitted.ok()) {
      call->End(admitted);
    } else if (!parts.executor.TryPost([call] { call->Run(); })) {
      call->End(OverloadedError());
    }
    return call;
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      const absl::MutexLock lock(&link_->mutex);
      link_->cancelled = true;
    }
    Pump();
  }

  void OnCancel() override {
    {
      const absl::MutexLock lock(&link_->mutex);
      link_->cancelled = true;
      if (link_->busy) return;
      link_->busy = true;
    }
    Pump();
  }

  void OnDone() override { delete this; }

 private:
  // What `wake` reaches; outlives the call as long as somebody holds `wake`.
  struct Link {
    absl::Mutex mutex;
    StreamCall* call ABSL_GUARDED_BY(mutex);    // null once the stream has ended
    bool busy ABSL_GUARDED_BY(mutex) = true;    // somebody owns the source
    bool woken ABSL_GUARDED_BY(mutex) = false;  // since the owner last asked the source
    bool cancelled ABSL_GUARDED_BY(mutex) = false;
  };

  StreamCall(CallParts& parts,
             const MethodFacts& method,
             grpc::CallbackServerContext& context,
             const google::protobuf::Message& request,
             Open open)
      : record_(parts, method, context),
        request_(request),
        open_(std::move(open)),
        link_(std::make_shared<Link>()) {
    const absl::MutexLock lock(&link_->mutex);
    link_->call = this;
  }

  ~StreamCall() override {
    if (source_ != nullptr) record_.parts().metrics.Gauge("dramatis_streams_open", {}, -1);
  }

  void Run() {
    absl::Status status = Guarded([this] { return record_.CheckRequest(request_); });
    if (status.ok()) status = Guarded([this] { return OpenSource(); });
    if (!status.ok()) return End(status);
    Pump();
  }

  absl::Status OpenSource() {
    absl::StatusOr<Source> source = open_(record_.call());
    if (!source.ok()) return std::move(source).status();
    source_ = *std::move(source);
    record_.parts().metrics.Gauge("dramatis_streams_open", {}, +1);
    record_.SealHeaders();
    sealed_ = true;
    this->StartSendInitialMetadata();
    source_->OnReady([link = link_] { Wake(link); });
    return absl::OkStatus();
  }

  // By value: the source, and its copy of `wake`, may go while this runs.
  static void Wake(std::shared_ptr<Link> link) {
    StreamCall* call;
    {
      const absl::MutexLock lock(&link->mutex);
      if (link->call == nullptr) return;
      if (link->busy) {
        link->woken = true;
        return;
      }
      link->busy = true;
      call = link->call;
    }
    call->Pump();
  }

  // By the owner only.
  void Pump() {
    while (Continue()) {
      if (end_.has_value()) return End(*end_);
      typename EventSource<Event>::Next next = Poll();
      if (next.event.has_value()) {
        event_ = *std::move(next.event);
        end_ = std::move(next.end);
        // Not together with the end (StartWriteAndFinish): in one process, gRPC 1.51 then drops the
        // event where the client, as callback clients do, waits for the end while it is not reading
        // (inproc_transport.cc, op_state_machine_locked).
        this->StartWrite(&event_);
        return;  // the write owns the source now; OnWriteDone goes on
      }
      if (next.end.has_value()) return End(*next.end);
      if (LetGo()) return;
    }
    const absl::Status status = Guarded([this] {
      source_->Cancelled();
      return record_.CancelledError();
    });
    End(status);
  }

  // Whether there is still somebody to send to.
  bool Continue() {
    const absl::MutexLock lock(&link_->mutex);
    link_->woken = false;
    return !link_->cancelled;
  }

  // False if there is news since the source was asked. Where it is true, the call may be gone.
  bool LetGo() {
    const std::shared_ptr<Link> link = link_;
    const absl::MutexLock lock(&link->mutex);
    if (link->woken || link->cancelled) return false;
    link->busy = false;
    return true;
  }

  typename EventSource<Event>::Next Poll() {
    try {
      return source_->Poll();
    } catch (...) {
      return {.event = std::nullopt, .end = ThrownError()};
    }
  }

  grpc::Status Seal(const absl::Status& status) {
    {
      const absl::MutexLock lock(&link_->mutex);
      link_->call = nullptr;
    }
    if (!sealed_) record_.SealHeaders();
    return record_.End(status);
  }
  void End(const absl::Status& status) { this->Finish(Seal(status)); }

  CallRecord record_;
  const google::protobuf::Message& request_;
  const Open open_;
  const std::shared_ptr<Link> link_;
  bool sealed_ = false;  // the initial metadata are on their way
  Source source_;
  Event event_;
  std::optional<absl::Status> end_;  // of the stream, once event_ is written
};

}  // namespace dramatis
