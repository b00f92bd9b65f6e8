#include "gateway/json/values.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/names.h"
#include "gateway/json/text.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using CppType = FieldDescriptor::CppType;

constexpr double kMostExact = 9007199254740991.0;
constexpr char kTooExact[] =
    "must be an integer from -9007199254740991 to 9007199254740991: write larger ones as text";

bool IsInteger(CppType type) {
  return type == CppType::CPPTYPE_INT32 || type == CppType::CPPTYPE_INT64 ||
         type == CppType::CPPTYPE_UINT32 || type == CppType::CPPTYPE_UINT64;
}

bool IsFloating(CppType type) {
  return type == CppType::CPPTYPE_DOUBLE || type == CppType::CPPTYPE_FLOAT;
}

bool IsShape(const FieldDescriptor& field, JsonShape shape) {
  return field.message_type() != nullptr && ShapeOf(*field.message_type()) == shape;
}

template <class Integer>
std::string WholeNumber() {
  return absl::StrCat("must be a whole number from ", std::numeric_limits<Integer>::min(), " to ",
                      std::numeric_limits<Integer>::max());
}

template <class Integer>
bool Fits(std::string_view text) {
  Integer value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool IsBase64(std::string_view text) {
  std::string out;
  const absl::string_view bytes(text.data(), text.size());
  return absl::Base64Unescape(bytes, &out) || absl::WebSafeBase64Unescape(bytes, &out);
}

bool IsFieldMask(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool name =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    const bool separator = c == '.' || c == ',';
    const bool next_is_name = i + 1 < text.size() && text[i + 1] != '.' && text[i + 1] != ',';
    if (!name && (!separator || i == 0 || !next_is_name)) return false;
  }
  return true;
}

// Text is how the mapping writes 64-bit integers.
std::string CheckIntegerText(const FieldDescriptor& field, std::string_view text) {
  const bool fits = field.cpp_type() == CppType::CPPTYPE_INT64    ? Fits<int64_t>(text)
                    : field.cpp_type() == CppType::CPPTYPE_UINT64 ? Fits<uint64_t>(text)
                                                                  : false;
  return fits ? "" : Requirement(field);
}

}  // namespace

JsonShape ShapeOf(const Descriptor& message) {
  const std::string& name = message.full_name();
  if (message.file()->package() != "google.protobuf") return JsonShape::kMessage;
  if (name == "google.protobuf.Timestamp") return JsonShape::kTimestamp;
  if (name == "google.protobuf.FieldMask") return JsonShape::kFieldMask;
  if (name == "google.protobuf.Struct") return JsonShape::kObject;
  if (name == "google.protobuf.ListValue") return JsonShape::kList;
  if (name == "google.protobuf.Value") return JsonShape::kValue;
  if (name == "google.protobuf.Empty") return JsonShape::kMessage;
  return JsonShape::kOther;
}

std::string Requirement(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case CppType::CPPTYPE_BOOL:
      return "must be true or false";
    case CppType::CPPTYPE_INT32:
      return WholeNumber<int32_t>();
    case CppType::CPPTYPE_UINT32:
      return WholeNumber<uint32_t>();
    case CppType::CPPTYPE_INT64:
      return WholeNumber<int64_t>();
    case CppType::CPPTYPE_UINT64:
      return WholeNumber<uint64_t>();
    case CppType::CPPTYPE_DOUBLE:
    case CppType::CPPTYPE_FLOAT:
      return "must be a number";
    case CppType::CPPTYPE_ENUM:
      return absl::StrCat("must be ", EnumChoices(*field.enum_type()));
    case CppType::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "must be base64 text"
                                                         : "must be a string";
    case CppType::CPPTYPE_MESSAGE:
      break;
  }
  switch (ShapeOf(*field.message_type())) {
    case JsonShape::kTimestamp:
      return "must be an RFC 3339 time such as \"2026-01-31T12:00:00Z\"";
    case JsonShape::kFieldMask:
      return "must be field paths joined by commas";
    case JsonShape::kList:
      return "must be a list";
    case JsonShape::kMessage:
    case JsonShape::kObject:
    case JsonShape::kValue:
    case JsonShape::kOther:
      break;
  }
  return "must be an object";
}

