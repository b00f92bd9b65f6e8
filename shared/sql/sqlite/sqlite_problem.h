// What is wrong with a SQLite file, for whoever runs the program: which file, what, and what to do.
// Pure function.
#pragma once

#include <string>

namespace dramatis::sql {

// Of an extended result code, the primary one (https://sqlite.org/rescode.html).
constexpr int PrimaryCode(int code) {
  return code & 0xff;
}

// `code` is SQLite's (https://sqlite.org/rescode.html), `system_error` the errno behind it or 0.
std::string SqliteProblem(const std::string& path, int code, int system_error);

}  // namespace dramatis::sql
