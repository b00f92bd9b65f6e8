#include "services/conversation/peers/replica_mirror.h"

#include <algorithm>
#include <utility>

#include "dramatis/conversation/v1/conversation.grpc.pb.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/turns/cursor.h"
#include "shared/rpc/neighbour.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

// Between two reads of a row: soon at first, since a turn may be about to begin or to end.
constexpr absl::Duration kFirstPoll = absl::Milliseconds(20);
constexpr absl::Duration kPollInterval = absl::Seconds(1);
constexpr absl::Duration kRelayTimeout = absl::Hours(1);

// Another replica, and its stream of a turn.
struct Relay {
  explicit Relay(Connect connect) : replica(std::move(connect)) {}
  Neighbour<v1::ConversationService> replica;
  std::shared_ptr<OngoingCall> stream;  // under the mirror's lock; null until it has begun
};

}  // namespace

// One turn's mirror. One thing is under way at a time: a read of the row, a wait for the next, or a
// relay; so what they share needs no lock, but for Stop.
class Mirror : public std::enable_shared_from_this<Mirror> {
 public:
  Mirror(std::shared_ptr<const MirrorTools> tools, const std::shared_ptr<LiveTurn>& target)
      : tools_(std::move(tools)),
        facts_(target->facts()),
        target_(target),
        position_(target->text().ReadFrom(LiveCursor{}).cursor) {}

  const TurnFacts& facts() const { return facts_; }
  // Null when nobody follows, or when it has ended.
  std::shared_ptr<LiveTurn> Open() const {
    std::shared_ptr<LiveTurn> target = target_.lock();
    return target == nullptr || target->text().finished() ? nullptr : target;
  }

  void Start() { PostStep(/*may_relay=*/true); }
  // Ends a wait.
  void Look() {
    {
      const absl::MutexLock lock(&mutex_);
      if (!std::exchange(waiting_, false)) return;
    }
    PostStep(/*may_relay=*/true);
  }

  void Stop() {
    {
      const absl::MutexLock lock(&mutex_);
      stopped_ = true;
    }
    CancelRelay();
    if (const auto target = Open(); target != nullptr) {
      target->Leave(UnavailableError("the server ends; follow the turn again"));
    }
  }
  void AwaitRelay() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(
        absl::Condition(+[](std::shared_ptr<Relay>* relay) { return *relay == nullptr; }, &relay_));
  }
  bool relaying() const {
    const absl::MutexLock lock(&mutex_);
    return relay_ != nullptr;
  }

  // Of a relay that has begun; BeginRelay sees to one that has not.
  void CancelRelay() {
    std::shared_ptr<OngoingCall> stream;
    {
      const absl::MutexLock lock(&mutex_);
      if (relay_ != nullptr) stream = relay_->stream;
    }
    if (stream != nullptr) stream->Cancel();
  }

  // From the relay.
  void OnEvent(const v1::ChatEvent& event);
  void OnRelayEnd();

 private:
  void PostStep(bool may_relay) {
    if (stopped()) return;
    (void)tools_->executor.Post([self = shared_from_this(), may_relay] { self->Step(may_relay); });
  }
  void StepLater() {
    int64_t wait = 0;
    {
      const absl::MutexLock lock(&mutex_);
      waiting_ = true;
      wait = ++waits_;
    }
    tools_->timer.After(next_poll_, [self = shared_from_this(), wait] {
      {
        const absl::MutexLock lock(&self->mutex_);
        if (self->waits_ != wait || !std::exchange(self->waiting_, false)) return;
      }
      self->PostStep(true);
    });
    next_poll_ = std::min(next_poll_ * 2, kPollInterval);
  }
  void Step(bool may_relay);
  void Sync(const TurnRow& row, LiveTurn& target);
  void BeginRelay(const std::string& address);
  bool stopped() const {
    const absl::MutexLock lock(&mutex_);
    return stopped_;
  }

  const std::shared_ptr<const MirrorTools> tools_;
  const TurnFacts facts_;
  const std::weak_ptr<LiveTurn> target_;
  LiveCursor position_;  // after what the target has been given
  absl::Duration next_poll_ = kFirstPoll;

  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;  // for the next look, the `waits_`th
  int64_t waits_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<Relay> relay_ ABSL_GUARDED_BY(mutex_);
};

namespace {

class RelayReader : public LocalReader<v1::ChatEvent> {
 public:
  explicit RelayReader(std::shared_ptr<Mirror> mirror) : mirror_(std::move(mirror)) {}
  bool OnEvent(v1::ChatEvent event) override {
    mirror_->OnEvent(event);
    if (mirror_->Open() == nullptr) mirror_->CancelRelay();  // nobody follows, or it is done
    return true;
  }
  // Why it ended, the turn's row says better.
  void OnEnd(const absl::Status& /*status*/) override { mirror_->OnRelayEnd(); }

 private:
  const std::shared_ptr<Mirror> mirror_;
};

}  // namespace

