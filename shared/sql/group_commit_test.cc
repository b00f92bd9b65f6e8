// Writers that meet on SQLite: one transaction for all, and each for itself.
#include "shared/sql/group_commit.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "shared/sql/database.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

constexpr Statement kInsert = {"insert into marks (id, body) values ($1, $2)"};

absl::Status InsertIn(Transaction& tx, const std::string& id, const std::string& body = "") {
  return tx.Execute(kInsert, {id, body}).status();
}

class GroupCommitTest : public testing::Test {
 protected:
  using Write = GroupCommit::Write;

  GroupCommitTest() {
    std::string pattern = testing::TempDir() + "dramatis-group-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    options_.url = folder_ + "/service.db";
    db_ = *Database::Open(options_);
    const std::vector<Migration> schema = {
        {1, "0001_marks", "", "create table marks (id text primary key, body text)"}};
    EXPECT_TRUE(db_->Migrate(schema).ok());
  }
  ~GroupCommitTest() override { std::filesystem::remove_all(folder_); }

  // Runs the writes at the same time: a first one holds the connection until all the others wait
  // for it. What became of each; a write that threw is UNKNOWN with what it said.
  std::vector<absl::Status> RunTogether(const std::vector<Write>& writes) {
    absl::Notification held;
    absl::Notification all_wait;
    std::thread first([&] {
      const absl::Status status = db_->Write([&](Transaction&) {
        held.Notify();
        all_wait.WaitForNotification();
        return absl::OkStatus();
      });
      EXPECT_TRUE(status.ok()) << status;
    });
    held.WaitForNotification();
    std::vector<absl::Status> results(writes.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < writes.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          results[i] = db_->Write([&](Transaction& tx) {
            {
              const absl::MutexLock lock(&mutex_);
              ran_on_.insert(std::this_thread::get_id());
            }
            return writes[i](tx);
          });
        } catch (const std::exception& error) {
          results[i] = absl::UnknownError(error.what());
        }
      });
    }
    // Nothing outside shows that a thread waits.
    absl::SleepFor(absl::Milliseconds(100));
    all_wait.Notify();
    first.join();
    for (std::thread& thread : threads)
      thread.join();
    return results;
  }

  // What Ids gives where each write that was said to be committed is there, and no other.
  static std::string Acknowledged(const std::vector<absl::Status>& results,
                                  const std::vector<std::string>& ids) {
    std::vector<std::string> there;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (results[i].ok()) there.push_back(ids[i]);
    }
    return absl::StrJoin(there, ",");
  }

  std::string Ids() {
    const auto rows = db_->Read([](Transaction& tx) {
      return tx.ExecuteText(
          "select coalesce(group_concat(id), '') from (select id from marks order by id)", {});
    });
    return rows.ok() ? rows->front().Text(0) : std::string(rows.status().message());
  }

  std::string folder_;
  DatabaseOptions options_;
  std::unique_ptr<Database> db_;
  absl::Mutex mutex_;
  std::set<std::thread::id> ran_on_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(GroupCommitTest, CommitsWritesThatMeetTogether) {
  std::vector<Write> writes;
  for (const char* id : {"a", "b", "c", "d"}) {
    writes.emplace_back([id](Transaction& tx) { return InsertIn(tx, id); });
  }

  for (const absl::Status& status : RunTogether(writes))
    EXPECT_TRUE(status.ok()) << status;

  EXPECT_EQ(Ids(), "a,b,c,d");
  const absl::MutexLock lock(&mutex_);
  EXPECT_LT(ran_on_.size(), writes.size());  // on a leader's thread
}

TEST_F(GroupCommitTest, UndoesAWriteThatFailsAlone) {
  const std::vector<absl::Status> results = RunTogether({
      [](Transaction& tx) { return InsertIn(tx, "a"); },
      [](Transaction& tx) -> absl::Status {
        DRAMATIS_RETURN_IF_ERROR(InsertIn(tx, "undone"));
        return NotFoundError("something");
      },
      [](Transaction& tx) -> absl::Status {
        DRAMATIS_RETURN_IF_ERROR(InsertIn(tx, "undone too"));
        (void)InsertIn(tx, "undone too");
        return absl::OkStatus();  // success cannot be made of a failed statement
      },
      [](Transaction& tx) { return InsertIn(tx, "b"); },
  });

  EXPECT_TRUE(results[0].ok()) << results[0];
  EXPECT_EQ(results[1].code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(results[2].code(), absl::StatusCode::kAlreadyExists) << results[2];
  EXPECT_TRUE(results[3].ok()) << results[3];
  EXPECT_EQ(Ids(), "a,b");
}

TEST_F(GroupCommitTest, ThrowsToTheThreadWhoseWriteThrew) {
  const std::vector<absl::Status> results = RunTogether({
      [](Transaction& tx) { return InsertIn(tx, "a"); },
      [](Transaction& tx) -> absl::Status {
        EXPECT_TRUE(InsertIn(tx, "undone").ok());
        throw std::logic_error("mine");
      },
      [](Transaction& tx) { return InsertIn(tx, "b"); },
  });

  EXPECT_TRUE(results[0].ok()) << results[0];
  EXPECT_EQ(results[1], absl::UnknownError("mine"));
  EXPECT_TRUE(results[2].ok()) << results[2];
  EXPECT_EQ(Ids(), "a,b");
}

TEST_F(GroupCommitTest, FailsTogetherWhereTheTransactionIsGone) {
  const std::vector<absl::Status> results = RunTogether({
      [](Transaction& tx) { return InsertIn(tx, "a"); },
      [](Transaction& tx) -> absl::Status {
        // As SQLite itself does where the disk fails.
        DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText("rollback", {}).status());
        return UnavailableError("the disk failed");
      },
      [](Transaction& tx) { return InsertIn(tx, "b"); },
  });

  // Those that ran before it, or were to run after it in its group, are not there.
  EXPECT_FALSE(results[1].ok());
  EXPECT_EQ(Ids(), Acknowledged(results, {"a", "", "b"}));
  EXPECT_TRUE(db_->Write([](Transaction& tx) { return InsertIn(tx, "after"); }).ok());
}

