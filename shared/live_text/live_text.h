// Live text: a text that only grows, written by one producer, read from any position by any number
// of readers. The whole of our streams: a cursor is (attempt, byte offset), resuming is
// `text.substr(offset)`; nothing is queued for anybody, a slow reader gets larger pieces.
//
//   auto live = std::make_shared<LiveText>(/*attempt=*/1);
//   live->Append("Hel");                       // the producer
//   live->Append("lo");
//   live->Finish(absl::OkStatus());
//   LiveText::Read read = live->ReadFrom(1, 2);   // a reader: text "llo", attempt 1, offset 5
//
// Thread-safe. Listeners are called without the lock held, from the producer's thread, and must
// return at once (post work elsewhere).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace dramatis {

// A position in a turn's text: after `offset` bytes of the text of attempt `attempt`.
struct LiveCursor {
  int attempt = 0;
  size_t offset = 0;
  bool operator==(const LiveCursor&) const = default;
};

class LiveText {
 public:
  // What a reader gets.
  struct Read {
    // The reader's attempt is over: its text so far is to be replaced by `text`.
    bool reset = false;
    // What follows the reader's position; ends between two code points if appends do.
    std::string text;
    // The position after `text`.
    LiveCursor cursor;
    // Set when the text is complete and `cursor` is at its end.
    std::optional<absl::Status> end;
  };

  // Starts with `text` already there: what a former run had written.
  explicit LiveText(int attempt, std::string text = "");

  // Producer. No effect after Finish.
  void Append(std::string_view text);
  // Starts another attempt with an empty text: readers get a reset.
  void Restart(int attempt);
  // Ends the text.
  void Finish(const absl::Status& status);

  // What follows `cursor`. A position of an earlier attempt, or past the end, gives a reset with
  // the whole text. A cursor of attempt 0 stands for the beginning and gives no reset.
  Read ReadFrom(const LiveCursor& cursor) const;
  // The text so far.
  std::string Text() const;
  bool finished() const;

  // Calls `changed` after each change from now on, until Unlisten returns: then it neither runs nor
  // will run. Do not call Unlisten from inside `changed`.
  int Listen(std::function<void()> changed);
  void Unlisten(int listener);

 private:
  struct Listener;
  void Notify();

  mutable absl::Mutex mutex_;
  int attempt_ ABSL_GUARDED_BY(mutex_);
  std::string text_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::shared_ptr<Listener>> listeners_ ABSL_GUARDED_BY(mutex_);
  int next_listener_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace dramatis
