// append-load: appends messages with their turns through conversation's store, and says how fast.
//
//   append-load --url postgresql://... prepare [--clients 16]
//   append-load --url postgresql://... script           prints the same SQL as a pgbench script
//   append-load --url postgresql://... run [--clients 16] [--seconds 3]
//
// One append is the store's two transactions of a chat: the user's message with its turn, then the
// reply that ends the turn. Each client has a conversation of its own, and a connection. `run`
// prints one line of JSON: {"appends": n, "seconds": s}; it fails if any append does, or if a
// conversation does not hold exactly two messages for each append afterwards.
//
// The script is what the store really sends: a run of one append is recorded, and what differs
// between clients and appends is replaced by pgbench's variables `client_id` and `n`.

#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "bench/load/arguments.h"
#include "embedded/conversation_migrations.h"
#include "services/conversation/events/feed.h"
#include "services/conversation/sql/store.h"
#include "services/conversation/sql/turn_store.h"
#include "shared/sql/database.h"
#include "shared/status/macros.h"

namespace dramatis::bench {
namespace {

using conversation::SessionRow;
using conversation::SqlStore;
using conversation::SqlTurnStore;

// Stand for a client's number and an append's in the ids of the recorded run.
constexpr char kClient[] = "@C";
constexpr char kAppend[] = "@N";
// Where the messages of the recorded conversation begin: no other number in it is as great.
constexpr int kFirstSequence = 770'000;

struct Options {
  std::string url;
  std::string command;
  int clients = 16;
  int seconds = 3;
};

struct Recorded {
  std::string text;
  std::vector<sql::Value> parameters;
};

// Passes statements on and keeps them.
class RecordingTransaction : public sql::Transaction {
 public:
  RecordingTransaction(sql::Transaction& inner, std::vector<Recorded>& log)
      : inner_(inner), log_(log) {}

  absl::StatusOr<sql::Rows> Execute(const sql::Statement& statement,
                                    const std::vector<sql::Value>& parameters) override {
    log_.push_back({statement.For(inner_.engine()), parameters});
    return inner_.Execute(statement, parameters);
  }
  absl::StatusOr<sql::Rows> ExecuteText(const std::string& text,
                                        const std::vector<sql::Value>& parameters) override {
    log_.push_back({text, parameters});
    return inner_.ExecuteText(text, parameters);
  }
  int64_t affected() const override { return inner_.affected(); }
  sql::Engine engine() const override { return inner_.engine(); }

 private:
  sql::Transaction& inner_;
  std::vector<Recorded>& log_;
};

class RecordingDatabase : public sql::Database {
 public:
  explicit RecordingDatabase(sql::Database& inner) : inner_(inner) {}

  absl::StatusOr<std::vector<std::string>> Migrate(
      const std::vector<sql::Migration>& migrations) override {
    return inner_.Migrate(migrations);
  }
  absl::StatusOr<sql::SchemaState> CheckSchema(
      const std::vector<sql::Migration>& migrations) override {
    return inner_.CheckSchema(migrations);
  }
  sql::Engine engine() const override { return inner_.engine(); }
  absl::Status Ping() override { return inner_.Ping(); }

  std::vector<Recorded> log;

 protected:
  // As PostgreSQL's connection does it, see shared/sql/postgres/connection.cc.
  absl::Status RunTransaction(
      Mode mode, const std::function<absl::Status(sql::Transaction&)>& function) override {
    const auto recorded = [&](sql::Transaction& tx) {
      RecordingTransaction recording(tx, log);
      return function(recording);
    };
    if (mode == Mode::kRead) return inner_.Read(recorded);
    log.push_back({"begin isolation level read committed, read write", {}});
    DRAMATIS_RETURN_IF_ERROR(inner_.Write(recorded));
    log.push_back({"commit", {}});
    return absl::OkStatus();
  }

