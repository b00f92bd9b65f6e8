#include "shared/metrics/process_metrics.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace dramatis {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double Number(const std::string& text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) ? number : 0;
}

void Add(std::vector<MetricFamily>& families,
         const char* name,
         const char* help,
         MetricType type,
         double value) {
  MetricFamily family{name, help, type, std::vector<prometheus::ClientMetric>(1)};
  prometheus::ClientMetric& metric = family.metric.front();
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  families.push_back(std::move(family));
}

// Seconds since the epoch at which the system was started; `btime` of /proc/stat.
std::optional<double> BootTime() {
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(ReadFile("/proc/stat"), '\n'))) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() == 2 && words[0] == "btime") return Number(words[1]);
  }
  return std::nullopt;
}

// Fields of /proc/self/stat by their number in proc(5), which counts from 1.
enum StatField {
  kUserTicks = 14,
  kSystemTicks = 15,
  kThreads = 20,
  kStartTicks = 22,
  kVirtualBytes = 23,
  kResidentPages = 24
};

void AddStat(std::vector<MetricFamily>& families) {
  const std::string stat = ReadFile("/proc/self/stat");
  // The second field, the program's name in parentheses, may hold anything.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 > stat.size()) return;
  const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
  constexpr int kFirst = 3;
  if (fields.size() <= kResidentPages - kFirst) return;
  const auto field = [&](StatField number) { return Number(fields.at(number - kFirst)); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  Add(families, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
      MetricType::Counter, (field(kUserTicks) + field(kSystemTicks)) / ticks);
  Add(families, "process_threads", "Number of threads.", MetricType::Gauge, field(kThreads));
  Add(families, "process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::Gauge,
      field(kVirtualBytes));
  Add(families, "process_resident_memory_bytes", "Resident memory size in bytes.",
      MetricType::Gauge, field(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  if (const std::optional<double> boot = BootTime(); boot.has_value()) {
    Add(families, "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds.", MetricType::Gauge,
        *boot + field(kStartTicks) / ticks);
  }
}

void AddFiles(std::vector<MetricFamily>& families) {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (!error) {
    // Without the one that the count itself holds open.
    const auto count = std::distance(begin(open), end(open)) - 1;
    Add(families, "process_open_fds", "Number of open file descriptors.", MetricType::Gauge,
        static_cast<double>(count));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Add(families, "process_max_fds", "Maximum number of open file descriptors.", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics() {
  std::vector<MetricFamily> families;
  AddStat(families);
  AddFiles(families);
  return families;
}

}  // namespace dramatis
