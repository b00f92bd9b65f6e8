#include "shared/methods/event_pump.h"

#include <utility>

#include "shared/call/call_record.h"

namespace dramatis {

EventPump::EventPump() : link_(std::make_shared<Link>()) {
  const absl::MutexLock lock(&link_->mutex);
  link_->pump = this;
}

void EventPump::Cancel() {
  {
    const absl::MutexLock lock(&link_->mutex);
    link_->cancelled = true;
    if (link_->busy) return;
    link_->busy = true;
  }
  Pump();
}

void EventPump::Take(std::unique_ptr<MessageSource> source) {
  source_ = std::move(source);
  source_->OnReady([link = link_] { Wake(link); });
}

void EventPump::Pump() {
  while (Continue()) {
    if (end_.has_value()) return Close(*end_);
    MessageSource::Next next = Poll();
    if (next.event != nullptr) {
      end_ = std::move(next.end);
      if (!Send(*next.event)) return;  // the transport owns the source now
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

void EventPump::Sent(bool ok) {
  if (!ok) {
    const absl::MutexLock lock(&link_->mutex);
    link_->cancelled = true;
  }
  Pump();
}

void EventPump::Close(const absl::Status& status) {
  {
    const absl::MutexLock lock(&link_->mutex);
    link_->pump = nullptr;
  }
  End(status);
}

// By value: the source, and its copy of `wake`, may go while this runs.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void EventPump::Wake(std::shared_ptr<Link> link) {
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

bool EventPump::Continue() {
  const absl::MutexLock lock(&link_->mutex);
  link_->woken = false;
  return !link_->cancelled;
}

bool EventPump::LetGo() {
  const std::shared_ptr<Link> link = link_;
  const absl::MutexLock lock(&link->mutex);
  if (link->woken || link->cancelled) return false;
  link->busy = false;
  return true;
}

MessageSource::Next EventPump::Poll() {
  try {
    return source_->Poll();
  } catch (...) {
    return {.event = nullptr, .end = ThrownError()};
  }
}

}  // namespace dramatis
