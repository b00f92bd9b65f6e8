#include "shared/sql/postgres/values.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <pqxx/binarystring>

#include "absl/strings/escaping.h"

namespace dramatis::sql {
namespace {

// src/include/catalog/pg_type.dat
constexpr pqxx::oid kBool = 16;
constexpr pqxx::oid kBytea = 17;
constexpr pqxx::oid kInt8 = 20;
constexpr pqxx::oid kInt2 = 21;
constexpr pqxx::oid kInt4 = 23;
constexpr pqxx::oid kFloat4 = 700;
constexpr pqxx::oid kFloat8 = 701;

struct ToText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool v) const { return v ? "t" : "f"; }
  std::string operator()(int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const {
    char text[32];
    const auto end = std::to_chars(std::begin(text), std::end(text), v);
    return std::string(text, end.ptr);
  }
  // libpqxx 6 copies it once more; it offers no other way for a number of parameters that is known
  // at run time.
  std::string operator()(const std::string& v) const { return v; }
  std::string operator()(const Bytes& v) const { return "\\x" + absl::BytesToHexString(v.data); }
};

Value Decode(const pqxx::field& field) {
  if (field.is_null()) return Value();
  const char* text = field.c_str();
  const size_t size = field.size();
  switch (field.type()) {
    case kBool:
      return Value(*text == 't');
    case kInt2:
    case kInt4:
    case kInt8: {
      int64_t number = 0;
      std::from_chars(text, text + size, number);
      return Value(number);
    }
    case kFloat4:
    case kFloat8:
      return Value(std::strtod(text, nullptr));
    case kBytea: {
      const pqxx::binarystring bytes(field);
      return Value(Bytes{bytes.str()});
    }
    default:
      return Value(std::string(text, size));
  }
}

}  // namespace

PostgresParameters::PostgresParameters(const std::vector<Value>& parameters) {
  texts_.reserve(parameters.size());
  pointers_.reserve(parameters.size());
  for (const Value& parameter : parameters) {
    texts_.push_back(std::visit(ToText{}, parameter.data()));
    pointers_.push_back(parameter.is_null() ? nullptr : texts_.back().c_str());
  }
}

Rows PostgresRows(const pqxx::result& result) {
  Rows rows;
  rows.reserve(result.size());
  for (const pqxx::row& row : result) {
    std::vector<Value> values;
    values.reserve(row.size());
    for (const pqxx::field& field : row)
      values.push_back(Decode(field));
    rows.emplace_back(std::move(values));
  }
  return rows;
}

bool SameResult(const pqxx::result& a, const pqxx::result& b) {
  if (a.size() != b.size() || a.columns() != b.columns()) return false;
  for (pqxx::result::size_type i = 0; i < a.size(); ++i) {
    for (pqxx::row::size_type j = 0; j < a.columns(); ++j) {
      const pqxx::field x = a[i][j];
      const pqxx::field y = b[i][j];
      if (x.is_null() != y.is_null() || x.size() != y.size()) return false;
      if (std::memcmp(x.c_str(), y.c_str(), x.size()) != 0) return false;
    }
  }
  return true;
}

}  // namespace dramatis::sql
