#include "services/conversation/openai/completion_answers.h"

#include <utility>

#include "services/conversation/openai/answers.h"
#include "shared/call/answer_headers.h"

namespace dramatis::conversation {

absl::StatusOr<Completion> CompletionAnswers::Start(const CallContext& call,
                                                    const absl::StatusOr<Asked>& asked) {
  if (!asked.ok()) return asked.status();
  return Marked(call, completions_.Start(call, *asked));
}

void CompletionAnswers::CreateChat(const CallContext& call,
                                   const openai::v1::ChatCompletionRequest& asked,
                                   Done<openai::v1::ChatCompletion> done) {
  absl::StatusOr<Completion> completion = Start(call, ReadChat(asked, session_headers_));
  if (!completion.ok()) return done(std::move(completion).status());
  WhenEnded(completion->turn, background_, [completion = *completion, done = std::move(done)] {
    done(ToChatCompletion(completion));
  });
}

CompletionAnswers::Opened<openai::v1::ChatCompletionChunk> CompletionAnswers::StreamChat(
    const CallContext& call, const openai::v1::ChatCompletionRequest& asked) {
  absl::StatusOr<Completion> completion = Start(call, ReadChat(asked, session_headers_));
  if (!completion.ok()) return std::move(completion).status();
  return std::make_unique<ChatChunks>(*std::move(completion),
                                      asked.stream_options().include_usage());
}

void CompletionAnswers::CreateResponse(const CallContext& call,
                                       const openai::v1::ResponseRequest& asked,
                                       Done<openai::v1::Response> done) {
  absl::StatusOr<Completion> completion = Start(call, ReadResponse(asked, session_headers_));
  if (!completion.ok()) return done(std::move(completion).status());
  WhenEnded(completion->turn, background_,
            [completion = *completion, asked, done = std::move(done)] {
              done(ToResponse(completion, asked));
            });
}

CompletionAnswers::Opened<openai::v1::ResponseEvent> CompletionAnswers::StreamResponse(
    const CallContext& call, const openai::v1::ResponseRequest& asked) {
  absl::StatusOr<Completion> completion = Start(call, ReadResponse(asked, session_headers_));
  if (!completion.ok()) return std::move(completion).status();
  return std::make_unique<ResponseEvents>(*std::move(completion), asked);
}

}  // namespace dramatis::conversation
