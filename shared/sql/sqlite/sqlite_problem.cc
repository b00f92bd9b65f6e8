#include "shared/sql/sqlite/sqlite_problem.h"

#include <cerrno>

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "shared/status/system_message.h"

namespace dramatis::sql {
namespace {

constexpr char kRestore[] =
    ": move it away together with the files beside it that end in -wal and -shm, and put a backup "
    "in its place, or begin anew without it";

std::string Because(int system_error) {
  return system_error == 0 ? "" : absl::StrCat(": ", SystemMessage(system_error));
}

bool IsFull(int code, int system_error) {
  return PrimaryCode(code) == SQLITE_FULL || system_error == ENOSPC || system_error == EDQUOT;
}

}  // namespace

std::string SqliteProblem(const std::string& path, int code, int system_error) {
  if (IsFull(code, system_error)) {
    return absl::StrCat("cannot write ", path,
                        ": the disk is full: make room there, or name a folder on another disk "
                        "with DRAMATIS_DATA_DIR");
  }
  switch (PrimaryCode(code)) {
    case SQLITE_NOTADB:
      return absl::StrCat(path, " is no SQLite database, or is damaged at its beginning", kRestore);
    case SQLITE_CORRUPT:
      return absl::StrCat(path, " is damaged", kRestore);
    case SQLITE_CANTOPEN:
      return absl::StrCat("cannot open ", path, Because(system_error),
                          ": it has to be a file, in a folder, that this user may read and write");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::StrCat("cannot write ", path, Because(system_error),
                          ": give this user the right to write it and its folder, or name another "
                          "folder with DRAMATIS_DATA_DIR");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StrCat(path,
                          " is locked by another program for too long, as by a backup or a "
                          "database browser: end that one");
    case SQLITE_NOMEM:
      return absl::StrCat("not enough memory to work with ", path);
    case SQLITE_IOERR:
      return absl::StrCat("cannot read or write ", path, Because(system_error), " (SQLite ", code,
                          "): look after the disk it is on");
    default:
      return absl::StrCat("SQLite refuses to work with ", path, " (code ", code, ", ",
                          sqlite3_errstr(code), ")");
  }
}

}  // namespace dramatis::sql
