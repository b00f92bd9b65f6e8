#include "services/conversation/transcripts/layout.h"

#include <map>
#include <utility>

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/util/time_util.h"
#include "services/conversation/model/session_views.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

namespace json = boost::json;
using google::protobuf::util::TimeUtil;

// As protobuf's JSON mapping writes it: with 0, 3 or 6 digits of a second.
std::string TimeText(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  const char* const format = micros % 1'000'000 == 0 ? "%Y-%m-%d%ET%H:%M:%SZ"
                             : micros % 1'000 == 0   ? "%Y-%m-%d%ET%H:%M:%E3SZ"
                                                     : "%Y-%m-%d%ET%H:%M:%E6SZ";
  return absl::FormatTime(format, time, absl::UTCTimeZone());
}

// Of the years that google.protobuf.Timestamp has, 1 to 9999.
bool ParseTimestamp(const std::string& text, absl::Time& time) {
  return absl::ParseTime(absl::RFC3339_full, text, &time, nullptr) &&
         absl::ToUnixSeconds(time) >= TimeUtil::kTimestampMinSeconds &&
         absl::ToUnixSeconds(time) <= TimeUtil::kTimestampMaxSeconds;
}

absl::Status Unreadable() {
  return InternalError("a transcript cannot be read: a part of it is no message");
}

// The member, where it is there and a text.
std::string TextOf(const json::object& item, std::string_view name) {
  const json::value* const found = item.if_contains(name);
  if (found == nullptr || !found->is_string()) return "";
  return std::string(found->get_string());
}

}  // namespace

std::string TranscriptItem(const MessageRow& row) {
  const v1::Message message = ToMessage(row);
  json::object item = {{"role", message.role() == v1::MESSAGE_ROLE_USER ? "user" : "assistant"},
                       {"content", message.content()},
                       {"timestamp", TimeText(row.created_at)},
                       {"message_id", message.message_id()},
                       {"sequence", message.sequence()}};
  json::object metadata;
  for (const auto& [name, value] :
       std::map<std::string, std::string>(message.metadata().begin(), message.metadata().end()))
    metadata[name] = value;
  item["metadata"] = std::move(metadata);
  return json::serialize(item);
}

absl::StatusOr<MessageRow> ReadTranscriptItem(std::string_view text, const SessionRow& session) {
  json::error_code broken;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), broken);
  if (broken || !value.is_object()) return Unreadable();
  const json::object& item = value.get_object();
  MessageRow message;
  const std::string role = TextOf(item, "role");
  if (role == "assistant") {
    message.persona_id = session.persona_id;
  } else if (role == "user") {
    message.user_id = session.user_id;
  } else {
    return Unreadable();
  }
  message.content = TextOf(item, "content");
  message.message_id = TextOf(item, "message_id");
  const json::value* const sequence = item.if_contains("sequence");
  if (sequence == nullptr || !sequence->is_int64() || sequence->get_int64() < 1 ||
      sequence->get_int64() > session.last_sequence || message.message_id.empty() ||
      !ParseTimestamp(TextOf(item, "timestamp"), message.created_at)) {
    return Unreadable();
  }
  message.sequence = static_cast<int>(sequence->get_int64());
  const json::value* const metadata = item.if_contains("metadata");
  if (role == "assistant" && metadata != nullptr && metadata->is_object()) {
    const json::object& facts = metadata->get_object();
    message.turn_id = TextOf(facts, "turn_id");
    message.model = TextOf(facts, "model");
    message.finish_reason = TextOf(facts, "finish_reason");
    message.retrieval = TextOf(facts, "retrieval") == "true";
  }
  return message;
}

}  // namespace dramatis::conversation
