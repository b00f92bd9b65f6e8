#include "gateway/calls/refusal_records.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared/call/authenticator.h"
#include "shared/log/audit.h"

namespace dramatis::gateway {

RefusalRecords::~RefusalRecords() {
  Left left;
  {
    const absl::MutexLock lock(&mutex_);
    left = Begin(std::numeric_limits<int64_t>::max());
  }
  Write(left);
}

bool RefusalRecords::Take(std::string_view name, bool sign_in) {
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  Left left;
  bool whole = true;
  {
    const absl::MutexLock lock(&mutex_);
    left = Begin(now);
    Kind& kind = Find(name, sign_in);
    if (sign_in) kind.counted(1);
    // Whoever brings no credentials may be one who needs none.
    if (!sign_in || name != kNoCredentials) whole = ++kind.seen <= kMost;
    if (!whole) left_out_ = true;
  }
  Write(left);
  return whole;
}

void RefusalRecords::Tell() {
  if (!left_out_) return;
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  Left left;
  {
    const absl::MutexLock lock(&mutex_);
    left = Begin(now);
  }
  Write(left);
}

RefusalRecords::Kind& RefusalRecords::Find(std::string_view name, bool sign_in) {
  const auto found = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& kind) {
    return kind.name == name && kind.sign_in == sign_in;
  });
  if (found != kinds_.end()) return *found;
  return kinds_.emplace_back(Kind{std::string(name), sign_in,
                                  sign_in ? RefusedSignInsOf(metrics_, name) : Metrics::Series()});
}

RefusalRecords::Left RefusalRecords::Begin(int64_t second) {
  Left left{.second = second_, .kinds = {}};
  if (second == second_) return left;
  if (left_out_.exchange(false)) {
    std::copy_if(kinds_.begin(), kinds_.end(), std::back_inserter(left.kinds),
                 [](const Kind& kind) { return kind.seen > kMost; });
  }
  for (Kind& kind : kinds_)
    kind.seen = 0;
  second_ = second;
  return left;
}

void RefusalRecords::Write(const Left& left) const {
  for (const Kind& kind : left.kinds) {
    const LogLevel level = kind.sign_in ? LogLevel::kAudit : LogLevel::kInfo;
    if (!logger_.Enabled(level)) continue;
    logger_.Log(
        level, kind.sign_in ? "sign-ins refused" : "requests refused",
        {{kind.sign_in ? "reason" : "code", kind.name},
         {"count", kind.seen - kMost},
         {"second", absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", absl::FromUnixSeconds(left.second),
                                     absl::UTCTimeZone())}});
  }
}

}  // namespace dramatis::gateway
