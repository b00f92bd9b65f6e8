// Whose work a thread does: the ids that every log line written meanwhile carries.
//
//   const LogScope scope(call);                             // until the end of the block
//   logger.Info("turn begins", {{"turn_id", id}});
//   {...,"message":"turn begins","turn_id":"...","correlation_id":"...","trace_id":"..."}
//
// Every call opens one around its handler (shared/call/call_record.h), and an executor hands the
// scope of whoever posts a task on to the task, so code between says nothing of ids. What goes on
// when no thread of the call is left (a turn, a provider's answer) logs through a CallLogger of its
// own.
#pragma once

#include <memory>
#include <string>

#include "shared/call/call.h"
#include "shared/log/log.h"

namespace dramatis {

struct LogIds {
  std::string correlation_id;
  std::string trace_id;
};
// Shared by what belongs to one call; null where a thread works for none.
using SharedLogIds = std::shared_ptr<const LogIds>;

SharedLogIds LogIdsOf(const CallContext& call);

// Of the thread that makes it, which has to destroy it; the one before is back then.
class LogScope {
 public:
  explicit LogScope(SharedLogIds ids);
  // The call has to outlive it: most calls log nothing, so that the ids are made where they are
  // asked for.
  explicit LogScope(const CallContext& call);
  explicit LogScope(const CallContext&& call) : LogScope(LogIdsOf(call)) {}
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

  // Of the calling thread.
  static const SharedLogIds& Current();

 private:
  LogScope* const outer_;
  const CallContext* call_ = nullptr;  // until its ids are made
  SharedLogIds ids_;
};

// Writes to `inner`, which outlives it, on whatever thread, with the ids of one call. Thread-safe.
class CallLogger : public Logger {
 public:
  CallLogger(Logger& inner, SharedLogIds ids) : inner_(inner), ids_(std::move(ids)) {}
  // Of the call that the thread works for just now.
  explicit CallLogger(Logger& inner) : CallLogger(inner, LogScope::Current()) {}

  void Log(LogLevel level,
           const std::string& message,
           std::initializer_list<LogField> fields) override;
  bool Enabled(LogLevel level) const override { return inner_.Enabled(level); }

 private:
  Logger& inner_;
  const SharedLogIds ids_;
};

}  // namespace dramatis
