// What inference's tests put in the place of its neighbours. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/providers/provider.h"
#include "services/inference/usage/ledger.h"
#include "services/inference/usage/ledger_store.h"
#include "services/inference/usage/store.h"
#include "shared/time/timer.h"

namespace dramatis::inference {

// Keeps rows of usage and what is reserved, without accounts.
class FakeStore : public Store, public LedgerStore {
 public:
  absl::StatusOr<std::optional<Refused>> Reserve(const ReservationAsk& ask,
                                                 const DefaultLimits& /*limits*/) override {
    const absl::MutexLock lock(&mutex_);
    if (!error_.ok()) return error_;
    if (refused_.has_value()) return refused_;
    asks_.push_back(ask);
    reserved_[ask.reservation_id] = ask.micros;
    return std::optional<Refused>();
  }
  absl::Status Release(const ReservationName& name, absl::Time /*now*/) override {
    const absl::MutexLock lock(&mutex_);
    reserved_.erase(name.reservation_id);
    return absl::OkStatus();
  }
  absl::Status Settle(const UsageRow& row,
                      const std::string& reservation_id,
                      bool /*of_deployment*/,
                      absl::Time /*begun*/) override {
    const absl::MutexLock lock(&mutex_);
    ++calls_;
    if (!error_.ok()) return error_;
    reserved_.erase(reservation_id);
    rows_.push_back(row);
    return absl::OkStatus();
  }
  absl::StatusOr<Account> FindAccount(const std::string& /*user_id*/, absl::Time) override {
    const absl::MutexLock lock(&mutex_);
    if (!error_.ok()) return error_;
    return account_;
  }
  absl::Status SetLimits(const std::string& /*user_id*/,
                         const Limits& limits,
                         int version,
                         absl::Time /*now*/) override {
    const absl::MutexLock lock(&mutex_);
    if (version != account_.version) return absl::AbortedError("changed meanwhile");
    account_.limits = limits;
    ++account_.version;
    return absl::OkStatus();
  }
  absl::Status RenewHolder(const std::string& /*holder*/, absl::Time /*expires_at*/) override {
    const absl::MutexLock lock(&mutex_);
    return error_;
  }
  absl::StatusOr<std::vector<ReservationName>> FindAbandoned(absl::Time, int) override {
    return std::vector<ReservationName>();
  }
  // From now on nothing is reserved.
  void Refuse(std::optional<Refused> refused) {
    const absl::MutexLock lock(&mutex_);
    refused_ = refused;
  }
  void SetAccount(const Account& account) {
    const absl::MutexLock lock(&mutex_);
    account_ = account;
  }
  // What was reserved, in the order in which it was.
  std::vector<ReservationAsk> asks() const {
    const absl::MutexLock lock(&mutex_);
    return asks_;
  }
  // How much is reserved now.
  size_t reservations() const {
    const absl::MutexLock lock(&mutex_);
    return reserved_.size();
  }
  absl::StatusOr<std::optional<UsageRow>> FindUsage(const std::string& user_id,
                                                    const std::string& turn_key) override {
    const absl::MutexLock lock(&mutex_);
    if (!error_.ok()) return error_;
    for (const UsageRow& row : rows_) {
      if (row.user_id == user_id && row.turn_key == turn_key) return row;
    }
    return std::nullopt;
  }
  absl::StatusOr<std::vector<UsageSum>> SumUsage(const UsageQuery& query) override {
    const absl::MutexLock lock(&mutex_);
    if (!error_.ok()) return error_;
    last_query_ = query;
    std::vector<UsageSum> sums;
    for (const UsageSum& sum : sums_) {
      if (query.after.has_value() && sum.key <= *query.after) continue;
      if (static_cast<int>(sums.size()) < query.limit) sums.push_back(sum);
    }
    return sums;
  }
  // What SumUsage finds, whatever the range; in the order of the keys.
  void SetSums(std::vector<UsageSum> sums) {
    const absl::MutexLock lock(&mutex_);
    sums_ = std::move(sums);
  }
  UsageQuery last_query() const {
    const absl::MutexLock lock(&mutex_);
    return last_query_;
  }
  // A row that is there already.
  void Add(const UsageRow& row) {
    const absl::MutexLock lock(&mutex_);
    rows_.push_back(row);
  }
  void FailWith(absl::Status error) {
    const absl::MutexLock lock(&mutex_);
    error_ = std::move(error);
  }
  std::vector<UsageRow> rows() const {
    const absl::MutexLock lock(&mutex_);
    return rows_;
  }
  int calls() const {
    const absl::MutexLock lock(&mutex_);
    return calls_;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  std::vector<UsageRow> rows_ ABSL_GUARDED_BY(mutex_);
  std::vector<UsageSum> sums_ ABSL_GUARDED_BY(mutex_);
  UsageQuery last_query_ ABSL_GUARDED_BY(mutex_);
  std::optional<Refused> refused_ ABSL_GUARDED_BY(mutex_);
  Account account_ ABSL_GUARDED_BY(mutex_);
  std::vector<ReservationAsk> asks_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> reserved_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A ledger on a fake store.
struct FakeLedger {
  FakeLedger(FakeStore& s, const Clock& c)
      : store(s), clock(c), ledger(s, c, DefaultLimits(), ids, *logger, metrics) {}
  // Another one, with these limits.
  void SetDefaults(const DefaultLimits& limits) {
    limited = std::make_unique<Ledger>(store, clock, limits, ids, *logger, metrics);
  }
  Ledger& Current() { return limited != nullptr ? *limited : ledger; }

  FakeStore& store;
  const Clock& clock;
  CountingIdSource ids;
  const std::unique_ptr<Logger> logger = MakeSilentLogger();
  Metrics metrics;
  Ledger ledger;
  std::unique_ptr<Ledger> limited;
};

// Time passes when the test says so.
class FakeTimers : public Timers {
 public:
  void After(absl::Duration delay, std::function<void()> task) override {
    const absl::MutexLock lock(&mutex_);
    tasks_.emplace_back(delay, std::move(task));
  }
  // Waits until a task is there, then runs the oldest one; its delay.
  absl::Duration RunNext() {
    std::pair<absl::Duration, std::function<void()>> next;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](std::vector<std::pair<absl::Duration, std::function<void()>>>* tasks) {
            return !tasks->empty();
          },
          &tasks_));
      next = std::move(tasks_.front());
      tasks_.erase(tasks_.begin());
    }
    next.second();
    return next.first;
  }
  size_t waiting() const {
    const absl::MutexLock lock(&mutex_);
    return tasks_.size();
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::pair<absl::Duration, std::function<void()>>> tasks_ ABSL_GUARDED_BY(mutex_);
};

