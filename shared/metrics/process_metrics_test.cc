#include "shared/metrics/process_metrics.h"

#include <map>
#include <string>
#include <thread>

#include <unistd.h>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/metrics/metrics.h"

namespace dramatis {
namespace {

using ::testing::HasSubstr;

std::map<std::string, double> Now() {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : ProcessMetrics()) {
    const prometheus::ClientMetric& metric = family.metric.at(0);
    values[family.name] =
        family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  return values;
}

TEST(ProcessMetricsTest, CountsOpenFiles) {
  const double before = Now().at("process_open_fds");
  const int copy = dup(0);
  EXPECT_EQ(Now().at("process_open_fds"), before + 1);
  close(copy);
  EXPECT_EQ(Now().at("process_open_fds"), before);
  EXPECT_GE(Now().at("process_max_fds"), before);
}

TEST(ProcessMetricsTest, CountsThreads) {
  const double before = Now().at("process_threads");
  absl::Notification end;
  std::thread other([&] { end.WaitForNotification(); });
  EXPECT_EQ(Now().at("process_threads"), before + 1);
  end.Notify();
  other.join();
}

TEST(ProcessMetricsTest, MeasuresTheTimeOfTheProcessor) {
  const double before = Now().at("process_cpu_seconds_total");
  const clock_t begin = clock();
  while (clock() - begin < CLOCKS_PER_SEC / 5) {
  }
  EXPECT_NEAR(Now().at("process_cpu_seconds_total") - before, 0.2, 0.1);
}

TEST(ProcessMetricsTest, MeasuresMemory) {
  EXPECT_GT(Now().at("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(Now().at("process_virtual_memory_bytes"), Now().at("process_resident_memory_bytes"));
}

TEST(ProcessMetricsTest, KnowsWhenTheProcessStarted) {
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_LE(Now().at("process_start_time_seconds"), now + 1);
  EXPECT_GT(Now().at("process_start_time_seconds"), now - 600);
}

TEST(ProcessMetricsTest, StandBesideOurOwn) {
  Metrics metrics;
  metrics.Count("dramatis_calls_total", {});
  EXPECT_THAT(metrics.Text(), HasSubstr("# TYPE process_cpu_seconds_total counter\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("dramatis_calls_total 1\n"));
}

}  // namespace
}  // namespace dramatis
