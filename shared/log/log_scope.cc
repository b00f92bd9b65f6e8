#include "shared/log/log_scope.h"

#include <utility>

#include "shared/call/call_metadata.h"

namespace dramatis {
namespace {

SharedLogIds& OfThread() {
  thread_local SharedLogIds ids;
  return ids;
}

}  // namespace

SharedLogIds LogIdsOf(const CallContext& call) {
  return std::make_shared<const LogIds>(LogIds{call.correlation_id, TraceId(call.traceparent)});
}

LogScope::LogScope(SharedLogIds ids) : outer_(std::exchange(OfThread(), std::move(ids))) {}

LogScope::~LogScope() {
  OfThread() = std::move(outer_);
}

const SharedLogIds& LogScope::Current() {
  return OfThread();
}

void CallLogger::Log(LogLevel level,
                     const std::string& message,
                     std::initializer_list<LogField> fields) {
  const LogScope scope(ids_);
  inner_.Log(level, message, fields);
}

}  // namespace dramatis
