#include "shared/metrics/metrics.h"

#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTest, CountsByLabels) {
  Metrics metrics;
  metrics.Count("dramatis_calls_total", {{"code", "OK"}, {"method", "Get"}});
  metrics.Count("dramatis_calls_total", {{"code", "OK"}, {"method", "Get"}}, 2);
  metrics.Count("dramatis_calls_total", {{"code", "INTERNAL"}, {"method", "Get"}});

  const std::string text = metrics.Text();

  EXPECT_THAT(text, HasSubstr("# TYPE dramatis_calls_total counter\n"));
  EXPECT_THAT(text, HasSubstr("dramatis_calls_total{code=\"OK\",method=\"Get\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("dramatis_calls_total{code=\"INTERNAL\",method=\"Get\"} 1\n"));
}

TEST(MetricsTest, SaysWhatEachMetricMeans) {
  Metrics metrics;
  metrics.Count("dramatis_turns_total", {{"state", "done"}});

  EXPECT_THAT(metrics.Text(),
              HasSubstr("# HELP dramatis_turns_total Turns that ended, by state.\n"));
}

TEST(MetricsTest, MovesGaugesUpAndDown) {
  Metrics metrics;
  metrics.Gauge("dramatis_turns_running", {}, 1);
  metrics.Gauge("dramatis_turns_running", {}, 1);
  metrics.Gauge("dramatis_turns_running", {}, -1);

  EXPECT_THAT(metrics.Text(), HasSubstr("dramatis_turns_running 1\n"));
}

TEST(MetricsTest, PutsObservationsIntoBuckets) {
  Metrics metrics;
  metrics.Observe("dramatis_rpc_duration_seconds", {{"method", "Get"}}, 0.0008);
  metrics.Observe("dramatis_rpc_duration_seconds", {{"method", "Get"}}, 0.3);
  metrics.Observe("dramatis_rpc_duration_seconds", {{"method", "Get"}}, 100);

  const std::string text = metrics.Text();

  EXPECT_THAT(text, HasSubstr("_bucket{method=\"Get\",le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{method=\"Get\",le=\"0.5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{method=\"Get\",le=\"60\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{method=\"Get\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("dramatis_rpc_duration_seconds_count{method=\"Get\"} 3\n"));
}

TEST(MetricsTest, LosesNoCountOfManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        metrics.Count("dramatis_things_total", {{"kind", j % 2 == 0 ? "even" : "odd"}});
        if (j % 100 == 0) metrics.Text();
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_THAT(metrics.Text(), HasSubstr("dramatis_things_total{kind=\"even\"} 1000\n"));
}

}  // namespace
}  // namespace dramatis
