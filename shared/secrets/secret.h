// A secret that is read again and again, so that it is rotated without a restart.
//
//   Secret key("sk-1", [] { return ReadIt(); }, clock, executor);
//   headers.push_back("Authorization: Bearer " + key.Get());
//   ... 401 ...
//   key.Refetch([] { ... once more ... });
//
// What was read is used for 300 s, and read anew in the background from 240 s on. Where that fails,
// the last good value is used for an hour. Copies are the same secret. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/executor/executor.h"
#include "shared/time/clock.h"

namespace dramatis::secrets {

inline constexpr absl::Duration kSecretTtl = absl::Seconds(300);
inline constexpr absl::Duration kSecretRefresh = absl::Seconds(240);  // 80 %
inline constexpr absl::Duration kSecretStale = absl::Hours(1);

class Secret {
 public:
  // May block.
  using Source = std::function<absl::StatusOr<std::string>()>;

  // One that stays as it is.
  explicit Secret(std::string value);
  // `value` has just been read. References outlive it and what the executor runs.
  Secret(std::string value, Source source, const Clock& clock, Executor& executor);

  // Never blocks. Empty where there is none, or it could not be read for an hour.
  std::string Get();
  // Reads it anew, and calls `done`, on the executor's thread, when that has ended, well or not.
  // False, and it is not called, where the executor has stopped. One that stays as it is calls it
  // at once.
  bool Refetch(std::function<void()> done);
  // In the background, where that is due: for who sees to it that it happens also while nobody
  // asks.
  void RefreshIfDue();

 private:
  struct State;
  static bool Fetch(const std::shared_ptr<State>& state, std::function<void()> done);
  std::shared_ptr<State> state_;
};

}  // namespace dramatis::secrets
