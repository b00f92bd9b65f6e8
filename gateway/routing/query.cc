#include "gateway/routing/query.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/json/names.h"
#include "gateway/json/request_error.h"
#include "gateway/json/text.h"
#include "gateway/json/values.h"
#include "gateway/json/wire.h"
#include "shared/http/percent.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Type = FieldDescriptor::Type;

template <class Number>
std::optional<Number> ReadNumber(std::string_view text) {
  Number value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

template <size_t kBytes>
void AppendFixedField(std::string& wire, int number, uint64_t value) {
  AppendTag(wire, number, kBytes == 4 ? WireType::kFixed32 : WireType::kFixed64);
  for (size_t i = 0; i < kBytes; ++i)
    wire += static_cast<char>(value >> (8 * i));
}

// The value as it goes onto the wire; nothing if the text is no such number.
std::optional<uint64_t> NumberBits(Type type, std::string_view text) {
  const auto widen = [](auto value) -> std::optional<uint64_t> {
    if (!value.has_value()) return std::nullopt;
    return static_cast<uint64_t>(static_cast<int64_t>(*value));
  };
  const auto zigzag = [](auto value) -> std::optional<uint64_t> {
    if (!value.has_value()) return std::nullopt;
    return ZigZag(*value);
  };
  switch (type) {
    case Type::TYPE_BOOL:
      if (text != "true" && text != "false") return std::nullopt;
      return text == "true" ? 1 : 0;
    case Type::TYPE_INT32:
    case Type::TYPE_SFIXED32:
      return widen(ReadNumber<int32_t>(text));
    case Type::TYPE_INT64:
    case Type::TYPE_SFIXED64:
      return widen(ReadNumber<int64_t>(text));
    case Type::TYPE_SINT32:
      return zigzag(ReadNumber<int32_t>(text));
    case Type::TYPE_SINT64:
      return zigzag(ReadNumber<int64_t>(text));
    case Type::TYPE_UINT32:
    case Type::TYPE_FIXED32:
      return widen(ReadNumber<uint32_t>(text));
    case Type::TYPE_UINT64:
    case Type::TYPE_FIXED64:
      return ReadNumber<uint64_t>(text);
    case Type::TYPE_DOUBLE: {
      const std::optional<double> value = ReadNumber<double>(text);
      if (!value.has_value()) return std::nullopt;
      return std::bit_cast<uint64_t>(*value);
    }
    case Type::TYPE_FLOAT: {
      const std::optional<float> value = ReadNumber<float>(text);
      if (!value.has_value()) return std::nullopt;
      return std::bit_cast<uint32_t>(*value);
    }
    default:
      return std::nullopt;
  }
}

void AppendNumberField(const FieldDescriptor& field, uint64_t bits, std::string& wire) {
  switch (field.type()) {
    case Type::TYPE_DOUBLE:
    case Type::TYPE_FIXED64:
    case Type::TYPE_SFIXED64:
      return AppendFixedField<8>(wire, field.number(), bits);
    case Type::TYPE_FLOAT:
    case Type::TYPE_FIXED32:
    case Type::TYPE_SFIXED32:
      return AppendFixedField<4>(wire, field.number(), bits);
    default:
      return AppendVarintField(wire, field.number(), bits);
  }
}

std::string TimestampWire(const TimestampValue& value) {
  std::string wire;
  AppendVarintField(wire, 1, static_cast<uint64_t>(value.seconds));
  AppendVarintField(wire, 2, static_cast<uint64_t>(value.nanos));
  return wire;
}

std::string FieldMaskWire(const std::string& text) {
  std::string wire;
  for (const absl::string_view path : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    AppendLengthField(wire, 1, SnakeCase(std::string_view(path.data(), path.size())));
  }
  return wire;
}

void AppendMessageField(const FieldDescriptor& field, const std::string& text, std::string& wire) {
  const bool time = ShapeOf(*field.message_type()) == JsonShape::kTimestamp;
  const std::optional<TimestampValue> value =
      time ? ParseTimestamp(text) : std::optional<TimestampValue>();
  AppendLengthField(wire, field.number(),
                    value.has_value() ? TimestampWire(*value) : FieldMaskWire(text));
}

std::string DecodeBase64(const std::string& text) {
  std::string bytes;
  if (!absl::Base64Unescape(text, &bytes)) absl::WebSafeBase64Unescape(text, &bytes);
  return bytes;
}

struct Parameter {
  std::string name;
  std::string value;
};

std::optional<Parameter> ReadParameter(std::string_view part) {
  const size_t equals = part.find('=');
  std::optional<std::string> name = PercentDecode(part.substr(0, equals), true);
  std::optional<std::string> value = PercentDecode(
      equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1), true);
  if (!name.has_value() || !value.has_value()) return std::nullopt;
  return Parameter{*std::move(name), *std::move(value)};
}

template <class Container, class Value>
bool Contains(const Container& container, const Value& value) {
  return std::find(container.begin(), container.end(), value) != container.end();
}

}  // namespace

bool IsTextual(const FieldDescriptor& field) {
  if (field.message_type() == nullptr) return true;
  const JsonShape shape = ShapeOf(*field.message_type());
  return shape == JsonShape::kTimestamp || shape == JsonShape::kFieldMask;
}

std::string AppendTextField(const FieldDescriptor& field,
                            const std::string& text,
                            std::string& wire) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      std::string problem = CheckText(field, text);
      if (!problem.empty()) return problem;
      break;
    }
    default: {
      const std::optional<uint64_t> bits = NumberBits(field.type(), text);
      if (!bits.has_value()) return Requirement(field);
      AppendNumberField(field, *bits, wire);
      return "";
    }
  }
  if (field.enum_type() != nullptr) {
    const auto* value = FindEnumValue(*field.enum_type(), text);
    AppendVarintField(wire, field.number(), static_cast<uint64_t>(value->number()));
  } else if (field.message_type() != nullptr) {
    AppendMessageField(field, text, wire);
  } else if (field.type() == Type::TYPE_BYTES) {
    AppendLengthField(wire, field.number(), DecodeBase64(text));
  } else {
    AppendLengthField(wire, field.number(), text);
  }
  return "";
}

absl::StatusOr<QueryFields> ReadQuery(std::string_view query,
                                      const Descriptor* request,
                                      const std::vector<const FieldDescriptor*>& taken) {
  QueryFields fields;
  std::vector<FieldViolation> violations;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (part.empty()) continue;
    const std::optional<Parameter> parameter = ReadParameter(part);
    if (!parameter.has_value()) {
      return RequestError(errors::v1::ERROR_REASON_MALFORMED_REQUEST,
                          "has a percent escape that is broken, of U+0000 or of no UTF-8", "query");
    }
    const FieldDescriptor* field =
        request != nullptr ? FindField(*request, parameter->name) : nullptr;
    std::string problem;
    if (field == nullptr || !IsTextual(*field) || Contains(taken, field)) {
      problem = "is not a known parameter";
    } else if (!field->is_repeated() && Contains(fields.given, field)) {
      problem = "is given twice";
    } else {
      problem = AppendTextField(*field, parameter->value, fields.wire);
      fields.given.push_back(field);
    }
    if (!problem.empty()) violations.push_back({parameter->name, problem});
  }
  if (!violations.empty()) return FieldErrors(violations);
  return fields;
}

}  // namespace dramatis::gateway
