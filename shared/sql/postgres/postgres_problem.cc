#include "shared/sql/postgres/postgres_problem.h"

#include <cstdlib>
#include <memory>
#include <vector>

#include <libpq-fe.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace dramatis::sql {
namespace {

constexpr char kBrokenUrl[] =
    "DATABASE_URL is not postgresql://user:password@host:port/database: in a user or password, "
    "write @ : / ? # % as %40 %3A %2F %3F %23 %25";

// What a connection string names, as libpq reads it.
struct Place {
  bool readable = false;
  std::string host;
  std::string port;
  std::string database;
  std::string role;
  std::string password;

  // "db:5432", "db1:5432, db2:5433", "/var/run/postgresql".
  std::string Server() const {
    const std::vector<std::string> hosts = absl::StrSplit(host, ',');
    const std::vector<std::string> ports = absl::StrSplit(port, ',');
    std::vector<std::string> servers;
    for (size_t i = 0; i < hosts.size(); ++i) {
      const std::string& own = ports.size() == hosts.size() ? ports[i] : ports.front();
      servers.push_back(absl::StartsWith(hosts[i], "/") ? hosts[i]
                                                        : absl::StrCat(hosts[i], ":", own));
    }
    return absl::StrJoin(servers, ", ");
  }
};

// Where the string says nothing: the variable that libpq reads then, else what it was built with.
std::string ValueOf(const PQconninfoOption& option) {
  if (option.val != nullptr) return option.val;
  const char* const variable = option.envvar == nullptr
                                   ? nullptr
                                   : std::getenv(option.envvar);  // NOLINT(concurrency-mt-unsafe)
  if (variable != nullptr) return variable;
  return option.compiled == nullptr ? "" : option.compiled;
}

Place PlaceOf(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  Place place;
  if (options == nullptr) return place;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    const std::string_view name = option->keyword;
    if (name == "host") place.host = ValueOf(*option);
    if (name == "port") place.port = ValueOf(*option);
    if (name == "dbname") place.database = ValueOf(*option);
    if (name == "user") place.role = ValueOf(*option);
    if (name == "password") place.password = ValueOf(*option);
  }
  // A password with an @ or a / in it has gone into these.
  place.readable = !absl::StrContains(place.host, "@") && !absl::StrContains(place.database, "@") &&
                   place.port.find_first_not_of("0123456789,") == std::string::npos;
  if (place.host.empty()) place.host = "/var/run/postgresql";
  if (place.role.empty()) place.role = "(the system user's)";
  if (place.database.empty()) place.database = place.role;
  return place;
}

// The first line of what was said, without the password and without libpq's preamble.
std::string Said(const Place& place, std::string_view said) {
  std::string line(said.substr(0, said.find('\n')));
  for (const char* begin : {"FATAL:", "ERROR:"}) {
    if (const size_t found = line.find(begin); found != std::string::npos) {
      line = line.substr(found + 6);
    }
  }
  if (!place.password.empty()) line = absl::StrReplaceAll(line, {{place.password, "***"}});
  return std::string(absl::StripAsciiWhitespace(line));
}

bool SaysAny(std::string_view said, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    if (said.find(text) != std::string_view::npos) return true;
  }
  return false;
}