 private:
  sql::Database& inner_;
};

SessionRow Conversation(const std::string& client) {
  SessionRow row;
  row.conversation_id = absl::StrCat("c", client);
  row.user_id = absl::StrCat("u", client);
  row.session_id = absl::StrCat("s", client);
  row.persona_id = "p";
  row.persona_name = "Persona";
  row.title = "Appending";
  row.created_at = row.last_activity_at = absl::Now();
  row.ttl = absl::Hours(24);
  row.expires_at = row.created_at + row.ttl;
  return row;
}

absl::Status CreateSession(SqlStore& store, const std::string& client) {
  const CallContext call;
  const conversation::v1::CreateSessionRequest request;
  return store
      .CreateSession(Conversation(client),
                     conversation::Idempotency{call, "CreateSession", request})
      .status();
}

absl::Status Append(SqlTurnStore& store, const std::string& client, const std::string& number) {
  const std::string suffix = absl::StrCat(client, "-", number);
  CallContext call;
  call.identity.user_id = absl::StrCat("u", client);
  call.idempotency_key = absl::StrCat("k", suffix);
  const conversation::v1::ChatRequest request;
  conversation::NewTurn turn;
  turn.conversation_id = absl::StrCat("c", client);
  turn.turn_id = absl::StrCat("t", suffix);
  turn.message_id = absl::StrCat("m", suffix);
  turn.message = "What do you work on?";
  turn.now = absl::Now();
  turn.lease = {"worker", "127.0.0.1:50052", turn.now + absl::Seconds(15)};
  DRAMATIS_RETURN_IF_ERROR(store.StartTurn(turn, {call, "Chat", request}).status());
  conversation::TurnEnd end;
  end.turn = {turn.conversation_id, turn.turn_id, 1};
  end.text = "On an engine that weaves algebraic patterns.";
  end.message_id = absl::StrCat("r", suffix);
  end.persona_id = "p";
  end.finish_reason = "stop";
  end.model = "local";
  end.now = absl::Now();
  DRAMATIS_ASSIGN_OR_RETURN(const conversation::EndedTurn ended, store.EndTurn(end, nullptr));
  return ended.result == conversation::EndResult::kEnded
             ? absl::OkStatus()
             : absl::InternalError("the lease was lost");
}

std::string TextLiteral(const std::string& text) {
  const std::string quoted = absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
  const std::string varied =
      absl::StrReplaceAll(quoted, {{kClient, "' || :client_id || '"}, {kAppend, "' || :n || '"}});
  return varied == quoted ? quoted : absl::StrCat("(", varied, ")");
}

std::string Literal(const sql::Value& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const {
      const int64_t sequence = v - kFirstSequence;
      if (sequence < 0 || sequence > 2) return absl::StrCat(v);
      return absl::StrCat("(:n * 2 + ", sequence, ")");
    }
    std::string operator()(double v) const { return absl::StrCat(v); }
    std::string operator()(const std::string& v) const { return TextLiteral(v); }
    std::string operator()(const sql::Bytes& v) const {
      const absl::string_view bytes(v.data);
      return absl::StrCat("cast('\\x", absl::BytesToHexString(bytes), "' as bytea)");
    }
  };
  return std::visit(Visitor(), value.data());
}

std::string WithLiterals(const Recorded& recorded) {
  std::string text = recorded.text;
  // From the last on, so that $1 does not begin $12.
  for (size_t i = recorded.parameters.size(); i > 0; --i) {
    text = absl::StrReplaceAll(text, {{absl::StrCat("$", i), Literal(recorded.parameters[i - 1])}});
  }
  return text;
}

absl::Status PrintScript(sql::Database& database) {
  SqlStore plain(database);
  DRAMATIS_RETURN_IF_ERROR(CreateSession(plain, kClient));
  DRAMATIS_RETURN_IF_ERROR(database.Write([&](sql::Transaction& tx) {
    return tx
        .ExecuteText("update conversations set last_sequence = $1 where conversation_id = $2",
                     {kFirstSequence, absl::StrCat("c", kClient)})
        .status();
  }));
  RecordingDatabase recording(database);
  conversation::LocalRoomFeed feed;
  SqlTurnStore store(recording, feed);
  DRAMATIS_RETURN_IF_ERROR(Append(store, kClient, kAppend));
  for (const Recorded& recorded : recording.log)
    std::cout << WithLiterals(recorded) << ";\n";
  std::cout << "\\set n :n + 1\n";
  return absl::OkStatus();
}

absl::Status CheckMessages(sql::Database& database, int client, int appends) {
  DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows, database.Read([&](sql::Transaction& tx) {
    return tx.ExecuteText("select count(*), max(sequence) from messages where conversation_id = $1",
                          {absl::StrCat("c", client)});
  }));
  const int64_t expected = int64_t{2} * appends;
  if (rows[0].Int64(0) == expected && rows[0].Int64(1) == expected) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("conversation ", client, " holds ", rows[0].Int64(0),
                                          " messages instead of ", expected));
}

