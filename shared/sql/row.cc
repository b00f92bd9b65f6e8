#include <stdexcept>

#include "shared/sql/database.h"

namespace dramatis::sql {
namespace {

[[noreturn]] void ThrowWrongType(int column, const char* type) {
  throw std::logic_error("column " + std::to_string(column) + " of a result is not " + type);
}

const std::string& Empty() {
  static const std::string empty;
  return empty;
}

}  // namespace

bool Row::Bool(int column) const {
  const Value::Data& data = values_.at(column).data();
  if (const bool* value = std::get_if<bool>(&data)) return *value;
  if (const int64_t* value = std::get_if<int64_t>(&data); value != nullptr && (*value >> 1) == 0) {
    return *value != 0;
  }
  if (const std::string* value = std::get_if<std::string>(&data)) {
    if (*value == "t" || *value == "f") return *value == "t";
  }
  if (!IsNull(column)) ThrowWrongType(column, "a boolean");
  return false;
}

int64_t Row::Int64(int column) const {
  if (const int64_t* value = std::get_if<int64_t>(&values_.at(column).data())) return *value;
  if (!IsNull(column)) ThrowWrongType(column, "an integer");
  return 0;
}

int Row::Int(int column) const {
  const int64_t value = Int64(column);
  if (value < INT32_MIN || value > INT32_MAX) ThrowWrongType(column, "an integer of 32 bits");
  return static_cast<int>(value);
}

double Row::Double(int column) const {
  const Value::Data& data = values_.at(column).data();
  if (const double* value = std::get_if<double>(&data)) return *value;
  if (const int64_t* value = std::get_if<int64_t>(&data)) return static_cast<double>(*value);
  if (!IsNull(column)) ThrowWrongType(column, "a number");
  return 0;
}

const std::string& Row::Text(int column) const {
  if (const std::string* value = std::get_if<std::string>(&values_.at(column).data())) {
    return *value;
  }
  if (!IsNull(column)) ThrowWrongType(column, "text");
  return Empty();
}

const std::string& Row::Blob(int column) const {
  if (const Bytes* value = std::get_if<Bytes>(&values_.at(column).data())) return value->data;
  if (!IsNull(column)) ThrowWrongType(column, "bytes");
  return Empty();
}

absl::Time Row::Time(int column) const {
  return absl::FromUnixMicros(Int64(column));
}

std::optional<absl::Time> Row::OptionalTime(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

}  // namespace dramatis::sql
