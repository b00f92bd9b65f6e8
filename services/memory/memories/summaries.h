// The use cases of rolling summaries: each stands for an exact range of a conversation's messages,
// from its first one on, and is made of the one before it and the messages since. Messages stay
// where they are; without a summary a prompt is cut plainly. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "dramatis/memory/v1/memory.pb.h"
#include "dramatis/memory/v1/remembering.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/memory/model/memory_sync_store.h"
#include "services/memory/model/peers.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

struct SummaryOptions {
  // False: none is made.
  bool enabled = true;
  // `provider/model`, or empty for the deployment's default.
  std::string model;
};

class Summaries {
 public:
  // References outlive the summaries.
  Summaries(RememberingStore& remembering,
            InferencePeer& inference,
            const Clock& clock,
            IdSource& ids,
            SummaryOptions options)
      : remembering_(remembering),
        inference_(inference),
        clock_(clock),
        ids_(ids),
        options_(std::move(options)) {}

  // Extends the summary by as many of the messages as one call to a model takes; the answer says
  // how far it goes now. Blocks for the model. SUMMARIES_OFF; CONFLICT where messages were
  // forgotten meanwhile; inference's errors, with nothing changed.
  absl::StatusOr<v1::SummarizeResponse> Summarize(const CallContext& call,
                                                  const v1::SummarizeRequest& request);

  // What `recall` gives, and the newest summaries of the request's conversation after it, where one
  // is named, the newest first. They have their bytes first: `recall` is asked for what fits the
  // rest.
  using Recalling = std::function<absl::StatusOr<v1::RecallResponse>(const v1::RecallRequest&)>;
  absl::StatusOr<v1::RecallResponse> WithSummaries(const v1::RecallRequest& request,
                                                   const Recalling& recall);

 private:
  RememberingStore& remembering_;
  InferencePeer& inference_;
  const Clock& clock_;
  IdSource& ids_;
  const SummaryOptions options_;
};

}  // namespace dramatis::memory
