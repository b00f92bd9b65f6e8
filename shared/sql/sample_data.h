// The sample data of a service: what `POST /api/admin/seed-database` writes. All services tell one
// story, so what one of them names of another has an id made from its name.
//
//   // services/<name>/sql/sample.h
//   const sql::SampleData& Sample();
//
//   SampleId("persona", "nell")   // the same in every service and deployment
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/ids/ids.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis::sql {

enum class SampleState {
  kEmpty,     // nobody has written anything: the sample data may be
  kSeeded,    // they have been
  kOccupied,  // somebody else's rows are there
};

struct SampleData {
  // Neither is set for a service without sample data.
  absl::StatusOr<SampleState> (*state)(Transaction& tx) = nullptr;
  // Writes everything as of `now`: how many rows of which kind. The store is empty.
  absl::StatusOr<std::map<std::string, int>> (*write)(Transaction& tx, absl::Time now) = nullptr;
};

// Whether any table but that of idempotency keys holds a row.
absl::StatusOr<bool> HoldsRows(Transaction& tx);

// Time as the story has it.
class SampleClock : public Clock {
 public:
  explicit SampleClock(absl::Time now) : now_(now) {}
  void Set(absl::Time now) { now_ = now; }
  absl::Time Now() const override { return now_; }

 private:
  absl::Time now_;
};

// The ids `SampleId(kind, "1")`, `SampleId(kind, "2")`, ...
class SampleIds : public IdSource {
 public:
  explicit SampleIds(std::string kind) : kind_(std::move(kind)) {}
  std::string NewId() override;

 private:
  const std::string kind_;
  int last_ = 0;
};

// The id of the sample's `kind` that is called `name`: a UUIDv5.
std::string SampleId(const std::string& kind, const std::string& name);

}  // namespace dramatis::sql
