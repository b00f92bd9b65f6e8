#include "gateway/routing/openai_error.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/text.h"

namespace dramatis::gateway {
namespace {

// The reasons that OpenAI has a word of its own for.
constexpr std::pair<const char*, const char*> kCodes[] = {
    {"UNAUTHENTICATED", "invalid_api_key"},
    {"RATE_LIMITED", "rate_limit_exceeded"},
    {"BUDGET_EXCEEDED", "insufficient_quota"},
    {"CONTEXT_TOO_LARGE", "context_length_exceeded"},
};

std::string CodeOf(const std::string& reason) {
  for (const auto& [known, code] : kCodes) {
    if (reason == known) return code;
  }
  return absl::AsciiStrToLower(reason);
}

const char* TypeOf(const OpenAiError& error) {
  if (error.reason == "BUDGET_EXCEEDED") return "insufficient_quota";
  if (error.status == 403) return "permission_error";
  if (error.status == 429) return "rate_limit_error";
  return error.status >= 500 ? "server_error" : "invalid_request_error";
}

}  // namespace

std::string OpenAiErrorJson(const OpenAiError& error) {
  std::string out = "{\"message\":";
  AppendJsonString(out, error.message);
  absl::StrAppend(&out, R"(,"type":")", TypeOf(error), R"(","param":)");
  if (error.param.empty()) {
    out += "null";
  } else {
    AppendJsonString(out, error.param);
  }
  out += ",\"code\":";
  AppendJsonString(out, CodeOf(error.reason));
  out += '}';
  return out;
}

bool WaitingHelps(const std::string& reason, int status) {
  // What conflicts with the state of things still does so in a second, but for a turn that runs.
  if (status == 409) return reason == "CONFLICT" || reason == "TURN_IN_PROGRESS";
  return reason != "BUDGET_EXCEEDED" && status != 501;
}

}  // namespace dramatis::gateway
