// Takes a stream's events from their EventSource to whoever reads them, one at a time, and holds no
// thread meanwhile: shared/rpc/stream_call.h sends over gRPC, local_call.h within the process.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "shared/call/call_record.h"
#include "shared/call/event_source.h"

namespace dramatis {

// Whoever sets `busy` owns the source and the transport until it gives `busy` back, or ends the
// stream and never does: whoever opens the stream at first, then a thread inside Pump, or the
// transport while it sends. So Poll runs on one thread at a time, and a wake or a cancellation that
// comes meanwhile leaves a mark that the owner sees before it lets go.
template <class Event>
class EventPump {
 public:
  using Source = std::unique_ptr<EventSource<Event>>;

  EventPump() : link_(std::make_shared<Link>()) {
    const absl::MutexLock lock(&link_->mutex);
    link_->pump = this;
  }
  EventPump(const EventPump&) = delete;
  EventPump& operator=(const EventPump&) = delete;
  virtual ~EventPump() = default;

  // Nobody reads any more: the source is told, then the stream ends. From any thread, while the
  // pump is there.
  void Cancel() {
    {
      const absl::MutexLock lock(&link_->mutex);
      link_->cancelled = true;
      if (link_->busy) return;
      link_->busy = true;
    }
    Pump();
  }

 protected:
  // By the owner: from here on the source wakes the pump.
  void Take(Source source) {
    source_ = std::move(source);
    source_->OnReady([link = link_] { Wake(link); });
  }

  // By the owner: sends what there is, then lets go.
  void Pump() {
    while (Continue()) {
      if (end_.has_value()) return Close(*end_);
      typename EventSource<Event>::Next next = Poll();
      if (next.event.has_value()) {
        end_ = std::move(next.end);
        if (!Send(*std::move(next.event))) return;  // the transport owns the source now
        continue;
      }
      if (next.end.has_value()) return Close(*next.end);
      if (LetGo()) return;
    }
    Close(Guarded([this] {
      source_->Cancelled();
      return CancelledError();
    }));
  }

  // By the transport, where Send was false: the event has gone, or nobody takes it.
  void Sent(bool ok) {
    if (!ok) {
      const absl::MutexLock lock(&link_->mutex);
      link_->cancelled = true;
    }
    Pump();
  }

  // By the owner: ends the stream. The pump may be gone afterwards.
  void Close(const absl::Status& status) {
    {
      const absl::MutexLock lock(&link_->mutex);
      link_->pump = nullptr;
    }
    End(status);
  }

  bool opened() const { return source_ != nullptr; }

 private:
  // What `wake` reaches; outlives the pump as long as somebody holds `wake`.
  struct Link {
    absl::Mutex mutex;
    EventPump* pump ABSL_GUARDED_BY(mutex);     // null once the stream has ended
    bool busy ABSL_GUARDED_BY(mutex) = true;    // somebody owns the source
    bool woken ABSL_GUARDED_BY(mutex) = false;  // since the owner last asked the source
    bool cancelled ABSL_GUARDED_BY(mutex) = false;
  };

  // Sends an event. True: it has been taken. False: Sent will be called, from any thread.
  virtual bool Send(Event event) = 0;
  // Why a stream ends that nobody reads.
  virtual absl::Status CancelledError() = 0;
  // The stream has ended so. Once; nothing else is called afterwards, so it may delete the pump.
  virtual void End(const absl::Status& status) = 0;

  // By value: the source, and its copy of `wake`, may go while this runs.
  // NOLINTNEXTLINE(performance-unnecessary-value-param)
  static void Wake(std::shared_ptr<Link> link) {
    EventPump* pump;
    {
      const absl::MutexLock lock(&link->mutex);
      if (link->pump == nullptr) return;
      if (link->busy) {
        link->woken = true;
        return;
      }
      link->busy = true;
      pump = link->pump;
    }
    pump->Pump();
  }

  // Whether there is still somebody to send to.
  bool Continue() {
    const absl::MutexLock lock(&link_->mutex);
    link_->woken = false;
    return !link_->cancelled;
  }

  // False if there is news since the source was asked. Where it is true, the pump may be gone.
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

  const std::shared_ptr<Link> link_;
  Source source_;
  std::optional<absl::Status> end_;  // of the stream, once the last event has gone
};

}  // namespace dramatis