std::string WholeRequirement(const FieldDescriptor& field) {
  if (field.is_map()) return "must be an object";
  if (field.is_repeated()) return "must be a list";
  return Requirement(field);
}

std::string CheckText(const FieldDescriptor& field, std::string_view text) {
  bool good = false;
  switch (field.cpp_type()) {
    case CppType::CPPTYPE_STRING:
      good = field.type() == FieldDescriptor::TYPE_STRING || IsBase64(text);
      break;
    case CppType::CPPTYPE_ENUM:
      good = FindEnumValue(*field.enum_type(), text) != nullptr;
      break;
    case CppType::CPPTYPE_INT64:
    case CppType::CPPTYPE_UINT64:
      return CheckIntegerText(field, text);
    case CppType::CPPTYPE_MESSAGE:
      good = (IsShape(field, JsonShape::kTimestamp) && ParseTimestamp(text).has_value()) ||
             (IsShape(field, JsonShape::kFieldMask) && IsFieldMask(text)) ||
             IsShape(field, JsonShape::kValue);
      break;
    default:
      break;
  }
  return good ? "" : Requirement(field);
}

std::string CheckInteger(const FieldDescriptor& field, int64_t value) {
  bool good = false;
  switch (field.cpp_type()) {
    case CppType::CPPTYPE_INT32:
      good = value >= std::numeric_limits<int32_t>::min() &&
             value <= std::numeric_limits<int32_t>::max();
      break;
    case CppType::CPPTYPE_UINT32:
      good = value >= 0 && value <= std::numeric_limits<uint32_t>::max();
      break;
    case CppType::CPPTYPE_UINT64:
      good = value >= 0;
      break;
    case CppType::CPPTYPE_INT64:
      good = true;
      break;
    default:
      good = IsFloating(field.cpp_type()) || IsShape(field, JsonShape::kValue);
  }
  return good ? "" : Requirement(field);
}

std::string CheckUnsigned(const FieldDescriptor& field, uint64_t value) {
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return CheckInteger(field, static_cast<int64_t>(value));
  }
  const bool good = field.cpp_type() == CppType::CPPTYPE_UINT64 || IsFloating(field.cpp_type()) ||
                    IsShape(field, JsonShape::kValue);
  return good ? "" : Requirement(field);
}

std::string CheckDouble(const FieldDescriptor& field, double value) {
  if (!std::isfinite(value)) return Requirement(field);
  if (IsFloating(field.cpp_type())) {
    const bool fits = field.cpp_type() == CppType::CPPTYPE_DOUBLE ||
                      std::abs(value) <= std::numeric_limits<float>::max();
    return fits ? "" : Requirement(field);
  }
  if (IsShape(field, JsonShape::kValue)) return "";
  // 1e2 and 5.0 are whole numbers too, where a double holds them exactly.
  constexpr double kExact = 9007199254740992.0;
  if (IsInteger(field.cpp_type()) && std::trunc(value) == value && std::abs(value) <= kExact) {
    return CheckInteger(field, static_cast<int64_t>(value));
  }
  return Requirement(field);
}

std::string CheckFreeNumber(double value, bool integer) {
  if (!std::isfinite(value)) return "must be a number that a double holds";
  return integer && std::abs(value) > kMostExact ? kTooExact : "";
}

std::string CheckFreeInteger(int64_t value) {
  // Compared as an integer: 2^53 + 1 is no double.
  constexpr auto kMost = static_cast<int64_t>(kMostExact);
  return value < -kMost || value > kMost ? kTooExact : "";
}

std::string CheckBool(const FieldDescriptor& field) {
  const bool good = field.cpp_type() == CppType::CPPTYPE_BOOL || IsShape(field, JsonShape::kValue);
  return good ? "" : Requirement(field);
}

}  // namespace dramatis::gateway
