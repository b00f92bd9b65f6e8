// What is wrong with a PostgreSQL server or with our rights there, for whoever runs the program:
// which server, database and role, what, and what to do. Never the password. Pure functions.
//
//   PostgresConnectProblem("postgresql://ada:secret@db:5432/app", error.what())
//       == "PostgreSQL at db:5432 has no database \"app\": create it, or name another one in ..."
#pragma once

#include <string>
#include <string_view>

namespace dramatis::sql {

// Why there is no connection; `said` is what libpq said.
std::string PostgresConnectProblem(const std::string& url, std::string_view said);

// Whether libpq said that the server refuses the role's password.
bool PasswordRefused(std::string_view said);

// Why a statement failed that is right in itself: rights, space, a standby. Empty for any other
// `sqlstate` (https://www.postgresql.org/docs/15/errcodes-appendix.html); `said` is what the server
// said.
std::string PostgresStatementProblem(const std::string& url,
                                     const std::string& sqlstate,
                                     std::string_view said);

}  // namespace dramatis::sql
