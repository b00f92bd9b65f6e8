// Carries pictures out of the database, where the deployment names a place for objects, and deletes
// objects that nothing refers to any more. An object is there before its row says so, and goes
// after no row does: whichever step a process dies in, no picture is lost, and what is left over is
// found. Thread-safe; several replicas may do it at the same time.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/persona/model/picture_store.h"
#include "services/persona/pictures/pictures.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class Carrying {
 public:
  // References outlive it.
  Carrying(PictureStore& store,
           const Pictures& pictures,
           const Clock& clock,
           IdSource& ids,
           Logger& logger)
      : store_(store), pictures_(pictures), clock_(clock), ids_(ids), logger_(logger) {}

  // Carries all pictures that are in rows and deletes what was dropped, or less once `ending` says
  // so. UNAVAILABLE where the place cannot be reached, or where objects are to be deleted and no
  // place is named.
  absl::Status Run(const std::function<bool()>& ending = [] { return false; });
  // Deletes objects older than kPictureOrphanAge that no row refers to: a process died between the
  // two.
  absl::Status DeleteOrphans(const std::function<bool()>& ending = [] { return false; });

 private:
  absl::Status Carry(PictureKind kind, const std::function<bool()>& ending);
  absl::Status DeleteDropped(const std::function<bool()>& ending);
  absl::Status DeleteIfOrphan(const objects::ObjectInfo& listed);

  PictureStore& store_;
  const Pictures& pictures_;
  const Clock& clock_;
  IdSource& ids_;
  Logger& logger_;
};

inline constexpr absl::Duration kPictureOrphanAge = absl::Hours(24);

}  // namespace dramatis::persona
