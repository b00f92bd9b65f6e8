// Identifiers (RFC 9562) as lower-case text of 36 characters. Thread-safe.
#pragma once

#include <array>
#include <string>

#include "absl/time/time.h"
#include "shared/time/clock.h"

namespace dramatis {

// A source of new ids, an interface so that tests can foresee them.
class IdSource {
 public:
  virtual ~IdSource() = default;
  // A new UUIDv7: sorts by the time it was made, to the millisecond.
  virtual std::string NewId() = 0;
};

// Time from the clock, the rest from the system's random numbers. Ids of one source never go back,
// even within a millisecond (RFC 9562, section 6.2, method 1).
class UuidV7Source : public IdSource {
 public:
  explicit UuidV7Source(const Clock& clock);
  ~UuidV7Source() override;
  std::string NewId() override;

 private:
  const Clock& clock_;
  absl::Mutex mutex_;
  // Random numbers for many ids at once: asking for them costs a system call.
  std::array<unsigned char, 1024> random_ ABSL_GUARDED_BY(mutex_);
  size_t random_used_ ABSL_GUARDED_BY(mutex_) = sizeof(random_);
  int64_t last_millis_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t counter_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Counts: `00000000-0000-7000-8000-000000000001`, ... For tests.
class CountingIdSource : public IdSource {
 public:
  std::string NewId() override;

 private:
  absl::Mutex mutex_;
  int next_ ABSL_GUARDED_BY(mutex_) = 1;
};

// UUIDv5 of `name` under our own namespace: the same text for the same name, for ever.
// Names of several parts are joined with '\n' by the caller.
std::string NameId(const std::string& name);

// Whether `text` is a UUID in its canonical lower-case form.
bool IsUuid(const std::string& text);

}  // namespace dramatis
