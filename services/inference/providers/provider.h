// A provider of models. Asynchronous: no thread is held while an answer streams.
//
//   class Printer : public AnswerSink { ... };
//   const std::shared_ptr<ProviderCall> call =
//       provider.Start(question, std::make_shared<Printer>());
//   ...
//   call->Cancel();
//
// To add one: a file that implements Provider with its test, and a line in module.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dramatis/inference/v1/tasks.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/time/time.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/prompt/packing.h"
#include "services/inference/prompt/tokens.h"

namespace dramatis::inference {

// What a model is asked.
struct ModelRequest {
  ModelFacts model;
  std::shared_ptr<const PackedPrompt> prompt;
  prompt::v1::ModelParameters parameters;
  // The persona's name; may be empty.
  std::string persona_name = {};
  // When nobody waits any longer.
  absl::Time deadline = absl::InfiniteFuture();
  // Whose answer it is.
  std::string user_id = {};
  // Set where no reply is wanted but a task done, which the prompt describes for language models.
  std::shared_ptr<const v1::RunTaskRequest> task = nullptr;
};

// How an answer ended well.
struct AnswerEnd {
  // `stop`, `length`, `content_filter` or the provider's own word.
  std::string finish_reason;
  // Unset where the provider did not count.
  std::optional<TokenCounts> tokens;
};

// What a provider says of a failure.
struct Refusal {
  int status = 0;  // of HTTP, or as an event of a stream says it; 0 where none is known
  std::string code = {};
  std::string type = {};
  std::string param = {};  // the field that it is about
  std::string message = {};
  // Where it was asked, if that may be what is wrong.
  std::string url = {};
  bool operator==(const Refusal&) const = default;
};

// How a call failed.
struct ProviderFailure {
  enum class Kind {
    kTransient,     // connection, 408, 5xx, a cut answer: worth another try
    kTimeout,       // nothing came in time: worth another try
    kBusy,          // 429: it is well and asks for patience; worth another try
    kBroken,        // what came cannot be read
    kRejected,      // this request is refused and always will be
    kUnauthorized,  // our credentials are refused
    kSpent,         // our quota is spent: nothing but money helps
    kTooLarge,      // the prompt exceeds the model's window
  };
  Kind kind = Kind::kTransient;
  // For the log and the caller: without content and secrets.
  std::string message;
  // When the provider wants to be asked again.
  std::optional<absl::Duration> retry_after = std::nullopt;
  // For the log and admins only, printable.
  Refusal refusal = {};
};

// Takes an answer. Called by one thread at a time, not always the same; must not block, must not
// throw. Any number of OnText, then one OnEnd or OnFailure; after Cancel some may still come.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // More of the answer: UTF-8, whole code points, not empty.
  virtual void OnText(std::string_view text) = 0;
  virtual void OnEnd(const AnswerEnd& end) = 0;
  virtual void OnFailure(const ProviderFailure& failure) = 0;
};

// An answer under way. Thread-safe.
class ProviderCall {
 public:
  virtual ~ProviderCall() = default;
  // Stops it at once and lets go of the sink. Without effect after the end.
  virtual void Cancel() = 0;
};

// Thread-safe.
class Provider {
 public:
  virtual ~Provider() = default;
  // As in `provider/model`.
  virtual std::string name() const = 0;
  // What it is, for people.
  virtual std::string description() const = 0;
  // Its answers are retrieved from the prompt, not generated.
  virtual bool retrieval() const = 0;
  // The models that are offered, the default one first.
  virtual std::vector<ModelFacts> models() const = 0;
  // A model by its name without the provider's; nullopt if there is none.
  virtual std::optional<ModelFacts> FindModel(const std::string& model) const = 0;
  // Starts an answer. May compute a few milliseconds; `sink` may be called before it returns.
  virtual std::shared_ptr<ProviderCall> Start(const ModelRequest& model_request,
                                              std::shared_ptr<AnswerSink> sink) = 0;
};

}  // namespace dramatis::inference
