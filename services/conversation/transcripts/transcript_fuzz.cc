// A transcript's body, as somebody may have changed it in the bucket. Whatever is read is written
// and read as the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/conversation/transcripts/layout.h"
#include "shared/text/json_items.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dramatis::conversation;
  SessionRow session;
  session.user_id = "alice";
  session.persona_id = "ada";
  session.last_sequence = 1000;
  dramatis::JsonItems items(dramatis::JsonItems::Kind::kArray, [&](const dramatis::JsonItem& item) {
    const auto message = ReadTranscriptItem(item.text, session);
    if (!message.ok()) return message.status();
    const auto again = ReadTranscriptItem(TranscriptItem(*message), session);
    if (!again.ok() || again->content != message->content || again->sequence != message->sequence ||
        again->turn_id != message->turn_id) {
      std::abort();
    }
    return absl::OkStatus();
  });
  if (items.Add({reinterpret_cast<const char*>(data), size}).ok()) (void)items.End();
  return 0;
}
