// What the provider double does with the next requests, as JSON told it.
//
//   {"tokens": ["Hel", "lo"], "token_delay_ms": 20, "finish_reason": "length", "repeat": 3}
//
// A step says how one request is answered:
//
//   tokens             the answer in pieces. Besides texts: {"raw": "data: {oops\n\n"} is written
//   as it
//                      is (a malformed line, a comment), {"base64": "/w=="} too, with bytes that no
//                      JSON can say, {"delay_ms": 500} pauses, {"hang": true}
//                      never goes on, {"cut": true} closes the connection, {"hold": true} goes
//                      on when it is told to by POST /release: each lets one of those go that
//                      hold since the script came, in their order
//   count              instead of tokens: so many, "t0 ", "t1 ", ...
//   echo               instead of tokens: the request's newest message, word by word
//   first_delay_ms     before the head of the answer
//   token_delay_ms     before each token but the first
//   cut_after_bytes    closes the connection after so many bytes of the body as sent
//   split_bytes        sends the body in writes of so many bytes
//   usage              false: no usage, although the request asks for it
//   done               false: no `data: [DONE]`
//   tail               false: nothing after the tokens, not even a finish reason
//   whole              true: not streamed, although the request asks for it
//   finish_reason      "stop"
//   status, error      an HTTP status other than 200, and its message, or all of the error as an
//                      object, as {"code": "model_not_found", "message": "..."}
//   refuses            fields of requests that are answered with 400, as a model does that does not
//                      know them
//   strict             true: 400 unless the messages are system, then user, then alternating,
//   ending
//                      with user
//   retry_after        the header Retry-After with it
//   hang               true: takes the request and never answers
//   repeat             how many requests the step is for (1)
//
// A request to /v1/messages is answered in the form of Anthropic's API, streamed.
//
// Not thread-safe.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "boost/json.hpp"

namespace dramatis::provider_double {

// One element of `tokens`.
struct Piece {
  enum class Kind { kToken, kRaw, kDelay, kHang, kCut, kHold };
  Kind kind = Kind::kToken;
  std::string text = {};
  std::chrono::milliseconds delay = {};
};

struct Step {
  std::vector<Piece> pieces;
  bool echo = false;
  std::chrono::milliseconds first_delay{0};
  std::chrono::milliseconds token_delay{0};
  std::optional<size_t> cut_after;
  size_t split = 0;
  bool usage = true;
  bool done = true;
  bool tail = true;
  bool whole = false;
  std::string finish_reason = "stop";
  int status = 200;
  std::string error;
  boost::json::object error_object = {};
  std::vector<std::string> refuses = {};
  bool strict = false;
  std::string retry_after;
  bool hang = false;
  int repeat = 1;
};

// INVALID_ARGUMENT names the member that is wrong or unknown.
absl::StatusOr<Step> ParseStep(const boost::json::value& json);

// The steps to come, and the one for every request after them.
class Script {
 public:
  Script();
  // {"default": step, "steps": [step, ...], "when": {"text": step, ...}}; all optional. The steps
  // replace those not used yet. A request whose body holds one of the texts gets that step,
  // whatever the others say; these replace those before them.
  absl::Status Load(const std::string& json);
  // The step for the next request.
  std::shared_ptr<const Step> Next(const std::string& body);
  // Back to the default that the program started with.
  void Reset();
  // Makes the present default the one that Reset goes back to.
  void KeepDefault() { initial_ = default_; }

 private:
  std::shared_ptr<const Step> initial_;
  std::shared_ptr<const Step> default_;
  std::deque<std::shared_ptr<const Step>> steps_;
  std::map<std::string, std::shared_ptr<const Step>> when_;
};

}  // namespace dramatis::provider_double