void Mirror::Step(bool may_relay) {
  const std::shared_ptr<LiveTurn> target = Open();
  if (target == nullptr || stopped()) return;
  const absl::StatusOr<std::optional<TurnRow>> found = tools_->store.FindTurn(facts_.turn_id);
  if (!found.ok()) return StepLater();
  if (!found->has_value()) return target->Leave(NotFoundError("turn"));
  const TurnRow& row = **found;
  if (!row.open()) {
    Sync(row, *target);
    return target->Finish(OutcomeOf(row));
  }
  const std::string& address = row.lease.address;
  const bool reachable = address != tools_->own_address() || tools_->runs_here(facts_.turn_id);
  if (may_relay && !address.empty() && reachable) return BeginRelay(address);
  Sync(row, *target);
  StepLater();
}

void Mirror::Sync(const TurnRow& row, LiveTurn& target) {
  // The row may be a second behind what a relay has brought, never before it at the end.
  if (row.attempt < position_.attempt) return;
  if (row.attempt > position_.attempt) {
    target.text().Restart(row.attempt);
    position_ = {row.attempt, 0};
  }
  if (row.text.size() <= position_.offset) return;
  target.text().Append(std::string_view(row.text).substr(position_.offset));
  position_.offset = row.text.size();
}

void Mirror::BeginRelay(const std::string& address) {
  CallContext call;
  call.identity = {.user_id = facts_.user_id, .role = AccessRole::kService};
  call.correlation_id = absl::StrCat("turn-", facts_.turn_id);
  v1::StreamTurnRequest request;
  request.set_turn_id(facts_.turn_id);
  request.set_cursor(FormatCursor({facts_.turn_id, position_}));
  const auto relay = std::make_shared<Relay>([this, address] { return tools_->connect(address); });
  {
    const absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    relay_ = relay;
  }
  auto stream = relay->replica.Stream(
      "StreamTurn", &Neighbour<v1::ConversationService>::Async::StreamTurn, call, kRelayTimeout,
      request, std::make_shared<RelayReader>(shared_from_this()));
  bool wanted = Open() != nullptr;
  {
    const absl::MutexLock lock(&mutex_);
    relay->stream = stream;
    wanted = wanted && !stopped_;
  }
  // Stop, and the last follower's leaving, may have come before there was a stream to cancel.
  if (!wanted) stream->Cancel();
}

void Mirror::OnEvent(const v1::ChatEvent& event) {
  const std::shared_ptr<LiveTurn> target = Open();
  const std::optional<TurnCursor> cursor = ParseCursor(event.cursor());
  if (target == nullptr || !cursor.has_value()) return;
  if (event.has_reset()) target->text().Restart(cursor->position.attempt);
  if (event.has_reset() || event.has_delta()) {
    target->text().Append(event.has_reset() ? event.reset().text() : event.delta().text());
    position_ = cursor->position;
  }
  if (event.has_done()) target->Finish(event.done());
}

void Mirror::OnRelayEnd() {
  {
    const absl::MutexLock lock(&mutex_);
    relay_ = nullptr;
  }
  if (Open() != nullptr) PostStep(/*may_relay=*/false);
}

GrpcReplicaPeer::GrpcReplicaPeer(MirrorTools tools)
    : tools_(std::make_shared<const MirrorTools>(std::move(tools))) {}

GrpcReplicaPeer::~GrpcReplicaPeer() {
  Stop();
}

std::shared_ptr<LiveTurn> GrpcReplicaPeer::Follow(const TurnRow& turn) {
  const absl::MutexLock lock(&mutex_);
  for (const auto& mirror : mirrors_) {
    if (mirror->facts().turn_id != turn.turn_id) continue;
    if (std::shared_ptr<LiveTurn> open = mirror->Open(); open != nullptr) return open;
  }
  auto target = std::make_shared<LiveTurn>(FactsOf(turn), turn.attempt, turn.text);
  Begin(target);
  return target;
}

void GrpcReplicaPeer::Look(const std::string& turn_id) {
  const absl::MutexLock lock(&mutex_);
  for (const auto& mirror : mirrors_) {
    if (mirror->facts().turn_id == turn_id) mirror->Look();
  }
}

void GrpcReplicaPeer::Adopt(const std::shared_ptr<LiveTurn>& turn) {
  const absl::MutexLock lock(&mutex_);
  Begin(turn);
}

void GrpcReplicaPeer::Begin(const std::shared_ptr<LiveTurn>& turn) {
  if (stopped_) return turn->Leave(UnavailableError("the server ends; follow the turn again"));
  Sweep();
  mirrors_.push_back(std::make_shared<Mirror>(tools_, turn));
  mirrors_.back()->Start();
}

void GrpcReplicaPeer::Sweep() {
  for (const auto& mirror : mirrors_) {
    if (mirror->Open() == nullptr) mirror->Stop();
  }
  std::erase_if(mirrors_, [](const std::shared_ptr<Mirror>& mirror) {
    return mirror->Open() == nullptr && !mirror->relaying();
  });
}

void GrpcReplicaPeer::Stop() {
  std::vector<std::shared_ptr<Mirror>> mirrors;
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    mirrors.swap(mirrors_);
  }
  for (const auto& mirror : mirrors)
    mirror->Stop();
  for (const auto& mirror : mirrors)
    mirror->AwaitRelay();
}

}  // namespace dramatis::conversation
