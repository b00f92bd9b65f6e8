#include "shared/config/environment.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "shared/config/certificates.h"
#include "shared/config/watched_file.h"

namespace dramatis {
namespace {

constexpr char kEnvironment[] = "DRAMATIS_ENVIRONMENT";
constexpr char kLocal[] = "local";
constexpr char kPrefix[] = "DRAMATIS_";
constexpr char kFileSuffix[] = "_FILE";
constexpr char kDatabaseUrl[] = "DATABASE_URL";
constexpr char kFileReference[] = "file:";
constexpr char kAwsReference[] = "aws-secretsmanager:";

struct HostAndPort {
  std::string host;  // without brackets
  int port = -1;     // -1 where the text is malformed
};

HostAndPort SplitAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return {};
  std::string host = address.substr(0, colon);
  const std::string digits = address.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string::npos) return {};
  } else if (host.find_first_of("[]:/ ") != std::string::npos) {
    return {};
  }
  int port = 0;
  if (digits.empty() || digits.size() > 5 || !absl::c_all_of(digits, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return {};
  }
  return {std::move(host), port};
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (absl::StartsWith(host, "127.") &&
          host.find_first_not_of("0123456789.") == std::string::npos);
}

// Whether the way to the database is ours alone: a server on this machine, or one whose certificate
// is verified (https://www.postgresql.org/docs/15/libpq-ssl.html).
bool IsPrivateWay(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return true;  // no address at all, which is told elsewhere
  const size_t begin = scheme + 3;
  const size_t end = std::min(url.find_first_of("/?", begin), url.size());
  const std::string query = url.substr(std::min(url.find('?', begin), url.size()));
  for (const auto& parameter : absl::StrSplit(query, absl::ByAnyChar("?&"))) {
    if (parameter == "sslmode=verify-full") return true;
    // Another host than the one that is looked at here.
    if (absl::StartsWith(parameter, "host")) return false;
  }
  const std::string authority = url.substr(begin, end - begin);
  const size_t at = authority.rfind('@');
  const std::vector<std::string> hosts =
      absl::StrSplit(at == std::string::npos ? authority : authority.substr(at + 1), ',');
  return absl::c_all_of(hosts, [](const std::string& host) {
    if (host.empty() || host[0] == ':' || absl::StartsWith(host, "%2F")) return true;  // a socket
    return IsLoopback(SplitAddress(host.back() == ']' || host.find(':') == std::string::npos
                                       ? host + ":5432"
                                       : host)
                          .host);
  });
}

// All three files or none.
GrpcTlsSettings ReadGrpcTls(Settings& settings) {
  constexpr char kCertificate[] = "DRAMATIS_GRPC_TLS_CERTIFICATE_FILE";
  constexpr char kKey[] = "DRAMATIS_GRPC_TLS_KEY_FILE";
  constexpr char kAuthorities[] = "DRAMATIS_GRPC_TLS_CA_FILE";
  GrpcTlsSettings tls;
  tls.mesh = settings.Choice("DRAMATIS_GRPC_TLS", "files", {"files", "mesh"}) == "mesh";
  const std::string certificate = settings.Text(kCertificate);
  const std::string key = settings.Text(kKey);
  const std::string authorities = settings.Text(kAuthorities);
  if (certificate.empty() && key.empty() && authorities.empty()) return tls;
  tls.given = true;
  if (tls.mesh) settings.Problem("DRAMATIS_GRPC_TLS", "is mesh: unset the three TLS files");
  bool whole = true;
  for (const char* name : {kCertificate, kKey, kAuthorities}) {
    if (!settings.Text(name).empty()) continue;
    settings.Problem(name, "must be set where another of the three DRAMATIS_GRPC_TLS files is");
    whole = false;
  }
  if (!whole) return tls;
  if (const absl::Status fits = CheckCertificate(certificate, key); !fits.ok()) {
    settings.Problem(absl::StrContains(fits.message(), key) ? kKey : kCertificate,
                     absl::StrCat("cannot be used: ", fits.message()));
  }
  if (const absl::Status good = CheckAuthorities(authorities); !good.ok()) {
    settings.Problem(kAuthorities, absl::StrCat("cannot be used: ", good.message()));
  }
  tls.certificate_file = certificate;
  tls.key_file = key;
  tls.ca_file = authorities;
  return tls;
}

constexpr absl::Duration kDay = absl::Hours(24);

