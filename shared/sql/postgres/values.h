// Values to and from PostgreSQL's text format.
#pragma once

#include <string>
#include <vector>

#include <pqxx/result>

#include "shared/sql/database.h"

namespace dramatis::sql {

// Parameters as libpq takes them: null pointers for nulls. Points into itself.
class PostgresParameters {
 public:
  explicit PostgresParameters(const std::vector<Value>& parameters);
  PostgresParameters(const PostgresParameters&) = delete;
  PostgresParameters& operator=(const PostgresParameters&) = delete;

  const std::vector<const char*>& pointers() const { return pointers_; }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

// Every row, each column by its type: boolean, the integers, the floats, bytea, else text.
Rows PostgresRows(const pqxx::result& result);

// Whether two results hold the same.
bool SameResult(const pqxx::result& a, const pqxx::result& b);

}  // namespace dramatis::sql
