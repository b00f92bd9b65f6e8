// Settings from environment variables, every problem reported at once.
//
//   Settings settings(environment);
//   config.grpc_address = settings.Text("DRAMATIS_GRPC_ADDRESS", "127.0.0.1:50051");
//   config.workers = settings.Integer("DRAMATIS_WORKERS", 16, 1, 1024);
//   if (absl::Status status = settings.Check(deployment); !status.ok()) return status;
//
// A variable named DRAMATIS_... that nobody knows is a problem; those that other programs of the
// deployment read are none, so that one environment can serve all of them. Values are never part of
// a message, since some are secrets.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/config/deployment.h"

namespace dramatis {

using Environment = std::map<std::string, std::string>;

// The process's environment.
Environment SystemEnvironment();

class Settings {
 public:
  explicit Settings(Environment environment);

  // The variable's value, or `fallback` where unset or empty.
  std::string Text(const std::string& name, const std::string& fallback = "");
  // One of `allowed`.
  std::string Choice(const std::string& name,
                     const std::string& fallback,
                     const std::vector<std::string>& allowed);
  int Integer(const std::string& name, int fallback, int least, int most);
  // `true` or `false`.
  bool Flag(const std::string& name, bool fallback);
  // A duration such as `250ms`, `5s`, `2m`.
  absl::Duration Duration(const std::string& name,
                          absl::Duration fallback,
                          absl::Duration least,
                          absl::Duration most);
  // `host:port`, port 0..65535; IPv6 hosts in brackets.
  std::string Address(const std::string& name, const std::string& fallback);
  // The parts of a comma-separated list, trimmed, empty parts left out.
  std::vector<std::string> List(const std::string& name, const std::string& fallback = "");
  // A secret: the content of the file that `<name>_FILE` names (a trailing line end removed), or
  // the variable itself where the environment is `local`. Empty where neither is set.
  std::string Secret(const std::string& name);

  // Notes a problem of the caller's own finding.
  void Problem(const std::string& name, const std::string& what);
  // OK, or INVALID_ARGUMENT whose message lists each problem on a line of its own: also DRAMATIS_
  // variables that nobody has read and `deployment` does not know.
  absl::Status Check(const Deployment& deployment = Deployment()) const;

 private:
  Environment environment_;
  std::set<std::string> read_;
  std::vector<std::string> problems_;
};

// Mutual TLS between programs; PEM files, empty where it is off.
struct GrpcTlsSettings {
  std::string certificate_file = {};
  std::string key_file = {};
  std::string ca_file = {};
  bool mesh = false;   // a service mesh does it
  bool given = false;  // a file is named, whether it can be used or not
};

// Settings that every program has.
struct CommonConfig {
  std::string environment = "local";  // local, staging, production
  std::string log_level = "info";
  std::string data_dir = "./data";
  // Empty: SQLite files in the data folder.
  std::string database_url;
  // Where that is read again: `file:` and a path, or `aws-secretsmanager:` and a name; empty where
  // it stays as it is.
  std::string database_url_reference;
  // What it is now: sql::DatabaseOptions::current_url.
  std::function<std::string(const std::string& refused)> current_database_url = nullptr;
  // Whom `migrate` lets read and write the rows of the tables; empty: only the owner.
  std::string database_role;
  std::string management_address = "127.0.0.1:9090";
  // Threads of each service.
  int workers = 16;
  // Most database connections of each service.
  int database_connections = 16;
  // Calls that may wait for a thread before further ones are refused.
  int queue = 1024;
  // How long calls may wait for a thread where more come than are answered, before further ones are
  // refused: see shared/executor/queue_delay.h.
  std::chrono::milliseconds queue_delay{100};
  // Admins may migrate and seed databases through the API.
  bool admin_mutations = true;
  // Nobody can come in but with a key: there is no issuer.
  bool keys_needed = false;
  // Between pings to the other side of an open call: see shared/rpc/keepalive.h.
  absl::Duration grpc_keepalive = absl::Seconds(20);
  GrpcTlsSettings grpc_tls = {};
  // How long a program waits for calls under way before it ends.
  absl::Duration drain = absl::Seconds(20);

  // Reads what a setting refers to in place of a value; an error is for people.
  using ReadSecret = std::function<absl::StatusOr<std::string>(const std::string& reference)>;

  // `default_management_port` differs by program. Notes problems in `settings`.
  static CommonConfig From(Settings& settings,
                           int default_management_port,
                           const ReadSecret& read_secret = nullptr);
};

// Why a URL cannot be a database's in this environment; empty where it can.
std::string DatabaseUrlProblem(const std::string& environment, const std::string& url);

}  // namespace dramatis
