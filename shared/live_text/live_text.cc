#include "shared/live_text/live_text.h"

#include <utility>
#include <vector>

#include "shared/text/text.h"

namespace dramatis {

// Its mutex is held while `changed` runs, so that Unlisten can wait for the call under way.
struct LiveText::Listener {
  absl::Mutex mutex;
  std::function<void()> changed ABSL_GUARDED_BY(mutex);  // empty after Unlisten
};

LiveText::LiveText(int attempt, std::string text) : attempt_(attempt), text_(std::move(text)) {}

void LiveText::Append(std::string_view text) {
  if (text.empty()) return;
  {
    const absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;
    text_.append(text);
  }
  Notify();
}

void LiveText::Restart(int attempt) {
  {
    const absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;
    attempt_ = attempt;
    text_.clear();
  }
  Notify();
}

void LiveText::Finish(const absl::Status& status) {
  {
    const absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;
    end_ = status;
  }
  Notify();
}

LiveText::Read LiveText::ReadFrom(const LiveCursor& cursor) const {
  const absl::MutexLock lock(&mutex_);
  Read read;
  size_t offset = cursor.offset;
  if (cursor.attempt == 0) {
    offset = 0;
  } else if (cursor.attempt != attempt_ || cursor.offset > text_.size() ||
             Utf8Floor(text_, cursor.offset) != cursor.offset) {
    // Also a position inside a code point, which none of our readers was given.
    read.reset = true;
    offset = 0;
  }
  read.text = text_.substr(offset);
  read.cursor = {attempt_, text_.size()};
  read.end = end_;
  return read;
}

std::string LiveText::Text() const {
  const absl::MutexLock lock(&mutex_);
  return text_;
}

bool LiveText::finished() const {
  const absl::MutexLock lock(&mutex_);
  return end_.has_value();
}

int LiveText::Listen(std::function<void()> changed) {
  auto listener = std::make_shared<Listener>();
  {
    const absl::MutexLock lock(&listener->mutex);
    listener->changed = std::move(changed);
  }
  const absl::MutexLock lock(&mutex_);
  listeners_.emplace(next_listener_, std::move(listener));
  return next_listener_++;
}

void LiveText::Unlisten(int listener) {
  std::shared_ptr<Listener> gone;
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = listeners_.find(listener);
    if (found == listeners_.end()) return;
    gone = std::move(found->second);
    listeners_.erase(found);
  }
  std::function<void()> changed;
  // Waits for a call under way. What the callback holds is destroyed after the lock is released.
  const absl::MutexLock lock(&gone->mutex);
  changed.swap(gone->changed);
}

void LiveText::Notify() {
  const auto call = [](Listener& listener) {
    const absl::MutexLock lock(&listener.mutex);
    if (listener.changed) listener.changed();
  };
  std::shared_ptr<Listener> only;
  std::vector<std::shared_ptr<Listener>> all;
  {
    const absl::MutexLock lock(&mutex_);
    if (listeners_.empty()) return;
    if (listeners_.size() == 1) {
      only = listeners_.begin()->second;
    } else {
      all.reserve(listeners_.size());
      for (const auto& [id, listener] : listeners_)
        all.push_back(listener);
    }
  }
  if (only != nullptr) call(*only);
  for (const auto& listener : all)
    call(*listener);
}

}  // namespace dramatis
