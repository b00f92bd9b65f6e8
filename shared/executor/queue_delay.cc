#include "shared/executor/queue_delay.h"

namespace dramatis {

void QueueDelay::Note(Duration waited, Time now) {
  if (waited <= target_) {
    long_since_.reset();
    if (stands_ && now - last_long_ >= kPatience * target_) stands_ = false;
    return;
  }
  last_long_ = now;
  if (!long_since_.has_value()) long_since_ = now;
  if (now - *long_since_ >= kPatience * target_) stands_ = true;
}

bool QueueDelay::Refuses(Duration waited, Time now) {
  Note(waited, now);
  return stands_ && waited > target_;
}

}  // namespace dramatis
