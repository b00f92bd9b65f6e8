#include "services/conversation/events/tail.h"

#include <algorithm>
#include <utility>

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// What is remembered of a room; a follower further behind reads from the store.
constexpr size_t kMostEvents = 128;
constexpr size_t kMostBytes = size_t{512} * 1024;
constexpr int kTailEventsAtOnce = 100;
// After a read that failed.
constexpr absl::Duration kFirstTry = absl::Milliseconds(100);
constexpr absl::Duration kLastTry = absl::Seconds(5);

size_t BytesOf(const RoomEvent& event) {
  return event.message == nullptr ? 0 : event.message->content.size();
}

}  // namespace

int64_t Waker::Listen(std::function<void()> wake) {
  const absl::MutexLock lock(&mutex_);
  wakes_[next_] = std::make_shared<const std::function<void()>>(std::move(wake));
  return next_++;
}

void Waker::Unlisten(int64_t listener) {
  const absl::MutexLock lock(&mutex_);
  wakes_.erase(listener);
}

void Waker::Wake() {
  {
    const absl::MutexLock lock(&mutex_);
    if (scheduled_ || wakes_.empty()) return;
    scheduled_ = true;
  }
  (void)executor_.Post([self = shared_from_this()] { self->Run(); });
}

void Waker::Run() {
  std::vector<std::shared_ptr<const std::function<void()>>> wakes;
  {
    const absl::MutexLock lock(&mutex_);
    scheduled_ = false;
    wakes.reserve(wakes_.size());
    for (const auto& [listener, wake] : wakes_)
      wakes.push_back(wake);
  }
  // Outside the lock: who is woken may cease to listen.
  for (const auto& wake : wakes)
    (*wake)();
}

RoomTail::RoomTail(const TailTools& tools, RoomSnapshot snapshot)
    : tools_(tools),
      conversation_id_(snapshot.room.row.conversation_id),
      waker_(std::make_shared<Waker>(tools.background)),
      next_try_(kFirstTry),
      room_(std::make_shared<const Room>(std::move(snapshot.room))),
      last_(room_->row.last_event) {}

RoomTail::~RoomTail() {
  subscription_.reset();
  Replace({});
}

void RoomTail::Start() {
  subscription_ = tools_.feed.Listen(conversation_id_, [weak = weak_from_this()] {
    if (const std::shared_ptr<RoomTail> tail = weak.lock(); tail != nullptr) tail->Refresh();
  });
  // What happened between the snapshot and the subscription.
  Refresh();
}

RoomTail::View RoomTail::After(int64_t position) const {
  const absl::MutexLock lock(&mutex_);
  View view;
  view.stopped = stopped_;
  view.room = room_;
  view.last = last_;
  if (position >= last_) {
    for (const auto& [turn_id, followed] : speakers_)
      view.speakers.push_back(followed.speaker);
    return view;
  }
  const auto next = std::upper_bound(
      events_.begin(), events_.end(), position,
      [](int64_t number, const RoomEvent& event) { return number < event.row.sequence; });
  // Numbers have no gaps: if the first one is not here, it has been forgotten.
  view.behind = next == events_.end() || next->row.sequence != position + 1;
  if (!view.behind) view.event = *next;
  return view;
}

int64_t RoomTail::last() const {
  const absl::MutexLock lock(&mutex_);
  return last_;
}

bool RoomTail::deleted() const {
  const absl::MutexLock lock(&mutex_);
  return room_ == nullptr;
}

void RoomTail::Refresh() {
  {
    const absl::MutexLock lock(&mutex_);
    dirty_ = true;
    if (reading_ || room_ == nullptr) return;
    reading_ = true;
  }
  (void)tools_.background.Post([weak = weak_from_this()] {
    if (const std::shared_ptr<RoomTail> tail = weak.lock(); tail != nullptr) tail->Read();
  });
}

void RoomTail::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  waker_->Wake();
}

void RoomTail::Read() {
  for (;;) {
    {
      // Before the read: of what happens during it there is another.
      const absl::MutexLock lock(&mutex_);
      dirty_ = false;
    }
    const absl::StatusOr<bool> more = ReadOnce();
    // It goes on reading until it can: nobody else may tell of the change again.
    if (!more.ok()) return ReadLater();
    waker_->Wake();
    const absl::MutexLock lock(&mutex_);
    next_try_ = kFirstTry;
    if (*more || (dirty_ && room_ != nullptr)) continue;
    reading_ = false;
    return;
  }
}

void RoomTail::ReadLater() {
  absl::Duration delay;
  {
    const absl::MutexLock lock(&mutex_);
    delay = next_try_;
    next_try_ = std::min(next_try_ * 2, kLastTry);
  }
  tools_.timer.After(delay, [weak = weak_from_this(), &background = tools_.background] {
    (void)background.Post([weak] {
      if (const std::shared_ptr<RoomTail> tail = weak.lock(); tail != nullptr) tail->Read();
    });
  });
}