// A provider whose answers the test speaks itself.
class FakeProvider : public Provider {
 public:
  // One call under way.
  struct Started : public ProviderCall {
    Started(const ModelRequest& q, std::shared_ptr<AnswerSink> s)
        : model_request(q), sink(std::move(s)) {}
    void Cancel() override {
      const absl::MutexLock lock(&mutex);
      cancelled = true;
    }
    bool IsCancelled() const {
      const absl::MutexLock lock(&mutex);
      return cancelled;
    }
    const ModelRequest model_request;
    const std::shared_ptr<AnswerSink> sink;
    mutable absl::Mutex mutex;
    bool cancelled ABSL_GUARDED_BY(mutex) = false;
  };

  FakeProvider(std::string name, std::vector<ModelFacts> models)
      : name_(std::move(name)), models_(std::move(models)) {}

  std::string name() const override { return name_; }
  std::string description() const override { return "a fake"; }
  bool retrieval() const override { return false; }
  std::vector<ModelFacts> models() const override { return models_; }
  std::optional<ModelFacts> FindModel(const std::string& model) const override {
    if (model.empty()) return models_.front();
    for (const ModelFacts& facts : models_) {
      if (facts.name == model) return facts;
    }
    return std::nullopt;
  }
  std::shared_ptr<ProviderCall> Start(const ModelRequest& model_request,
                                      std::shared_ptr<AnswerSink> sink) override {
    auto started = std::make_shared<Started>(model_request, std::move(sink));
    const absl::MutexLock lock(&mutex_);
    calls_.push_back(started);
    return started;
  }

  // The call of this number, from 0; waits until it is there.
  std::shared_ptr<Started> Call(size_t number) {
    const absl::MutexLock lock(&mutex_);
    const auto there = [&]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_.size() > number; };
    mutex_.Await(absl::Condition(&there));
    return calls_[number];
  }
  size_t calls() const {
    const absl::MutexLock lock(&mutex_);
    return calls_.size();
  }

 private:
  const std::string name_;
  const std::vector<ModelFacts> models_;
  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<Started>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
