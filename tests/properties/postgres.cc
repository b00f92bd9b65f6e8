#include "tests/properties/postgres.h"

#include <pqxx/pqxx>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace dramatis::properties {

std::string CreateDatabase(const std::string& url) {
  static int count = 0;
  const std::string name = absl::StrCat("properties_", getpid(), "_", ++count);
  pqxx::connection connection(url);
  pqxx::nontransaction statement(connection);
  statement.exec(absl::StrCat("create database ", name));
  return absl::StrCat(url.substr(0, url.rfind('/') + 1), name);
}

}  // namespace dramatis::properties
