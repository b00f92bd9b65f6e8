// The use cases of what is taken from conversations: memories from what the user said, each with
// its source message, and their forgetting.
//
// Taken are the user's own words only, each message once. What the user is known for already is not
// taken again: not what inference was told is known, nor what says the same words as a memory of
// the same scope, as when a persona's recollection is repeated back to it. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "dramatis/memory/v1/remembering.pb.h"

#include "absl/status/statusor.h"
#include "services/memory/memories/task_lines.h"
#include "services/memory/model/memory_sync_store.h"
#include "services/memory/model/peers.h"
#include "services/memory/model/store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

// Whether one of `known` says the same as `content`, or more in the same words, or the same but for
// stop words before and after: in the same order, case, accents and punctuation aside. Pure.
bool IsKnown(const std::string& content, const std::vector<MemoryRow>& known);

struct ObservationOptions {
  // False: messages are passed over.
  bool extraction = true;
  // `provider/model`, or empty for the deployment's default.
  std::string model;
  // The most memories a user may have.
  int quota = 10'000;
};

class Observations {
 public:
  // References outlive the observations.
  Observations(RememberingStore& remembering,
               Store& store,
               InferencePeer& inference,
               const Clock& clock,
               IdSource& ids,
               ObservationOptions options)
      : remembering_(remembering),
        store_(store),
        inference_(inference),
        clock_(clock),
        ids_(ids),
        options_(std::move(options)) {}

  // Observes as many of the messages as one call to a model takes; the answer says how far it got.
  // Blocks for the model. CONFLICT where messages were forgotten meanwhile; inference's errors,
  // with nothing changed.
  absl::StatusOr<v1::ObserveResponse> Observe(const CallContext& call,
                                              const v1::ObserveRequest& request);
  absl::StatusOr<v1::ForgetMessagesResponse> Forget(const CallContext& call,
                                                    const v1::ForgetMessagesRequest& request);

 private:
  struct Findings {
    std::vector<MemoryRow> memories;
    int taken = 0;  // messages
  };
  absl::StatusOr<Findings> Extract(const CallContext& call,
                                   const v1::ObserveRequest& request,
                                   const ConversationMessages& messages);
  // What the user's memories of this scope say about what `text` speaks of.
  absl::StatusOr<std::vector<MemoryRow>> Related(const v1::ObserveRequest& request,
                                                 const std::string& text);

  RememberingStore& remembering_;
  Store& store_;
  InferencePeer& inference_;
  const Clock& clock_;
  IdSource& ids_;
  const ObservationOptions options_;
};

}  // namespace dramatis::memory
