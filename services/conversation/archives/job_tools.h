// What everybody who works on imports and exports needs.
#pragma once

#include <functional>
#include <string>

#include "services/conversation/archives/job_store.h"
#include "services/conversation/archives/user_data.h"
#include "services/conversation/model/peers.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/objects/objects.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

// Most bytes of a file that is imported.
inline constexpr int64_t kMostImportBytes = int64_t{200} << 20;
// Most that is told of what an import left out.
inline constexpr int kMostLeftOut = 200;
// How long an archive can be had.
inline constexpr absl::Duration kKeepArchive = absl::Hours(24 * 7);

// References outlive whoever has them.
struct JobTools {
  JobStore& store;
  objects::Objects& objects;
  PersonaPeer& personas;
  UserDataPeer& neighbours;
  const Clock& clock;
  const Clock& leases;  // of leases: shared/sql/lease_clock.h
  IdSource& ids;
  Logger& logger;
  const std::string folder;  // for files that are worked on
  // Has the user's messages that are in transcripts only in the database: before an export.
  const std::function<absl::Status(const std::string& user_id)> bring_back = {};
};

}  // namespace dramatis::conversation
