// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): how a
// streamed message becomes a frame.
//
//   message Event { oneof event { Delta delta = 2; } string cursor = 5 [(cursor) = true]; }
//     ->  event: delta
//         id: 0194...:1:12
//         data: {"text":"Hello"}
//
// In the forms for clients of other people's streams (SseForm in options.proto) it is the data
// alone, of the whole message where it has no events.
//
// Immutable, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/json/writer.h"
#include "gateway/routing/rpc_method.h"

namespace dramatis::gateway {

// A comment, which clients skip: keeps connections alive through proxies.
inline constexpr std::string_view kSsePing = ": ping\n\n";

// How a stream begins: when an EventSource that was cut off comes again, in milliseconds, and that
// somebody is there.
inline constexpr std::string_view kSseOpening = "retry: 2000\n: ping\n\n";

// Appends one event; `event` and `id` are left out where empty. Line ends in `data` begin a new
// data line.
void AppendSseEvent(std::string& out,
                    std::string_view event,
                    std::string_view id,
                    std::string_view data);

// The events of one RPC.
class EventFormat {
 public:
  // The message must have exactly one oneof, of messages; in the other forms it may have none.
  static absl::StatusOr<EventFormat> Make(const RpcMethod& method, JsonWriter& writer);

  // Appends the frame of one message; false if the bytes are no such message. A message without an
  // event adds nothing.
  bool Append(std::string_view wire, std::string& out) const;
  // Appends how a stream begins before its first event has come.
  void AppendOpening(std::string& out) const;
  // Appends what follows the last event of a stream that ended well.
  void AppendEnd(std::string& out) const;
  // Appends a problem as the last event.
  void AppendProblem(std::string_view json, std::string_view id, std::string& out) const;

 private:
  struct Event {
    std::string name;
    int number = 0;
    const JsonPlan* plan = nullptr;
  };

  bool named() const { return form_ == options::v1::SSE_FORM_NAMED; }

  const JsonWriter* writer_ = nullptr;
  Names names_ = Names::kCamel;
  options::v1::SseForm form_ = options::v1::SSE_FORM_NAMED;
  const JsonPlan* whole_ = nullptr;  // of a message without events
  int cursor_ = 0;
  std::vector<Event> events_;
};

}  // namespace dramatis::gateway
