// What is answered to requests in OpenAI's shape: whole when the answer has ended, or chunk by
// chunk. Holds no thread while the model speaks. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "dramatis/openai/v1/openai.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/openai/asked.h"
#include "services/conversation/openai/completions.h"
#include "shared/call/call.h"
#include "shared/call/event_source.h"
#include "shared/executor/executor.h"

namespace dramatis::conversation {

class CompletionAnswers {
 public:
  // `session_headers`: see ReadChat. Whole answers are finished on `background`. References outlive
  // it and every answer.
  CompletionAnswers(Completions& completions, bool session_headers, Executor& background)
      : completions_(completions), session_headers_(session_headers), background_(background) {}

  template <class Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;
  template <class Event>
  using Opened = absl::StatusOr<std::unique_ptr<EventSource<Event>>>;

  void CreateChat(const CallContext& call,
                  const openai::v1::ChatCompletionRequest& asked,
                  Done<openai::v1::ChatCompletion> done);
  Opened<openai::v1::ChatCompletionChunk> StreamChat(
      const CallContext& call, const openai::v1::ChatCompletionRequest& asked);

  void CreateResponse(const CallContext& call,
                      const openai::v1::ResponseRequest& asked,
                      Done<openai::v1::Response> done);
  Opened<openai::v1::ResponseEvent> StreamResponse(const CallContext& call,
                                                   const openai::v1::ResponseRequest& asked);

 private:
  // Begins the answer that was asked for, and says where it is a replay.
  absl::StatusOr<Completion> Start(const CallContext& call, const absl::StatusOr<Asked>& asked);

  Completions& completions_;
  const bool session_headers_;
  Executor& background_;
};

}  // namespace dramatis::conversation
