// A transcript's body: a JSON array with an object for each message, as history shows it, one in a
// line:
//
//   [
//   {"role":"user","content":"Hi","timestamp":"2026-11-27T10:00Z","message_id":"...","sequence":1,
//    "metadata":{}},
//   {"role":"assistant","content":"Hello","timestamp":"...","message_id":"...","sequence":2,
//    "metadata":{"turn_id":"...","model":"..."}}
//   ]
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// What stands in the array for a message of a session; without anything before or after it.
std::string TranscriptItem(const MessageRow& row);

// The opposite; whoever speaks for a model is `session.persona_id`. INTERNAL where it is none.
absl::StatusOr<MessageRow> ReadTranscriptItem(std::string_view text, const SessionRow& session);

}  // namespace dramatis::conversation
