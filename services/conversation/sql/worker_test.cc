// TurnWorker and Recovery with real threads on a real store: many turns at once, cancels, lost
// leases, the end of the process.
#include "services/conversation/turns/worker.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "embedded/conversation_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/sql/store.h"
#include "services/conversation/sql/turn_store.h"
#include "services/conversation/testing/fakes.h"
#include "services/conversation/testing/nobody_listens.h"
#include "services/conversation/turn_taking/planning.h"
#include "services/conversation/turns/recovery.h"
#include "shared/sql/lease_clock.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::conversation {
namespace {

using testing::SizeIs;

// A model that says `word` a number of times from a thread of its own, or goes on until cancelled.
class TalkingInference : public InferencePeer {
 public:
  struct Talk : public Generation {
    void Cancel() override { cancelled = true; }
    std::atomic<bool> cancelled = false;
  };

  explicit TalkingInference(int words) : words_(words) {}
  std::shared_ptr<Generation> Generate(const CallContext& /*call*/,
                                       const inference::v1::StreamGenerateRequest& /*request*/,
                                       std::shared_ptr<GenerationListener> listener) override {
    auto talk = std::make_shared<Talk>();
    EXPECT_TRUE(mouths_.Post([this, talk, listener] { Speak(*talk, *listener); }));
    return talk;
  }
  absl::StatusOr<prompt::v1::Usage> UsageOf(const CallContext& /*call*/,
                                            const std::string& /*user_id*/,
                                            const std::string& /*turn_key*/) override {
    return NotFoundError("usage");
  }
  absl::StatusOr<inference::v1::PackPromptResponse> Pack(
      const CallContext& /*call*/,
      const inference::v1::StreamGenerateRequest& /*request*/) override {
    return InternalError("no worker packs");
  }
  absl::StatusOr<inference::v1::EmbedResponse> Embed(
      const CallContext& /*call*/, const inference::v1::EmbedRequest& /*request*/) override {
    return InternalError("no test embeds");
  }
  absl::StatusOr<inference::v1::ListModelsResponse> Models(const CallContext&) override {
    return UnavailableError("no test lists");
  }

 private:
  void Speak(Talk& talk, GenerationListener& listener) const {
    for (int i = 0; i < words_ && !talk.cancelled; ++i) {
      listener.OnDelta("word ");
      if (words_ > kEndless) absl::SleepFor(absl::Milliseconds(1));
    }
    if (talk.cancelled) return listener.OnEnd(absl::CancelledError());
    inference::v1::StreamGenerateResponse::Done done;
    done.set_finish_reason("stop");
    listener.OnDone(done);
    listener.OnEnd(absl::OkStatus());
  }

  static constexpr int kEndless = 1000;
  const int words_;
  Executor mouths_{8, 1000};
};

class AgreeablePersona : public PersonaPeer {
 public:
  std::future<absl::StatusOr<RenderedPersona>> Render(
      const CallContext& /*call*/, const persona::v1::RenderPersonaRequest& request) override {
    RenderedPersona rendered;
    rendered.set_persona_id(request.persona_id());
    return Ready<absl::StatusOr<RenderedPersona>>(std::move(rendered));
  }
  absl::StatusOr<persona::v1::ListPersonasResponse> List(
      const CallContext&, const persona::v1::ListPersonasRequest&) override {
    return UnavailableError("no test lists");
  }
  absl::Status SetMasks(const CallContext&,
                        const dramatis::persona::v1::SetMasksRequest&) override {
    return absl::OkStatus();
  }
  absl::Status Release(const CallContext&, const std::string&, const std::string&) override {
    return absl::OkStatus();
  }
};

class ForgetfulMemory : public MemoryPeer {
 public:
  using Result = absl::StatusOr<Recalled>;
  std::future<Result> Recall(const CallContext&, const memory::v1::RecallRequest&) override {
    return Ready<Result>(Recalled());
  }
};

// One process: everything that works on turns.
class Process {
 public:
  Process(sql::Database& database,
          const std::string& owner,
          int words,
          absl::Duration clock_wrong_by = absl::ZeroDuration(),
          absl::Duration lease = absl::Milliseconds(150))
      : store(database),
        turns(database, feed),
        inference(words),
        clock(clock_wrong_by),
        leases(database, clock),
        planning(ids, leases),
        tools{store, turns,   personas, memories, inference, clock,
              ids,   *logger, metrics,  planning, leases},
        worker(tools,
               live_turns,
               timer,
               prepare,
               background,
               {.owner = owner,
                .lease = lease,
                .on_lost =
                    [this](const std::shared_ptr<LiveTurn>& turn) {
                      ++lost;
                      turn->Finish(UnavailableError("lost"));
                    },
                .on_waiting = {}}) {
    EXPECT_TRUE(leases.Refresh().ok());
    worker.SetAddress(owner + ":1");
    worker.Start();
  }
  ~Process() { Crash(); }
  void Crash() {
    timer.Stop();
    worker.Stop();
    prepare.Stop();
    background.Stop();
  }

