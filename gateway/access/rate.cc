#include "gateway/access/rate.h"

#include <algorithm>
#include <functional>

#include "absl/strings/numbers.h"

namespace dramatis::gateway {
namespace {

constexpr int64_t kMostQuota = 1'000'000'000;

int64_t Nanos(const Rate& rate) {
  return absl::ToInt64Nanoseconds(rate.window);
}

}  // namespace

Rate Rate::Share(int replicas) const {
  if (!limits()) return *this;
  return {std::max<int64_t>(1, quota / replicas), window};
}

std::optional<Rate> Rate::Parse(std::string_view text) {
  if (text == "off") return Rate{};
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash + 2 != text.size()) return std::nullopt;
  Rate rate;
  const std::string digits(text.substr(0, slash));
  if (!absl::SimpleAtoi(digits, &rate.quota) || rate.quota < 1 || rate.quota > kMostQuota) {
    return std::nullopt;
  }
  switch (text.back()) {
    case 's':
      rate.window = absl::Seconds(1);
      return rate;
    case 'm':
      rate.window = absl::Minutes(1);
      return rate;
    case 'h':
      rate.window = absl::Hours(1);
      return rate;
    default:
      return std::nullopt;
  }
}

RateState RateTable::StateOf(const Rate& rate, int64_t full, int64_t now) {
  const int64_t missing = std::max<int64_t>(0, full - now);
  const int64_t interval = std::max<int64_t>(1, Nanos(rate) / rate.quota);
  const int64_t left = std::max<int64_t>(0, Nanos(rate) - missing) / interval;
  return {rate.quota, rate.window, std::min(left, rate.quota), absl::Nanoseconds(missing),
          absl::ZeroDuration()};
}

const RateTable::Shard& RateTable::ShardOf(std::string_view subject) const {
  return shards_[std::hash<std::string_view>()(subject) % kShards];
}

RateState RateTable::Take(std::string_view subject, absl::Time time, const Rate& rate) {
  auto& shard = const_cast<Shard&>(ShardOf(subject));
  const int64_t now = absl::ToUnixNanos(time);
  const int64_t interval = std::max<int64_t>(1, Nanos(rate) / rate.quota);
  const absl::MutexLock lock(&shard.mutex);
  if (shard.full.size() >= shard.sweep) {
    absl::erase_if(shard.full, [now](const auto& entry) { return entry.second <= now; });
    shard.sweep = std::max<size_t>(1024, 2 * shard.full.size());
  }
  int64_t& full = shard.full[std::string(subject)];
  const int64_t next = std::max(full, now) + interval;
  if (next - now <= Nanos(rate)) {
    full = next;
    return StateOf(rate, full, now);
  }
  RateState state = StateOf(rate, full, now);
  state.remaining = 0;
  state.wait = absl::Nanoseconds(next - now - Nanos(rate));
  return state;
}

RateState RateTable::Look(std::string_view subject, absl::Time time) const {
  const Shard& shard = ShardOf(subject);
  const int64_t now = absl::ToUnixNanos(time);
  const int64_t interval = std::max<int64_t>(1, Nanos(rate_) / rate_.quota);
  const absl::MutexLock lock(&shard.mutex);
  const auto found = shard.full.find(absl::string_view(subject.data(), subject.size()));
  const int64_t full = found == shard.full.end() ? now : std::max(found->second, now);
  RateState state = StateOf(rate_, full, now);
  state.wait = absl::Nanoseconds(std::max<int64_t>(0, full + interval - now - Nanos(rate_)));
  return state;
}

size_t RateTable::size() const {
  size_t size = 0;
  for (const Shard& shard : shards_) {
    const absl::MutexLock lock(&shard.mutex);
    size += shard.full.size();
  }
  return size;
}

}  // namespace dramatis::gateway
