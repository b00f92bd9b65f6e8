#include "gateway/transcoder.h"

#include <algorithm>
#include <utility>

#include "gateway/percent.h"
#include "gateway/wire.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::DescriptorPool;

// The last value of a text field; empty where unset.
std::string_view TextField(std::string_view wire, int number) {
  std::string_view text;
  for (WireReader reader(wire); reader.Next();) {
    if (reader.number() == number && reader.type() == WireType::kLength) text = reader.bytes();
  }
  return text;
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
    const auto* field = method.output().FindFieldByName(segment.text);
    location += PercentEncode(TextField(wire, field->number()));
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
    if (method->streaming) {
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
    const std::string_view etag = TextField(response, method.etag->number());
    if (IsEntityTag(etag)) answer.headers.emplace_back("ETag", "\"" + std::string(etag) + "\"");
  }
  if (!method.location.empty()) {
    answer.headers.emplace_back("Location", LocationOf(method, response));
  }
  if (answer.status == 204) return answer;
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
