#include "shared/log/log_scope.h"

#include <utility>

#include "shared/call/call_metadata.h"

namespace dramatis {
namespace {

// The innermost of the thread's.
LogScope*& OfThread() {
  thread_local LogScope* scope = nullptr;
  return scope;
}

}  // namespace

SharedLogIds LogIdsOf(const CallContext& call) {
  return std::make_shared<const LogIds>(LogIds{call.correlation_id, TraceId(call.traceparent)});
}

LogScope::LogScope(SharedLogIds ids)
    : outer_(std::exchange(OfThread(), this)), ids_(std::move(ids)) {}

LogScope::LogScope(const CallContext& call)
    : outer_(std::exchange(OfThread(), this)), call_(&call) {}

LogScope::~LogScope() {
  OfThread() = outer_;
}

const SharedLogIds& LogScope::Current() {
  static const auto& none = *new SharedLogIds;
  LogScope* const scope = OfThread();
  if (scope == nullptr) return none;
  if (scope->call_ != nullptr) scope->ids_ = LogIdsOf(*std::exchange(scope->call_, nullptr));
  return scope->ids_;
}

void CallLogger::Log(LogLevel level,
                     const std::string& message,
                     std::initializer_list<LogField> fields) {
  const LogScope scope(ids_);
  inner_.Log(level, message, fields);
}

}  // namespace dramatis