absl::Status CreateConversations(sql::Database& database, int clients) {
  SqlStore store(database);
  for (int i = 0; i < clients; ++i) {
    DRAMATIS_RETURN_IF_ERROR(CreateSession(store, absl::StrCat(i)));
  }
  return absl::OkStatus();
}

int64_t OwnCpuMicros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) { return int64_t{t.tv_sec} * 1'000'000 + t.tv_usec; };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

absl::Status RunClients(sql::Database& database, const Options& options) {
  using SteadyClock = std::chrono::steady_clock;
  DRAMATIS_RETURN_IF_ERROR(CreateConversations(database, options.clients));
  conversation::LocalRoomFeed feed;
  SqlTurnStore store(database, feed);
  std::vector<int> appends(options.clients);
  std::vector<absl::Status> results(options.clients);
  SteadyClock::time_point began;
  int64_t cpu = 0;
  std::barrier connected(options.clients, [&]() noexcept {
    cpu = OwnCpuMicros();
    began = SteadyClock::now();
  });
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(options.clients));
  for (int i = 0; i < options.clients; ++i) {
    threads.emplace_back([&, i] {
      // The first append connects, and is not counted.
      results[i] = Append(store, absl::StrCat(i), "first");
      connected.arrive_and_wait();
      while (results[i].ok() &&
             SteadyClock::now() - began < std::chrono::seconds(options.seconds)) {
        results[i] = Append(store, absl::StrCat(i), absl::StrCat(appends[i]));
        if (results[i].ok()) ++appends[i];
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  const std::chrono::duration<double> took = SteadyClock::now() - began;
  cpu = OwnCpuMicros() - cpu;
  int total = 0;
  for (int i = 0; i < options.clients; ++i) {
    DRAMATIS_RETURN_IF_ERROR(results[i]);
    DRAMATIS_RETURN_IF_ERROR(CheckMessages(database, i, appends[i] + 1));
    total += appends[i];
  }
  std::cout << "{\"appends\": " << total << ", \"seconds\": " << took.count()
            << ", \"cpu_us\": " << cpu << "}\n";
  return absl::OkStatus();
}

absl::Status Run(const Options& options) {
  sql::DatabaseOptions database_options;
  database_options.url = options.url;
  database_options.schema = "conversation";
  database_options.connections = options.clients;
  DRAMATIS_ASSIGN_OR_RETURN(const auto database, sql::Database::Open(database_options));
  DRAMATIS_RETURN_IF_ERROR(database->Migrate(embedded::conversation_migrations()).status());
  if (options.command == "prepare") return CreateConversations(*database, options.clients);
  if (options.command == "script") return PrintScript(*database);
  return RunClients(*database, options);
}

bool Parse(const std::vector<std::string>& arguments, Options& options) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "prepare" || arguments[i] == "script" || arguments[i] == "run") {
      options.command = arguments[i];
      continue;
    }
    if (i + 1 == arguments.size()) return false;
    const std::string& name = arguments[i];
    const std::string& value = arguments[++i];
    if (name == "--url") {
      options.url = value;
    } else if (name == "--clients") {
      if (!ReadNumber(value, options.clients)) return false;
    } else if (name == "--seconds") {
      if (!ReadNumber(value, options.seconds)) return false;
    } else {
      return false;
    }
  }
  return !options.url.empty() && !options.command.empty() && options.clients > 0;
}

}  // namespace
}  // namespace dramatis::bench

int main(int argc, char** argv) {
  dramatis::bench::Options options;
  if (!dramatis::bench::Parse({argv + 1, argv + argc}, options)) {
    std::cerr << "usage: append-load --url <postgresql://...> prepare|script|run"
                 " [--clients <n>] [--seconds <s>]\n";
    return 2;
  }
  if (const absl::Status status = dramatis::bench::Run(options); !status.ok()) {
    std::cerr << "append-load: " << status << "\n";
    return 1;
  }
}
