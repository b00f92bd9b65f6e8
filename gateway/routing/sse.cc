#include "gateway/routing/sse.h"

#include "absl/strings/str_cat.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// A field's value stands on one line.
bool FitsLine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

int CursorNumber(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->options().GetExtension(options::v1::cursor)) return field->number();
  }
  return 0;
}

}  // namespace

void AppendSseEvent(std::string& out,
                    std::string_view event,
                    std::string_view id,
                    std::string_view data) {
  if (!event.empty()) {
    out += "event: ";
    out += event;
    out += '\n';
  }
  if (!id.empty() && FitsLine(id)) {
    out += "id: ";
    out += id;
    out += '\n';
  }
  while (true) {
    const size_t end = data.find('\n');
    out += "data: ";
    out += data.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  out += '\n';
}

absl::StatusOr<EventFormat> EventFormat::Make(const RpcMethod& method, JsonWriter& writer) {
  const Descriptor& message = method.output();
  EventFormat format;
  format.writer_ = &writer;
  format.names_ = method.names;
  format.form_ = method.sse;
  if (!format.named() && message.real_oneof_decl_count() == 0) {
    format.whole_ = writer.Plan(message);
    return format;
  }
  if (message.real_oneof_decl_count() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(message.full_name(), ": a streamed message needs exactly one oneof"));
  }
  format.cursor_ = CursorNumber(message);
  const auto& oneof = *message.oneof_decl(0);
  for (int i = 0; i < oneof.field_count(); ++i) {
    const FieldDescriptor& field = *oneof.field(i);
    if (field.message_type() == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(field.full_name(), ": an event must be a message"));
    }
    format.events_.push_back(
        {FieldName(field, method.names), field.number(), writer.Plan(*field.message_type())});
  }
  return format;
}

void EventFormat::AppendOpening(std::string& out) const {
  out += named() ? kSseOpening : kSsePing;
}

void EventFormat::AppendEnd(std::string& out) const {
  if (form_ == options::v1::SSE_FORM_DATA_DONE) out += "data: [DONE]\n\n";
}

void EventFormat::AppendProblem(std::string_view json,
                                std::string_view id,
                                std::string& out) const {
  if (!named()) return AppendSseEvent(out, "", "", json);
  AppendSseEvent(out, "error", id, "{\"problem\":" + std::string(json) + "}");
}

bool EventFormat::Append(std::string_view wire, std::string& out) const {
  if (whole_ != nullptr) {
    out += "data: ";
    if (!writer_->Write(*whole_, names_, wire, out)) return false;
    out += "\n\n";
    return true;
  }
  std::string_view id;
  std::string_view content;
  const Event* event = nullptr;
  WireReader reader(wire);
  while (reader.Next()) {
    if (reader.type() != WireType::kLength) continue;
    if (reader.number() == cursor_) id = reader.bytes();
    for (const Event& candidate : events_) {
      if (candidate.number != reader.number()) continue;
      event = &candidate;
      content = reader.bytes();
    }
  }
  if (!reader.ok()) return false;
  if (event == nullptr) return true;
  // JSON has no line ends, so the data is one line and need not be looked through.
  if (named()) {
    out += "event: ";
    out += event->name;
    out += '\n';
    if (!id.empty() && FitsLine(id)) {
      out += "id: ";
      out += id;
      out += '\n';
    }
  }
  out += "data: ";
  if (!writer_->Write(*event->plan, names_, content, out)) return false;
  out += "\n\n";
  return true;
}

}  // namespace dramatis::gateway
