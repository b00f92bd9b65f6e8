#include "shared/log/log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include <boost/json/serialize.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "shared/log/log_scope.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

const char* NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kAudit:
      return "audit";
  }
  return "error";
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kAudit:
      return spdlog::level::critical;
  }
  return spdlog::level::err;
}

LogLevel LevelOf(std::string_view name) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kWarning, LogLevel::kError}) {
    if (name == NameOf(level)) return level;
  }
  return LogLevel::kInfo;
}

// Whether a text stands in JSON as it is.
bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void AppendString(std::string& line, std::string_view text) {
  if (IsPlain(text)) {
    line += '"';
    line += text;
    line += '"';
    return;
  }
  // A log line must stay JSON, whatever got into it.
  const std::string_view safe = IsValidUtf8(text) ? text : "(not UTF-8)";
  line += boost::json::serialize(boost::json::string_view(safe.data(), safe.size()));
}

// As RFC 3339 has it, in microseconds. The date and the time to the second are made once a second.
void AppendTime(std::string& line, absl::Time time) {
  struct Second {
    int64_t number = -1;
    std::string text;
  };
  thread_local Second second;
  const int64_t micros = absl::ToUnixMicros(time);
  if (const int64_t number = micros / 1'000'000; number != second.number) {
    second = {number, absl::FormatTime("%Y-%m-%d%ET%H:%M:%S", absl::FromUnixSeconds(number),
                                       absl::UTCTimeZone())};
  }
  std::array<char, 6> digits{};
  int64_t rest = micros % 1'000'000;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest /= 10)
    *digit = static_cast<char>('0' + rest % 10);
  line += second.text;
  line += '.';
  line.append(digits.data(), digits.size());
  line += 'Z';
}

// The shortest digits that read back as the same number.
void AppendNumber(std::string& line, double value) {
  if (!std::isfinite(value)) {
    line += "null";
    return;
  }
  std::array<char, 32> digits{};
  const std::to_chars_result end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value);
  line.append(digits.data(), end.ptr);
}

void AppendField(std::string& line, std::string_view name, const auto& value) {
  line += ',';
  AppendString(line, name);
  line += ':';
  using T = std::decay_t<decltype(value)>;
  if constexpr (std::is_same_v<T, bool>) {
    line += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, double>) {
    AppendNumber(line, value);
  } else if constexpr (std::is_integral_v<T>) {
    line += std::to_string(value);
  } else {
    AppendString(line, value);
  }
}

bool Has(std::initializer_list<LogField> fields, std::string_view name) {
  for (const LogField& field : fields) {
    if (field.name == name) return true;
  }
  return false;
}

class JsonLogger : public Logger {
 public:
  JsonLogger(LogLevel level, std::string service)
      : level_(level),
        service_(std::move(service)),
        spdlog_(service_, std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    spdlog_.set_level(SpdlogLevel(level));
    spdlog_.set_pattern("%v");
    spdlog_.flush_on(spdlog::level::trace);
    // A reader of our standard error that went away must not end in exceptions or more output.
    spdlog_.set_error_handler([](const std::string&) {});
  }

  bool Enabled(LogLevel level) const override { return level >= level_; }

  void Log(LogLevel level,
           const std::string& message,
           std::initializer_list<LogField> fields) override {
    if (!Enabled(level)) return;
    std::string line = R"({"time":")";
    AppendTime(line, absl::Now());
    line += '"';
    AppendField(line, "level", NameOf(level));
    AppendField(line, "service", service_);
    AppendField(line, "message", message);
    for (const LogField& field : fields) {
      std::visit([&](const auto& value) { AppendField(line, field.name, value); }, field.value);
    }
    if (const SharedLogIds& ids = LogScope::Current(); ids != nullptr) {
      if (!Has(fields, "correlation_id")) AppendField(line, "correlation_id", ids->correlation_id);
      if (!Has(fields, "trace_id")) AppendField(line, "trace_id", ids->trace_id);
    }
    line += '}';
    spdlog_.log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  const LogLevel level_;
  const std::string service_;
  spdlog::logger spdlog_;
};

class SilentLogger : public Logger {
 public:
  bool Enabled(LogLevel) const override { return false; }
  void Log(LogLevel, const std::string&, std::initializer_list<LogField>) override {}
};

}  // namespace

std::unique_ptr<Logger> MakeLogger(const std::string& level, const std::string& service) {
  return std::make_unique<JsonLogger>(LevelOf(level), service);
}

std::unique_ptr<Logger> MakeSilentLogger() {
  return std::make_unique<SilentLogger>();
}

}  // namespace dramatis
