// What a turn costs the ledger: to reserve before its first text, which does not wait for the disk,
// and to settle after it, which does. Many turns at once, as a busy program has them, then one
// after the other.
//
//   ledger-bench <folder | postgresql://...>
//
// Prints one JSON object: the CPU of this process for a turn, and how long each half takes.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "embedded/inference_migrations.h"
#include "services/inference/sql/ledger.h"
#include "services/inference/usage/ledger.h"

namespace dramatis::inference {
namespace {

constexpr int kThreads = 16;
constexpr int kTurns = 250;  // of each thread
constexpr int kAlone = 300;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::_Exit(1);  // other threads are at work
}

double CpuMicros() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto micros = [](const timeval& time) {
    return 1e6 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec);
  };
  return micros(used.ru_utime) + micros(used.ru_stime);
}

// How long each half of some turns took, in microseconds.
struct Times {
  std::vector<double> reserve;
  std::vector<double> settle;
};

class Turns {
 public:
  explicit Turns(sql::Database& database)
      : store_(database),
        ledger_(store_,
                clock_,
                {.user = {.monthly_micros = int64_t{1} << 50, .tokens_per_minute = 1'000'000'000}},
                ids_,
                *logger_,
                metrics_) {
    Check(ledger_.Renew());
  }

  void Run(const std::string& user, int count, Times& times) {
    for (int i = 0; i < count; ++i) {
      const auto hold = ledger_.Open({.user_id = user});
      const auto begun = std::chrono::steady_clock::now();
      Check(hold->Cover({.micros = 900, .tokens = 1200}));
      const auto reserved = std::chrono::steady_clock::now();
      const UsageRow row = {.user_id = user,
                            .turn_key = absl::StrCat(ids_.NewId(), ":1"),
                            .persona_id = "01a219a0-c217-77b1-b7be-a0db9e642dfe",
                            .model = "openai/gpt-4o-mini",
                            .input_tokens = 900,
                            .output_tokens = 120,
                            .cost_micros = 207,
                            .finish_reason = "stop",
                            .create_time = clock_.Now(),
                            .prices = "0.15/0.6/0.075/0"};
      const auto answered = std::chrono::steady_clock::now();
      Check(hold->Settle(row));
      const std::chrono::duration<double, std::micro> cover = reserved - begun;
      const std::chrono::duration<double, std::micro> settle =
          std::chrono::steady_clock::now() - answered;
      times.reserve.push_back(cover.count());
      times.settle.push_back(settle.count());
    }
  }

 private:
  SystemClock clock_;
  UuidV7Source ids_{clock_};
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  SqlLedgerStore store_;
  Ledger ledger_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int Run(const std::string& where) {
  const bool postgres = where.starts_with("postgresql://");
  const std::string schema = absl::StrCat("ledger_bench_", getpid());
  auto database = sql::Database::Open(
      {.url = postgres ? where : where + "/inference.db", .schema = postgres ? schema : ""});
  Check(database.status());
  Check((*database)->Migrate(embedded::inference_migrations()).status());
  Turns turns(**database);
  Times warm;
  turns.Run("warm", 50, warm);

  std::vector<Times> many(kThreads);
  const double before = CpuMicros();
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] { turns.Run(absl::StrCat("user", i), kTurns, many[i]); });
  for (std::thread& thread : threads)
    thread.join();
  const double cpu = (CpuMicros() - before) / (kThreads * kTurns);

  Times alone;
  const double before_alone = CpuMicros();
  turns.Run("alone", kAlone, alone);
  const double cpu_alone = (CpuMicros() - before_alone) / kAlone;
  std::cout << "{\"cpu_us\": " << cpu << ", \"cpu_us_alone\": " << cpu_alone
            << ", \"reserve_us_alone\": " << Median(alone.reserve)
            << ", \"settle_us_alone\": " << Median(alone.settle) << "}\n";
  if (!postgres) return 0;
  Check((*database)->Write([&](sql::Transaction& tx) {
    return tx.ExecuteText(absl::StrCat("drop schema \"", schema, "\" cascade"), {}).status();
  }));
  return 0;
}

}  // namespace
}  // namespace dramatis::inference

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: ledger-bench <folder | postgresql://...>\n";
    return 2;
  }
  return dramatis::inference::Run(argv[1]);
}
