// Reads the answer of a model's server as it comes: a stream of events, each a JSON object, or one
// document where the server does not stream. What the objects mean, each API says itself.
//
//   std::unique_ptr<AnswerStream> stream = format.MakeStream();
//   stream->Feed(bytes, text);      // `text` has more of the answer
//   ... until stream->failure() or stream->done(), or the body ends:
//   stream->End(text);
//
// Servers differ, and send more than they document: what is known is picked, the rest is passed
// over. An answer fails for an error that is told, for an event that begins like an object and is
// not JSON, and for size; nothing else ends it. Once it is finished nothing takes it back: only
// usage and the end mark are still read. Texts come out as valid UTF-8; a character cut between two
// events is joined. Not thread-safe.
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

class AnswerStream {
 public:
  virtual ~AnswerStream() = default;

  // Reads more of the body and appends to `text` what it says. After the end or a failure nothing
  // is read.
  void Feed(std::string_view bytes, std::string& text);
  // The body is whole.
  void End(std::string& text);

  // A finish reason or an end mark has come: whatever follows, the answer stands.
  bool finished() const { return finished_; }
  // Nothing more is expected.
  bool done() const { return done_; }
  // How the answer failed. Its refusal is as it came.
  const std::optional<ProviderFailure>& failure() const { return failure_; }
  // Once finished.
  AnswerEnd end() const;
  // What the provider has counted so far; nullopt where it has not.
  const std::optional<TokenCounts>& tokens() const { return tokens_; }

 protected:
  // One object of the stream, or the whole answer as one. Also called once finished.
  virtual void ReadObject(const boost::json::object& object, std::string& text) = 0;

  // More of the answer, WTF-8.
  void Say(std::string_view piece, std::string& text);
  bool spoke() const { return spoke_; }
  // The answer is there, and why it ends; an empty reason leaves the one that was set.
  void Finish(std::string reason, std::string& text);
  // Nothing more will come.
  void Done() { done_ = true; }
  void Count(const TokenCounts& tokens) { tokens_ = tokens; }
  void Fail(ProviderFailure::Kind kind, const char* message, Refusal refusal = {});

 private:
  enum class Shape { kUnknown, kEvents, kDocument };

  void CheckSize();
  void FeedEvents(std::string_view bytes, std::string& text);
  bool OnEvent(std::string_view data, std::string& text);

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

// What APIs' readers share: pieces of objects that may be anything.
const boost::json::object* ObjectAt(const boost::json::object& object, std::string_view key);
// Empty where there is no text.
std::string_view TextIn(const boost::json::object& object, std::string_view key);
// A number that can be a count; nullopt, or 0, where there is none.
std::optional<int> FindCount(const boost::json::object& object, std::string_view key);
int CountAt(const boost::json::object& object, std::string_view key);
// A finish reason that may go to clients: `stop` where `reason` is no single word.
std::string FinishWord(std::string_view reason);

}  // namespace dramatis::inference
