// Structured logs: one JSON object a line on standard error, through spdlog with our own formatter.
//
//   logger.Info("turn finished", {{"turn_id", id}, {"tokens", usage.output_tokens()}});
//   {"time":"2026-01-02T03:04:05.678901Z","level":"info","service":"conversation",
//    "message":"turn finished","turn_id":"...","tokens":12}
//
// Lines of a call or turn carry its ids: see log_scope.h.
// Never log content, secrets or tokens; ids, codes, counts and durations only. Thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "shared/call/call.h"

namespace dramatis {

struct LogField {
  std::string name;
  std::variant<std::string, int64_t, double, bool> value;

  LogField(std::string n, std::string v) : name(std::move(n)), value(std::move(v)) {}
  LogField(std::string n, const char* v) : name(std::move(n)), value(std::string(v)) {}
  LogField(std::string n, int v) : name(std::move(n)), value(int64_t{v}) {}
  LogField(std::string n, int64_t v) : name(std::move(n)), value(v) {}
  LogField(std::string n, double v) : name(std::move(n)), value(v) {}
  LogField(std::string n, bool v) : name(std::move(n)), value(v) {}
};

// kAudit (shared/log/audit.h) is written at every level.
enum class LogLevel { kDebug, kInfo, kWarning, kError, kAudit };

class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(LogLevel level,
                   const std::string& message,
                   std::initializer_list<LogField> fields) = 0;
  virtual bool Enabled(LogLevel level) const = 0;

  void Debug(const std::string& m, std::initializer_list<LogField> f = {}) {
    if (Enabled(LogLevel::kDebug)) Log(LogLevel::kDebug, m, f);
  }
  void Info(const std::string& m, std::initializer_list<LogField> f = {}) {
    if (Enabled(LogLevel::kInfo)) Log(LogLevel::kInfo, m, f);
  }
  void Warning(const std::string& m, std::initializer_list<LogField> f = {}) {
    Log(LogLevel::kWarning, m, f);
  }
  void Error(const std::string& m, std::initializer_list<LogField> f = {}) {
    Log(LogLevel::kError, m, f);
  }
};

// Writes to standard error. `level` is debug, info, warning or error; `service` names the program.
std::unique_ptr<Logger> MakeLogger(const std::string& level, const std::string& service);
// Drops everything.
std::unique_ptr<Logger> MakeSilentLogger();

}  // namespace dramatis