  // Says something in a session of its own.
  std::shared_ptr<LiveTurn> Say(const std::string& session) {
    SessionRow row;
    row.conversation_id = NameId(session);
    row.user_id = session;
    row.session_id = session;
    row.persona_id = "ada";
    row.created_at = row.last_activity_at = clock.Now();
    row.ttl = absl::Hours(1);
    row.expires_at = clock.Now() + row.ttl;
    row.hold_expires_at = HoldUntil(row);
    const NewTurn turn{.conversation_id = row.conversation_id,
                       .turn_id = ids.NewId(),
                       .message_id = ids.NewId(),
                       .message = "Hello",
                       .title = "Hello",
                       .persona_id = "",
                       .lease = worker.NewLease(),
                       .now = clock.Now(),
                       .create = row};
    const CallContext call;
    const auto started = turns.StartTurn(turn, {call, "Chat", v1::ChatRequest()});
    EXPECT_TRUE(started.ok()) << started.status();
    return worker.Run(*started->result.job, call);
  }

  NobodyListens feed;
  SqlStore store;
  SqlTurnStore turns;
  AgreeablePersona personas;
  ForgetfulMemory memories;
  TalkingInference inference;
  const WrongClock clock;
  sql::LeaseClock leases;
  UuidV7Source ids{clock};
  std::unique_ptr<Logger> logger = MakeSilentLogger();
  Metrics metrics;
  const TurnPlanning planning;
  const TurnTools tools;
  LiveTurns live_turns;
  Timer timer;
  Executor prepare{4, 1000};
  Executor background{4, 1000};
  std::atomic<int> lost = 0;
  TurnWorker worker;
};

void AwaitEnd(LiveTurn& turn) {
  while (!turn.text().finished())
    absl::SleepFor(absl::Milliseconds(2));
}

class WorkerStoreTest : public sql::DatabaseTest {
 protected:
  WorkerStoreTest() : DatabaseTest(embedded::conversation_migrations()) {}
  TurnRow Row(Process& process, const LiveTurn& turn) {
    return **process.turns.FindTurn(turn.facts().turn_id);
  }
};

TEST_P(WorkerStoreTest, AHostWhoseClockIsAheadTakesNoLiveTurn) {
  // Only PostgreSQL is shared by hosts.
  const bool shared = db().engine() == sql::Engine::kPostgres;
  constexpr absl::Duration kLease = absl::Seconds(10);
  Process one(db(), "one", /*words=*/100000, absl::ZeroDuration(), kLease);
  Process other(db(), "other", /*words=*/5, shared ? absl::Seconds(20) : absl::ZeroDuration(),
                kLease);
  const auto turn = one.Say("s");
  Recovery recovery(other.tools, other.live_turns, other.worker);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(*recovery.Recover(/*any_lease=*/false), 0);

  one.worker.Cancel(turn->facts().turn_id);
  AwaitEnd(*turn);
  EXPECT_EQ(Row(one, *turn).attempt, 1);
  EXPECT_EQ(one.lost, 0);
}

TEST_P(WorkerStoreTest, RunsManyTurnsAtOnce) {
  Process process(db(), "one", /*words=*/200);
  std::vector<std::shared_ptr<LiveTurn>> turns;
  for (int i = 0; i < 40; ++i)
    turns.push_back(process.Say("s" + std::to_string(i)));

  for (const auto& turn : turns) {
    AwaitEnd(*turn);
    ASSERT_TRUE(turn->outcome().ok()) << turn->outcome().status();
    EXPECT_EQ(turn->outcome()->response(), Row(process, *turn).text);
    EXPECT_EQ(turn->outcome()->response().size(), 1000U);
  }
}

TEST_P(WorkerStoreTest, WritesDownRenewsAndCancels) {
  Process process(db(), "one", /*words=*/1'000'000);
  std::vector<std::shared_ptr<LiveTurn>> turns;
  for (int i = 0; i < 5; ++i)
    turns.push_back(process.Say("s" + std::to_string(i)));
  Recovery recovery(process.tools, process.live_turns, process.worker);
  absl::SleepFor(absl::Milliseconds(400));  // more than two leases

  EXPECT_EQ(*recovery.Recover(/*any_lease=*/false), 0);
  for (const auto& turn : turns) {
    const TurnRow row = Row(process, *turn);
    EXPECT_FALSE(row.text.empty());
    EXPECT_EQ(row.attempt, 1);
    ASSERT_TRUE(
        process.turns
            .RequestCancel(row, process.clock.Now(), {CallContext(), "", v1::CancelTurnRequest()})
            .ok());
  }
  for (const auto& turn : turns) {
    AwaitEnd(*turn);
    EXPECT_EQ(turn->outcome()->finish_reason(), "cancelled");
    EXPECT_EQ(turn->outcome()->response(), turn->text().Text());
    EXPECT_EQ(Row(process, *turn).state, TurnState::kCancelled);
  }
}

TEST_P(WorkerStoreTest, AnotherProcessTakesUpWhatACrashLeft) {
  auto crashed = std::make_unique<Process>(db(), "one", /*words=*/1'000'000);
  std::vector<std::shared_ptr<LiveTurn>> turns;
  for (int i = 0; i < 10; ++i)
    turns.push_back(crashed->Say("s" + std::to_string(i)));
  crashed->Crash();
  Process next(db(), "two", /*words=*/10);
  Recovery recovery(next.tools, next.live_turns, next.worker);

  int taken = 0;
  while (taken < 10)
    taken += *recovery.Recover(/*any_lease=*/false);

  for (const auto& turn : turns) {
    EXPECT_FALSE(turn->outcome().ok());
    while (Row(next, *turn).open())
      absl::SleepFor(absl::Milliseconds(5));
    const TurnRow row = Row(next, *turn);
    EXPECT_EQ(row.state, TurnState::kDone);
    EXPECT_EQ(row.attempt, 2);
    EXPECT_EQ(row.text.size(), 50U);
  }
  EXPECT_EQ(taken, 10);
}

TEST_P(WorkerStoreTest, AWorkerThatLostItsLeaseLetsGo) {
  Process slow(db(), "one", /*words=*/1'000'000);
  const auto turn = slow.Say("s");
  Process thief(db(), "two", /*words=*/10);
  Recovery recovery(thief.tools, thief.live_turns, thief.worker);

  EXPECT_EQ(*recovery.Recover(/*any_lease=*/true), 1);
  AwaitEnd(*turn);

  while (Row(thief, *turn).open())
    absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(slow.lost, 1);
  EXPECT_EQ(Row(thief, *turn).text.size(), 50U);
  EXPECT_THAT(*thief.store.ListMessages({turn->facts().conversation_id, false, 0, 10}), SizeIs(2));
}

TEST_P(WorkerStoreTest, DrainHandsOverWhatDoesNotEnd) {
  Process process(db(), "one", /*words=*/1'000'000);
  const auto turn = process.Say("s");
  absl::SleepFor(absl::Milliseconds(50));

  process.worker.Drain(absl::Now() + absl::Milliseconds(100));

  EXPECT_TRUE(turn->text().finished());
  const TurnRow row = Row(process, *turn);
  EXPECT_EQ(row.state, TurnState::kPending);
  EXPECT_EQ(row.text, turn->text().Text());
  EXPECT_FALSE(process.worker.Ready().ok());
}

DRAMATIS_ON_EVERY_ENGINE(WorkerStoreTest);

}  // namespace
}  // namespace dramatis::conversation
