// What inference's tests put in the place of its neighbours. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/providers/provider.h"
#include "services/inference/usage/store.h"
#include "shared/time/timer.h"

namespace dramatis::inference {

class FakeStore : public Store {
 public:
  absl::Status RecordUsage(const UsageRow& row) override {
    const absl::MutexLock lock(&mutex_);
    ++calls_;
    if (!error_.ok()) return error_;
    rows_.push_back(row);
    return absl::OkStatus();
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
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
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
