#include "gateway/json/scalars.h"

#include <bit>
#include <charconv>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/names.h"
#include "gateway/json/text.h"

namespace dramatis::gateway {
namespace {

using Type = google::protobuf::FieldDescriptor::Type;

void AppendInteger(std::string& out, auto value) {
  char digits[24];
  const auto result = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, result.ptr);
}

void AppendQuotedInteger(std::string& out, auto value) {
  out += '"';
  AppendInteger(out, value);
  out += '"';
}

int64_t ZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace

WireType WireTypeOf(Type type) {
  switch (type) {
    case Type::TYPE_DOUBLE:
    case Type::TYPE_FIXED64:
    case Type::TYPE_SFIXED64:
      return WireType::kFixed64;
    case Type::TYPE_FLOAT:
    case Type::TYPE_FIXED32:
    case Type::TYPE_SFIXED32:
      return WireType::kFixed32;
    case Type::TYPE_STRING:
    case Type::TYPE_BYTES:
    case Type::TYPE_MESSAGE:
    case Type::TYPE_GROUP:
      return WireType::kLength;
    default:
      return WireType::kVarint;
  }
}

void AppendJsonBytes(std::string& out, std::string_view bytes) {
  out += '"';
  out += absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
  out += '"';
}

void AppendJsonScalar(std::string& out, Type type, uint64_t value) {
  switch (type) {
    case Type::TYPE_DOUBLE:
      return AppendJsonNumber(out, std::bit_cast<double>(value));
    case Type::TYPE_FLOAT:
      return AppendJsonNumber(out, std::bit_cast<float>(static_cast<uint32_t>(value)));
    case Type::TYPE_BOOL:
      out += value != 0 ? "true" : "false";
      return;
    case Type::TYPE_INT32:
    case Type::TYPE_SFIXED32:
      return AppendInteger(out, static_cast<int32_t>(value));
    case Type::TYPE_SINT32:
      return AppendInteger(out, static_cast<int32_t>(ZigZag(value)));
    case Type::TYPE_UINT32:
    case Type::TYPE_FIXED32:
      return AppendInteger(out, static_cast<uint32_t>(value));
    case Type::TYPE_SINT64:
      return AppendQuotedInteger(out, ZigZag(value));
    case Type::TYPE_INT64:
    case Type::TYPE_SFIXED64:
      return AppendQuotedInteger(out, static_cast<int64_t>(value));
    default:
      return AppendQuotedInteger(out, value);
  }
}

bool AppendJsonTimestamp(std::string& out, std::string_view wire) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  WireReader reader(wire);
  while (reader.Next()) {
    if (reader.number() == 1) seconds = static_cast<int64_t>(reader.value());
    if (reader.number() == 2) nanos = static_cast<int32_t>(reader.value());
  }
  if (!reader.ok() || nanos < 0 || nanos > 999'999'999) return false;
  if (seconds < -62135596800 || seconds > 253402300799) return false;
  out += '"';
  AppendTimestamp(out, seconds, nanos);
  out += '"';
  return true;
}

bool AppendJsonFieldMask(std::string& out, std::string_view wire) {
  std::string paths;
  WireReader reader(wire);
  while (reader.Next()) {
    if (reader.number() != 1 || reader.type() != WireType::kLength) continue;
    absl::StrAppend(&paths, paths.empty() ? "" : ",", CamelCase(reader.bytes()));
  }
  AppendJsonString(out, paths);
  return reader.ok();
}

void AppendJsonInteger(std::string& out, int64_t value) {
  AppendInteger(out, value);
}

}  // namespace dramatis::gateway
