// A turn's stream as its followers get it: `start` unless they resume, then `delta` and `reset` as
// the text grows, then `done` or the turn's error. Pulls from the live turn, so that a slow client
// gets larger pieces and nothing is queued for it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/model/live_turns.h"
#include "shared/call/event_source.h"
#include "shared/live_text/live_text.h"

namespace dramatis::conversation {

class TurnEvents : public EventSource<v1::ChatEvent> {
 public:
  // From `resume_at` on, or from the beginning; without `with_usage` it says nothing of the cost.
  // `seen_end`: the follower has seen the turn's end there, and nothing comes unless the turn has
  // gone on since.
  TurnEvents(std::shared_ptr<LiveTurn> turn,
             std::optional<LiveCursor> resume_at,
             bool with_usage = true,
             bool seen_end = false);
  ~TurnEvents() override;

  Next Poll() override;
  void OnReady(std::function<void()> wake) override;
  void Cancelled() override {}

 private:
  v1::ChatEvent EventHere(bool end = false) const;
  Next Start();
  Next End() const;

  const std::shared_ptr<LiveTurn> turn_;
  const bool with_usage_;
  bool seen_end_;
  bool started_;
  LiveCursor position_;  // after what has been sent
  std::optional<int> listener_;
};

}  // namespace dramatis::conversation