// What the server itself refuses.
std::string Refused(const Place& place, std::string_view said) {
  const std::string server = absl::StrCat("PostgreSQL at ", place.Server());
  const std::string database = absl::StrCat("\"", place.database, "\"");
  const std::string role = absl::StrCat("\"", place.role, "\"");
  if (SaysAny(said, {"database \""}) && SaysAny(said, {"does not exist"})) {
    return absl::StrCat(server, " has no database ", database, ": create it (`create database ",
                        database, "`), or name another one in DATABASE_URL");
  }
  if (SaysAny(said, {"role \""}) && SaysAny(said, {"does not exist"})) {
    return absl::StrCat(server, " has no role ", role, ": create it (`create role ", role,
                        " login`), or name another one in DATABASE_URL");
  }
  if (SaysAny(said, {"no password supplied"})) {
    return absl::StrCat(server, " wants a password of the role ", role,
                        ": put it into DATABASE_URL, as postgresql://user:password@host/database");
  }
  if (PasswordRefused(said)) {
    return absl::StrCat(server, " refuses the password of the role ", role,
                        ": put the right one into DATABASE_URL");
  }
  if (SaysAny(said, {"permission denied for database"})) {
    return absl::StrCat(server, ": the role ", role, " may not connect to the database ", database,
                        ": `grant connect on database ", database, " to ", role, "`");
  }
  if (SaysAny(said, {"too many clients", "connection slots", "too many connections"})) {
    return absl::StrCat(server,
                        " has no connection left: raise its max_connections, or lower "
                        "DRAMATIS_DATABASE_CONNECTIONS");
  }
  if (SaysAny(said, {"starting up", "shutting down", "recovery mode"})) {
    return absl::StrCat(server, " takes no connections yet (", Said(place, said),
                        "): wait, or look into its log");
  }
  return "";
}

// What lies before the server.
std::string Unreached(const Place& place, std::string_view said) {
  if (SaysAny(said, {"Connection refused", "No such file or directory"})) {
    return absl::StrCat("nothing listens at ", place.Server(),
                        ": start PostgreSQL there, or put the right host and port into "
                        "DATABASE_URL");
  }
  if (SaysAny(said, {"could not translate host name"})) {
    return absl::StrCat("the host of ", place.Server(),
                        " is unknown: put the right one into DATABASE_URL, or look after the "
                        "name service");
  }
  if (SaysAny(said, {"timeout expired", "timed out", "unreachable", "No route to host"})) {
    return absl::StrCat("PostgreSQL at ", place.Server(),
                        " does not answer: look whether that host runs and lets this one in, or "
                        "put the right one into DATABASE_URL");
  }
  return "";
}

}  // namespace

bool PasswordRefused(std::string_view said) {
  return SaysAny(said, {"authentication failed"});
}

std::string PostgresConnectProblem(const std::string& url, std::string_view said) {
  const Place place = PlaceOf(url);
  if (!place.readable) return kBrokenUrl;
  if (std::string problem = Refused(place, said); !problem.empty()) return problem;
  if (std::string problem = Unreached(place, said); !problem.empty()) return problem;
  // Also a server that says it in another language.
  return absl::StrCat("cannot connect to PostgreSQL at ", place.Server(), ", database \"",
                      place.database, "\", role \"", place.role, "\": ", Said(place, said));
}

std::string PostgresStatementProblem(const std::string& url,
                                     const std::string& sqlstate,
                                     std::string_view said) {
  const Place place = PlaceOf(url);
  if (!place.readable) return "";
  const std::string server =
      absl::StrCat("PostgreSQL at ", place.Server(), ", database \"", place.database, "\"");
  // 3F000 comes of a schema that the role may not use: none is left to make a table in.
  if (sqlstate == "42501" || sqlstate == "3F000") {
    return absl::StrCat(
        server, ": the role \"", place.role, "\" lacks a right (", Said(place, said),
        "): migrate as the role that owns the database, or let that one `grant create on database "
        "\"",
        place.database, "\" to \"", place.role,
        "\"`; for a schema that is there, `grant all on` "
        "it and its tables");
  }
  if (sqlstate == "25006") {
    return absl::StrCat(server,
                        " takes no writes, as a standby does: put the primary into DATABASE_URL, "
                        "or both with ?target_session_attrs=read-write");
  }
  if (sqlstate == "53100") {
    return absl::StrCat(server, ": its disk is full: make room there");
  }
  if (absl::StartsWith(sqlstate, "53") || absl::StartsWith(sqlstate, "58")) {
    return absl::StrCat(server, ": ", Said(place, said), " (", sqlstate,
                        "): look into the server's log");
  }
  return "";
}

}  // namespace dramatis::sql