// As absl::ParseDuration; also whole days, `30d`.
bool ParseDuration(const std::string& text, absl::Duration& value) {
  int days = 0;
  if (text.ends_with('d') && absl::SimpleAtoi(text.substr(0, text.size() - 1), &days)) {
    value = days * kDay;
    return true;
  }
  return absl::ParseDuration(text, &value);
}

}  // namespace

Environment SystemEnvironment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Settings::Settings(Environment environment) : environment_(std::move(environment)) {}

std::string Settings::Text(const std::string& name, const std::string& fallback) {
  read_.insert(name);
  const auto found = environment_.find(name);
  return found == environment_.end() || found->second.empty() ? fallback : found->second;
}

std::string Settings::Choice(const std::string& name,
                             const std::string& fallback,
                             const std::vector<std::string>& allowed) {
  std::string value = Text(name, fallback);
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  Problem(name, absl::StrCat("must be one of ", absl::StrJoin(allowed, ", ")));
  return fallback;
}

int Settings::Integer(const std::string& name, int fallback, int least, int most) {
  const std::string text = Text(name);
  if (text.empty()) return fallback;
  int value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return value;
  Problem(name, absl::StrCat("must be a whole number from ", least, " to ", most));
  return fallback;
}

bool Settings::Flag(const std::string& name, bool fallback) {
  return Choice(name, fallback ? "true" : "false", {"true", "false"}) == "true";
}

absl::Duration Settings::Duration(const std::string& name,
                                  absl::Duration fallback,
                                  absl::Duration least,
                                  absl::Duration most) {
  const std::string text = Text(name);
  if (text.empty()) return fallback;
  absl::Duration value;
  if (ParseDuration(text, value) && value >= least && value <= most) return value;
  Problem(name, absl::StrCat("must be a duration from ", absl::FormatDuration(least), " to ",
                             absl::FormatDuration(most), ", such as ",
                             most > kDay ? "90m, 12h or 30d" : "250ms, 5s or 2m"));
  return fallback;
}

std::string Settings::Address(const std::string& name, const std::string& fallback) {
  std::string value = Text(name, fallback);
  if (value.empty() || SplitAddress(value).port >= 0) return value;
  Problem(name, "must be host:port with a port from 0 to 65535, an IPv6 host in brackets");
  return fallback;
}

