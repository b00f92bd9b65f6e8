#include "gateway/routing/transcoder.h"

#include <algorithm>
#include <utility>

#include "gateway/json/wire.h"
#include "shared/call/call_metadata.h"
#include "shared/http/percent.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;

// The last value of a text or message field; empty where unset.
std::string_view LengthField(std::string_view wire, int number) {
  std::string_view value;
  for (WireReader reader(wire); reader.Next();) {
    if (reader.number() == number && reader.type() == WireType::kLength) value = reader.bytes();
  }
  return value;
}

// The text at `path`, as `message.message_id`, which names a text field.
std::string_view TextAt(std::string_view wire, const Descriptor& message, const std::string& path) {
  const size_t dot = path.find('.');
  const auto* field = message.FindFieldByName(path.substr(0, dot));
  const std::string_view value = LengthField(wire, field->number());
  if (dot == std::string::npos) return value;
  return TextAt(value, *field->message_type(), path.substr(dot + 1));
}

// What may stand between the quotes of an entity tag (RFC 9110, 8.8.3).
bool IsEntityTag(std::string_view text) {
  return !text.empty() && IsPrintableAscii(text) &&
         text.find_first_of(" \"") == std::string_view::npos;
}

std::string LocationOf(const RpcMethod& method, std::string_view wire) {
  std::string location;
  for (const PathTemplate::Segment& segment : method.location) {
    location += '/';
    if (!segment.variable) {
      location += segment.text;
      continue;
    }
    location += PercentEncode(TextAt(wire, method.output(), segment.text));
  }
  return location;
}

}  // namespace

Transcoder::Transcoder(const DescriptorPool& pool)
    : types_(pool), reader_(types_), writer_(types_), requests_(reader_) {}

absl::StatusOr<std::unique_ptr<Transcoder>> Transcoder::Make(const RouteTable& routes) {
  const auto& methods = routes.methods();
  const DescriptorPool& pool =
      methods.empty() ? *DescriptorPool::generated_pool() : *methods[0]->descriptor->file()->pool();
  std::unique_ptr<Transcoder> transcoder(new Transcoder(pool));
  for (const std::unique_ptr<RpcMethod>& method : methods) {
    MethodPlan plan;
    if (method->raw_answer) {
      // As it is.
    } else if (method->streaming) {
      DRAMATIS_ASSIGN_OR_RETURN(EventFormat format,
                                EventFormat::Make(*method, transcoder->writer_));
      plan.events = std::move(format);
    } else {
      plan.answer = transcoder->writer_.Plan(method->output());
    }
    transcoder->plans_.push_back(std::move(plan));
  }
  return transcoder;
}

absl::StatusOr<HttpAnswer> Transcoder::Answer(const RpcMethod& method,
                                              std::string_view response) const {
  HttpAnswer answer;
  answer.status = method.success_status;
  if (method.etag != nullptr) {
    const std::string_view etag = LengthField(response, method.etag->number());
    if (IsEntityTag(etag)) answer.headers.emplace_back("ETag", "\"" + std::string(etag) + "\"");
  }
  if (!method.location.empty()) {
    answer.headers.emplace_back("Location", LocationOf(method, response));
  }
  if (answer.status == 204) return answer;
  if (method.raw_answer) {
    answer.content_type = std::string(LengthField(response, 1));
    answer.body = LengthField(response, 2);
    return answer;
  }
  answer.content_type = kJsonType;
  answer.body.reserve(response.size() * 2 + 64);
  if (!writer_.Write(*plans_[method.index].answer, method.names, response, answer.body)) {
    return InternalError("a service answered with bytes that are not its message");
  }
  return answer;
}

bool Transcoder::AppendEvent(const RpcMethod& method,
                             std::string_view message,
                             std::string& out) const {
  return plans_[method.index].events->Append(message, out);
}

}  // namespace dramatis::gateway
