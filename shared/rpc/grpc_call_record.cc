#include "shared/rpc/grpc_call_record.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "shared/rpc/status_conversion.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr char kCorrelationId[] = "x-correlation-id";
constexpr size_t kMaxIdempotencyKeyBytes = 128;

std::string ToString(const grpc::string_ref& text) {
  return {text.data(), text.size()};
}

bool IsPrintableAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

bool IsIdempotencyKey(const std::string& key) {
  return !key.empty() && key.size() <= kMaxIdempotencyKeyBytes && IsPrintableAscii(key);
}

// `00-<32 hex>-<16 hex>-<2 hex>`; https://www.w3.org/TR/trace-context/#traceparent-header.
bool IsTraceparent(const std::string& text) {
  if (text.size() < 55) return false;
  for (size_t i = 0; i < 55; ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace

void AnswerHeaders::Add(const std::string& name, const std::string& value) {
  std::string key = name;
  std::transform(key.begin(), key.end(), key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  // gRPC ends the process where a value is none that HTTP/2 can carry.
  if (!IsPrintableAscii(value)) return;
  const absl::MutexLock lock(&mutex_);
  if (!taken_) headers_.emplace_back(std::move(key), value);
}

std::vector<std::pair<std::string, std::string>> AnswerHeaders::Take() {
  const absl::MutexLock lock(&mutex_);
  taken_ = true;
  return std::move(headers_);
}

GrpcCallRecord::GrpcCallRecord(CallParts& parts,
                               const MethodFacts& method,
                               grpc::CallbackServerContext& context)
    : CallRecord(parts, method, {}),
      context_(context),
      headers_(std::make_shared<AnswerHeaders>()) {
  call_.send_header = [headers = headers_](const std::string& name, const std::string& value) {
    headers->Add(name, value);
  };
}

void GrpcCallRecord::ReadMetadata(std::vector<std::string>& authorizations) {
  for (const auto& [key, value] : context_.client_metadata()) {
    const std::string_view name(key.data(), key.size());
    if (name == "authorization") {
      authorizations.push_back(ToString(value));
    } else if (name == kCorrelationId) {
      call_.correlation_id = ToString(value);
    } else if (name == "traceparent") {
      call_.traceparent = ToString(value);
    } else if (name == "idempotency-key") {
      call_.idempotency_key = ToString(value);
      bad_idempotency_key_ = !IsIdempotencyKey(call_.idempotency_key);
    } else if (name == "if-match") {
      // Several are one list (RFC 9110, section 5.3).
      absl::StrAppend(&call_.if_match, call_.if_match.empty() ? "" : ", ", ToString(value));
    }
  }
  if (!IsCorrelationId(call_.correlation_id)) call_.correlation_id = parts_.ids.NewId();
  if (!IsTraceparent(call_.traceparent)) call_.traceparent.clear();
  // In the adapter's time, so that a use case compares it with its own clock.
  const auto deadline = context_.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    call_.deadline = parts_.clock.Now() + (absl::FromChrono(deadline) - absl::Now());
  }
}

absl::Status GrpcCallRecord::Admit() {
  std::vector<std::string> authorizations;
  ReadMetadata(authorizations);
  absl::StatusOr<Identity> identity = ParseAuthorizations(authorizations);
  if (!identity.ok()) return std::move(identity).status();
  call_.identity = *std::move(identity);
  if (absl::Status access = CallRecord::Admit(); !access.ok()) return access;
  if (bad_idempotency_key_) {
    return FieldErrors({{"Idempotency-Key", "must be 1 to 128 printable ASCII characters"}});
  }
  return absl::OkStatus();
}

absl::Status GrpcCallRecord::CheckRequest(const google::protobuf::Message& request) const {
  return context_.IsCancelled() ? CancelledError() : CallRecord::CheckRequest(request);
}

void GrpcCallRecord::SealHeaders() {
  for (auto& [name, value] : headers_->Take())
    context_.AddInitialMetadata(name, value);
  context_.AddInitialMetadata(kCorrelationId, call_.correlation_id);
}

grpc::Status GrpcCallRecord::End(const absl::Status& status) const {
  CallRecord::End(status);
  return ToGrpc(status);
}

}  // namespace dramatis
