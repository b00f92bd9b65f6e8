// Answers to requests in OpenAI's shape. In a session the newest line is said there, and the answer
// is a turn like any other; else the persona answers the request's own history, and nothing is
// kept. Thread-safe; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/openai/asked.h"
#include "services/conversation/openai/embeddings.h"
#include "services/conversation/openai/models.h"
#include "services/conversation/sessions/chat.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// An answer under way.
struct Completion {
  std::string id;     // a UUID; in a session the turn's
  std::string model;  // as it was asked for
  uint32_t created = 0;
  // Its text as it grows, and how it ends.
  std::shared_ptr<LiveTurn> turn;
  // Stops the model, since nobody waits for the answer; null in a session, whose turn goes on.
  std::function<void()> stop;
};

class Completions {
 public:
  Completions(const TurnTools& tools, Chat& chat)
      : tools_(tools), models_(tools), embeddings_(tools), chat_(chat) {}

  OpenAiModels& models() { return models_; }
  OpenAiEmbeddings& embeddings() { return embeddings_; }

  // Begins an answer. Errors: see OpenAiService.CreateChatCompletion.
  absl::StatusOr<Idempotent<Completion>> Start(const CallContext& call, const Asked& asked);

 private:
  absl::StatusOr<Idempotent<Completion>> StartInSession(const CallContext& call,
                                                        const Asked& asked,
                                                        const Answerer& answerer);
  absl::StatusOr<dramatis::inference::v1::StreamGenerateRequest> Prompt(const CallContext& call,
                                                                        const Asked& asked,
                                                                        const Answerer& answerer,
                                                                        const std::string& id);

  const TurnTools tools_;
  OpenAiModels models_;
  OpenAiEmbeddings embeddings_;
  Chat& chat_;
};

}  // namespace dramatis::conversation
