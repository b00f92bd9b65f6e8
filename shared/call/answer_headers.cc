#include "shared/call/answer_headers.h"

#include "absl/strings/ascii.h"

namespace dramatis {

void AnswerHeaders::Add(const std::string& name, const std::string& value) {
  // gRPC ends the process where a value is none that HTTP/2 can carry.
  if (!IsPrintableAscii(value)) return;
  const absl::MutexLock lock(&mutex_);
  if (!taken_) headers_.emplace_back(absl::AsciiStrToLower(name), value);
}

HeaderList AnswerHeaders::Take() {
  const absl::MutexLock lock(&mutex_);
  taken_ = true;
  return std::move(headers_);
}

void MarkReplayed(const CallContext& call) {
  if (call.send_header) call.send_header("idempotency-replayed", "true");
}

}  // namespace dramatis
