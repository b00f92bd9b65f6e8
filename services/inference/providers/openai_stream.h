// Reads the answer of a server that speaks OpenAI's chat completions
// (https://platform.openai.com/docs/api-reference/chat-streaming): a stream of chunks, or one
// document where the server does not stream.
//
//   OpenAiStream stream;
//   stream.Feed(bytes, text);      // `text` has more of the answer
//   ... until stream.failure() or stream.done(), or the body ends:
//   stream.End(text);
//
// Servers differ, and send more than they document: what is known is picked, the rest is passed
// over. An answer fails for an error that is told, for an event that begins like a chunk and is not
// JSON, and for size; nothing else ends it. Once it is finished nothing takes it back: only usage
// and `[DONE]` are still read. Texts come out as valid UTF-8; a character cut between two chunks is
// joined. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "services/inference/prompt/tokens.h"
#include "services/inference/providers/provider.h"
#include "services/inference/transport/sse_parser.h"
#include "services/inference/transport/text_joiner.h"

namespace dramatis::inference {

class OpenAiStream {
 public:
  // Reads more of the body and appends to `text` what it says. After the end or a failure nothing
  // is read.
  void Feed(std::string_view bytes, std::string& text);
  // The body is whole.
  void End(std::string& text);

  // A finish reason or `[DONE]` has come: whatever follows, the answer stands.
  bool finished() const { return finished_; }
  // Nothing more is expected.
  bool done() const { return done_; }
  // How the answer failed. Its refusal is as it came.
  const std::optional<ProviderFailure>& failure() const { return failure_; }
  // Once finished.
  AnswerEnd end() const;

 private:
  enum class Shape { kUnknown, kEvents, kDocument };

  void CheckSize();
  void FeedEvents(std::string_view bytes, std::string& text);
  bool OnEvent(std::string_view data, std::string& text);
  void ReadChunk(const boost::json::object& chunk, std::string& text);
  void ReadChoice(const boost::json::object& choice, std::string& text);
  void ReadMessage(const boost::json::object& message, std::string& text);
  void Finish(std::string& text);
  void Fail(ProviderFailure::Kind kind, const char* message, Refusal refusal = {});

  Shape shape_ = Shape::kUnknown;
  SseParser parser_;
  std::string document_;
  TextJoiner joiner_;
  bool spoke_ = false;
  bool finished_ = false;
  bool done_ = false;
  std::string finish_reason_;
  std::optional<TokenCounts> tokens_;
  std::optional<ProviderFailure> failure_;
};

}  // namespace dramatis::inference
