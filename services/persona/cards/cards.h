// Importing and exporting personas as character cards. Thread-safe.
#pragma once

#include "dramatis/persona/v1/cards.pb.h"
#include "google/api/httpbody.pb.h"

#include "absl/status/statusor.h"
#include "services/persona/model/store.h"
#include "services/persona/pictures/pictures.h"
#include "services/persona/sources/config.h"
#include "services/persona/sources/source_follower.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class Cards {
 public:
  // References outlive the object.
  Cards(const Config& config,
        Store& store,
        SourceFollower& follower,
        const Pictures& pictures,
        const Clock& clock,
        IdSource& ids)
      : config_(config),
        store_(store),
        follower_(follower),
        pictures_(pictures),
        clock_(clock),
        ids_(ids) {}

  absl::StatusOr<v1::ImportPersonaResponse> Import(const CallContext& call,
                                                   const v1::ImportPersonaRequest& request);
  absl::StatusOr<google::api::HttpBody> Export(const CallContext& call,
                                               const v1::ExportPersonaRequest& request);

 private:
  const Config config_;
  Store& store_;
  SourceFollower& follower_;
  const Pictures& pictures_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace dramatis::persona