TEST_F(GroupCommitTest, OneOnAFullDiskTakesNothingFromTheOthers) {
  const std::vector<absl::Status> results = RunTogether({
      [](Transaction& tx) { return InsertIn(tx, "a"); },
      [](Transaction& tx) -> absl::Status {
        DRAMATIS_RETURN_IF_ERROR(tx.ExecuteText("pragma max_page_count = 10", {}).status());
        return InsertIn(tx, "big", std::string(1 << 20, 'x'));
      },
      [](Transaction& tx) { return InsertIn(tx, "b"); },
  });

  EXPECT_EQ(results[1].code(), absl::StatusCode::kUnavailable) << results[1];
  EXPECT_EQ(Ids(), Acknowledged(results, {"a", "", "b"}));
}

TEST_F(GroupCommitTest, WaitsNoLongerThanTheTimeout) {
  options_.timeout = absl::Milliseconds(50);
  db_ = *Database::Open(options_);
  absl::Notification held;
  absl::Notification refused;
  std::thread first([&] {
    const absl::Status status = db_->Write([&](Transaction& tx) {
      held.Notify();
      refused.WaitForNotification();
      return InsertIn(tx, "a");
    });
    EXPECT_TRUE(status.ok()) << status;
  });
  held.WaitForNotification();

  const absl::Status status = db_->Write([](Transaction& tx) { return InsertIn(tx, "late"); });
  refused.Notify();
  first.join();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(Ids(), "a");
  EXPECT_TRUE(db_->Write([](Transaction& tx) { return InsertIn(tx, "b"); }).ok());
}

TEST_F(GroupCommitTest, WaitsForTheDiskWhereOneOfTheGroupDoes) {
  using Disk = GroupCommit::Disk;
  absl::Mutex mutex;
  std::vector<Disk> committed;
  absl::Notification held;
  absl::Notification all_wait;
  GroupCommit commits(absl::Seconds(5), [&](const Write& write, Disk disk) {
    {
      const absl::MutexLock lock(&mutex);
      committed.push_back(disk);
    }
    return db_->Write([&](Transaction& tx) { return write(tx); });
  });
  const auto nothing = [](Transaction&) { return absl::OkStatus(); };
  std::thread first([&] {
    const absl::Status status = commits.Run(
        [&](Transaction&) {
          held.Notify();
          all_wait.WaitForNotification();
          return absl::OkStatus();
        },
        Disk::kSoon);
    EXPECT_TRUE(status.ok()) << status;
  });
  held.WaitForNotification();
  std::vector<std::thread> others;
  for (const Disk disk : {Disk::kSoon, Disk::kWaits, Disk::kSoon})
    others.emplace_back([&, disk] { EXPECT_TRUE(commits.Run(nothing, disk).ok()); });
  absl::SleepFor(
      absl::Milliseconds(50));  // until they wait; however few do, one waits for the disk
  all_wait.Notify();
  first.join();
  for (std::thread& other : others)
    other.join();

  ASSERT_GE(committed.size(), 2U);
  EXPECT_EQ(committed.front(), Disk::kSoon);
  EXPECT_EQ(std::count(committed.begin() + 1, committed.end(), Disk::kWaits), 1);
}

TEST_F(GroupCommitTest, LosesAndDoublesNothingOfManyWriters) {
  constexpr int kThreads = 40;  // more than one group holds
  constexpr int kRounds = 20;
  std::atomic<int> stored = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string id = std::to_string(thread) + "-" + std::to_string(round);
        const bool fail = round % 3 == 0;
        const absl::Status status = db_->Write([&](Transaction& tx) -> absl::Status {
          DRAMATIS_RETURN_IF_ERROR(InsertIn(tx, id));
          return fail ? absl::CancelledError() : absl::OkStatus();
        });
        EXPECT_EQ(status.ok(), !fail) << status;
        if (status.ok()) ++stored;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  const auto rows =
      db_->Read([](Transaction& tx) { return tx.ExecuteText("select count(*) from marks", {}); });
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->front().Int(0), stored);
}

}  // namespace
}  // namespace dramatis::sql