std::vector<std::string> Settings::List(const std::string& name, const std::string& fallback) {
  std::vector<std::string> parts;
  for (const auto& part : absl::StrSplit(Text(name, fallback), ',')) {
    const auto trimmed = absl::StripAsciiWhitespace(part);
    if (!trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

std::string Settings::Secret(const std::string& name) {
  const std::string file_name = name + kFileSuffix;
  const std::string path = Text(file_name);
  std::string value = Text(name);
  if (path.empty()) {
    if (value.empty() || Text(kEnvironment, kLocal) == kLocal) return value;
    Problem(name, absl::StrCat("may only be set in the environment local; put it into a file and "
                               "name that in ",
                               file_name));
    return "";
  }
  if (!value.empty()) {
    Problem(name, absl::StrCat("is set and so is ", file_name, "; set one of them"));
    return "";
  }
  absl::StatusOr<std::string> content = WatchedFile(path).Read();
  if (!content.ok()) {
    Problem(file_name, absl::StrCat("cannot be used: ", content.status().message()));
    return "";
  }
  value = *std::move(content);
  if (!value.empty() && value.back() == '\n') value.pop_back();
  if (!value.empty() && value.back() == '\r') value.pop_back();
  if (value.empty()) Problem(file_name, absl::StrCat("cannot be used: ", path, " is empty"));
  return value;
}

void Settings::Problem(const std::string& name, const std::string& what) {
  std::string problem = absl::StrCat(name, " ", what);
  // Several parts of a program read some variables.
  if (!absl::c_linear_search(problems_, problem)) problems_.push_back(std::move(problem));
}

absl::Status Settings::Check(const Deployment& deployment) const {
  std::vector<std::string> problems = problems_;
  for (const auto& [name, value] : environment_) {
    const bool known = read_.contains(name) || deployment.Knows(name);
    if (!absl::StartsWith(name, kPrefix) || known) continue;
    const std::string suggestion = deployment.Suggest(name);
    problems.push_back(absl::StrCat(name, " is not a setting",
                                    suggestion.empty() ? "" : "; did you mean ", suggestion,
                                    suggestion.empty() ? "" : "?"));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

std::string DatabaseUrlProblem(const std::string& environment, const std::string& url) {
  if (!absl::StartsWith(url, "postgresql://") && !absl::StartsWith(url, "postgres://")) {
    return "must be postgresql://..., or unset for SQLite under the data folder";
  }
  if (environment == kLocal || IsPrivateWay(url)) return "";
  return "must have ?sslmode=verify-full where DRAMATIS_ENVIRONMENT is not local and the server "
         "is on another machine";
}

namespace {

// The variable is the URL itself, in `local`, or refers to it; or DATABASE_URL_FILE names its file.
void ReadDatabaseUrl(Settings& settings,
                     const CommonConfig::ReadSecret& read_secret,
                     CommonConfig& config) {
  const std::string text = settings.Text(kDatabaseUrl);
  if (absl::StartsWith(text, kFileReference) || absl::StartsWith(text, kAwsReference)) {
    if (read_secret == nullptr) return;
    const absl::StatusOr<std::string> read = read_secret(text);
    if (!read.ok()) return settings.Problem(kDatabaseUrl, std::string(read.status().message()));
    config.database_url = *read;
    config.database_url_reference = text;
  } else {
    config.database_url = settings.Secret(kDatabaseUrl);
    const std::string file = settings.Text(absl::StrCat(kDatabaseUrl, kFileSuffix));
    if (!file.empty()) config.database_url_reference = absl::StrCat(kFileReference, file);
  }
  if (config.database_url.empty()) return;
  const std::string problem = DatabaseUrlProblem(config.environment, config.database_url);
  if (!problem.empty()) settings.Problem(kDatabaseUrl, problem);
}

}  // namespace

CommonConfig CommonConfig::From(Settings& settings,
                                int default_management_port,
                                const ReadSecret& read_secret) {
  CommonConfig config;
  config.environment = settings.Choice(kEnvironment, kLocal, {kLocal, "staging", "production"});
  config.log_level =
      settings.Choice("DRAMATIS_LOG_LEVEL", "info", {"debug", "info", "warning", "error"});
  config.data_dir = settings.Text("DRAMATIS_DATA_DIR", "./data");
  ReadDatabaseUrl(settings, read_secret, config);
  config.database_role = settings.Text("DRAMATIS_DATABASE_ROLE");
  if (!config.database_role.empty() && settings.Text(kDatabaseUrl).empty() &&
      config.database_url.empty()) {
    settings.Problem("DRAMATIS_DATABASE_ROLE",
                     "is for PostgreSQL: DATABASE_URL must be set where it is");
  }
  config.management_address = settings.Address("DRAMATIS_MANAGEMENT_ADDRESS",
                                               absl::StrCat("127.0.0.1:", default_management_port));
  config.workers = settings.Integer("DRAMATIS_WORKERS", 16, 1, 1024);
  config.database_connections =
      settings.Integer("DRAMATIS_DATABASE_CONNECTIONS", config.workers, 1, 1024);
  config.queue = settings.Integer("DRAMATIS_QUEUE", 1024, 0, 1'000'000);
  config.queue_delay = absl::ToChronoMilliseconds(
      settings.Duration("DRAMATIS_QUEUE_DELAY", absl::FromChrono(config.queue_delay),
                        absl::Milliseconds(1), absl::Hours(1)));
  config.admin_mutations = settings.Flag("DRAMATIS_ADMIN_MUTATIONS", config.environment == "local");
  config.grpc_keepalive = settings.Duration("DRAMATIS_GRPC_KEEPALIVE", config.grpc_keepalive,
                                            absl::Seconds(1), absl::Minutes(1));
  config.grpc_tls = ReadGrpcTls(settings);
  config.drain = settings.Duration("DRAMATIS_DRAIN_TIMEOUT", absl::Seconds(20),
                                   absl::ZeroDuration(), absl::Minutes(10));
  const auto demand_loopback = [&](const char* name, const char* why) {
    const HostAndPort address = SplitAddress(settings.Text(name, "127.0.0.1:0"));
    if (address.port < 0 || IsLoopback(address.host)) return;
    settings.Problem(name,
                     absl::StrCat("must be on loopback (127.0.0.1, [::1] or localhost): ", why));
  };
  if (config.environment == kLocal) {
    for (const char* name :
         {"DRAMATIS_HTTP_ADDRESS", "DRAMATIS_GRPC_ADDRESS", "DRAMATIS_MANAGEMENT_ADDRESS"}) {
      demand_loopback(name, "the environment local runs without credentials");
    }
  } else {
    if (!config.grpc_tls.given && !config.grpc_tls.mesh) {
      demand_loopback("DRAMATIS_GRPC_ADDRESS",
                      "gRPC without TLS is for this machine; see DRAMATIS_GRPC_TLS");
    }
  }
  return config;
}

}  // namespace dramatis