absl::StatusOr<bool> RoomTail::ReadOnce() {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<RoomSnapshot> snapshot,
                            tools_.store.ReadEvents(conversation_id_, last(), kTailEventsAtOnce));
  if (!snapshot.has_value()) {
    {
      const absl::MutexLock lock(&mutex_);
      room_ = nullptr;
    }
    Replace({});
    return false;
  }
  const bool more = snapshot->events.size() == kTailEventsAtOnce;
  std::map<std::string, Followed> speakers = FollowTurns(snapshot->running);
  {
    const absl::MutexLock lock(&mutex_);
    Take(*std::move(snapshot));
  }
  Replace(std::move(speakers));
  return more;
}

void RoomTail::Take(RoomSnapshot snapshot) {
  for (RoomEvent& event : snapshot.events) {
    last_ = event.row.sequence;
    // Nobody gets a text that was taken back since.
    for (RoomEvent& earlier : events_) {
      if (event.message == nullptr || earlier.row.kind != EventKind::kMessage ||
          earlier.row.subject != event.row.subject) {
        continue;
      }
      bytes_ -= BytesOf(earlier);
      earlier.message = event.message;
      bytes_ += BytesOf(earlier);
    }
    bytes_ += BytesOf(event);
    events_.push_back(std::move(event));
  }
  room_ = std::make_shared<const Room>(std::move(snapshot.room));
  Trim();
}

void RoomTail::Trim() {
  while (events_.size() > kMostEvents || (bytes_ > kMostBytes && events_.size() > 1)) {
    bytes_ -= BytesOf(events_.front());
    events_.pop_front();
  }
}

std::map<std::string, RoomTail::Followed> RoomTail::FollowTurns(
    const std::vector<TurnRow>& running) const {
  std::map<std::string, Followed> before;
  {
    const absl::MutexLock lock(&mutex_);
    before = speakers_;
  }
  std::map<std::string, Followed> speakers;
  for (const TurnRow& row : running) {
    const auto known = before.find(row.turn_id);
    if (known != before.end() && !known->second.speaker.turn->text().finished()) {
      speakers.insert(*known);
      continue;
    }
    std::shared_ptr<LiveTurn> turn = tools_.live_turns.Find(row.turn_id);
    if (turn == nullptr) turn = tools_.replicas.Follow(row);
    // The waker and not this: what calls it may be the last to hold what it calls.
    const int listener = turn->text().Listen([waker = waker_] { waker->Wake(); });
    speakers[row.turn_id] = {.speaker = {.persona_id = row.persona_id, .turn = std::move(turn)},
                             .listener = listener};
  }
  return speakers;
}

void RoomTail::Replace(std::map<std::string, Followed> speakers) {
  std::map<std::string, Followed> before;
  {
    const absl::MutexLock lock(&mutex_);
    before = std::exchange(speakers_, speakers);
  }
  for (const auto& [turn_id, followed] : before) {
    const auto now = speakers.find(turn_id);
    if (now != speakers.end() && now->second.speaker.turn == followed.speaker.turn) continue;
    followed.speaker.turn->text().Unlisten(followed.listener);
  }
}

absl::Status FollowElsewhereError() {
  return UnavailableError("the server ends; follow the conversation again");
}

absl::StatusOr<std::shared_ptr<RoomTail>> RoomTails::Open(RoomSnapshot snapshot) {
  std::shared_ptr<RoomTail> made;
  {
    const absl::MutexLock lock(&mutex_);
    if (stopped_) return FollowElsewhereError();
    std::weak_ptr<RoomTail>& tail = tails_[snapshot.room.row.conversation_id];
    if (std::shared_ptr<RoomTail> open = tail.lock(); open != nullptr && !open->deleted()) {
      return open;
    }
    made = std::make_shared<RoomTail>(tools_, std::move(snapshot));
    tail = made;
  }
  made->Start();
  return made;
}

std::vector<std::shared_ptr<RoomTail>> RoomTails::All() {
  const absl::MutexLock lock(&mutex_);
  absl::erase_if(tails_, [](const auto& tail) { return tail.second.expired(); });
  std::vector<std::shared_ptr<RoomTail>> all;
  for (const auto& [id, weak] : tails_) {
    if (std::shared_ptr<RoomTail> tail = weak.lock(); tail != nullptr) {
      all.push_back(std::move(tail));
    }
  }
  return all;
}

absl::Status RoomTails::Look() {
  const std::vector<std::shared_ptr<RoomTail>> tails = All();
  if (tails.empty()) return absl::OkStatus();
  std::vector<std::string> ids;
  ids.reserve(tails.size());
  for (const auto& tail : tails)
    ids.push_back(tail->conversation_id());
  DRAMATIS_ASSIGN_OR_RETURN(const auto last, tools_.store.LastEvents(ids));
  for (const auto& tail : tails) {
    const auto found = last.find(tail->conversation_id());
    if (found == last.end() || found->second != tail->last()) tail->Refresh();
  }
  return absl::OkStatus();
}

void RoomTails::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  for (const auto& tail : All())
    tail->Stop();
}

}  // namespace dramatis::conversation
