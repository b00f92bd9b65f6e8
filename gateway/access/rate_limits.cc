#include "gateway/access/rate_limits.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

int64_t WholeSeconds(absl::Duration duration) {
  return absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)));
}

absl::Status LimitedError(const std::string& message, absl::Duration wait) {
  return WithRetryAfter(
      Error(absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_RATE_LIMITED, message),
      std::max(wait, absl::Milliseconds(1)));
}

absl::Status AddressLimitedError(absl::Duration wait) {
  // Made once but for its time: a crowd gets it.
  static const auto& error = *new absl::Status(
      Error(absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_RATE_LIMITED,
            "more requests without valid credentials than one address may make"));
  return WithRetryAfter(error, std::max(wait, absl::Milliseconds(1)));
}

// Lists of Structured Fields (RFC 9651).
void AppendPolicy(const char* name, const RateState& state, std::string& policy, std::string& now) {
  const char* const comma = policy.empty() ? "" : ", ";
  absl::StrAppend(&policy, comma, "\"", name, "\";q=", state.quota,
                  ";w=", WholeSeconds(state.window));
  absl::StrAppend(&now, comma, "\"", name, "\";r=", state.remaining, ";t=",
                  WholeSeconds(state.wait > absl::ZeroDuration() ? state.wait : state.reset));
}

}  // namespace

absl::Status TooManyStreamsError() {
  return LimitedError("you have as many streams open as one user may have", absl::Seconds(1));
}

std::string AddressSubject(std::string_view address) {
  const std::string text(address);
  std::array<unsigned char, 16> bytes{};
  constexpr size_t kNetworkBytes = 8;
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  // An IPv4 address as IPv6 stands for itself (RFC 4291, section 2.5.5.2).
  if (std::all_of(bytes.begin(), bytes.begin() + 10,
                  [](unsigned char byte) { return byte == 0; })) {
    return text;
  }
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), kNetworkBytes));
}

RateLimits::RateLimits(const RateLimitSettings& settings)
    : replicas_(settings.replicas),
      most_streams_(
          settings.user_streams == 0 ? 0 : std::max(1, settings.user_streams / settings.replicas)),
      deployment_(settings.deployment.Share(settings.replicas)),
      users_(settings.user.Share(settings.replicas)),
      keys_(Rate{}),
      addresses_(settings.address.Share(settings.replicas)) {}

RateVerdict RateLimits::Take(const Identity& caller, absl::Time now) {
  RateVerdict verdict;
  std::string policy;
  std::string state;
  const auto take = [&](const char* name, const RateState& taken, const char* who) {
    AppendPolicy(name, taken, policy, state);
    if (taken.wait == absl::ZeroDuration() || !verdict.status.ok()) return;
    verdict.status =
        LimitedError(absl::StrCat("more requests than ", who, " may make"), taken.wait);
  };
  if (users_.rate().limits()) take("user", users_.Take(caller.user_id, now), "one user");
  if (caller.key != nullptr && caller.key->requests_per_minute.value_or(0) > 0 &&
      verdict.status.ok()) {
    const Rate rate = Rate{*caller.key->requests_per_minute, absl::Minutes(1)}.Share(replicas_);
    take("key", keys_.Take(caller.key->id, now, rate), "this key");
  }
  // What is refused above is none of the deployment's.
  if (deployment_.rate().limits() && verdict.status.ok()) {
    take("deployment", deployment_.Take("", now), "all together");
  }
  if (!policy.empty()) {
    verdict.headers = absl::StrCat("RateLimit-Policy: ", policy, "\r\nRateLimit: ", state, "\r\n");
  }
  return verdict;
}

absl::Status RateLimits::TakeAddress(std::string_view address, absl::Time now) {
  if (!addresses_.rate().limits()) return absl::OkStatus();
  const RateState state = addresses_.Take(AddressSubject(address), now);
  if (state.wait == absl::ZeroDuration()) return absl::OkStatus();
  return AddressLimitedError(state.wait);
}

absl::Status RateLimits::LookAddress(std::string_view address, absl::Time now) const {
  if (!addresses_.rate().limits()) return absl::OkStatus();
  const RateState state = addresses_.Look(AddressSubject(address), now);
  if (state.wait == absl::ZeroDuration()) return absl::OkStatus();
  return AddressLimitedError(state.wait);
}

std::unique_ptr<RateLimits::StreamPlace> RateLimits::OpenStream(const Identity& caller) {
  const absl::MutexLock lock(&mutex_);
  int& open = streams_[caller.user_id];
  if (most_streams_ > 0 && open >= most_streams_) return nullptr;
  ++open;
  return std::make_unique<StreamPlace>(*this, caller.user_id);
}

void RateLimits::EndStream(const std::string& user) {
  const absl::MutexLock lock(&mutex_);
  const auto open = streams_.find(user);
  if (--open->second == 0) streams_.erase(open);
}

}  // namespace dramatis::gateway
