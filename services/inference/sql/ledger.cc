#include "services/inference/sql/ledger.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/digest/sha256.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

constexpr char kUserAccount[] = "";
constexpr char kDeploymentAccount[] = "deployment";

// Adds to an account: $3 the month, $4 spent and $5 reserved micros, $6 the minute, $7 tokens. What
// an earlier month or minute counted counts no longer. It begins each transaction on an account, so
// that others wait for it.
constexpr sql::Statement kAddToAccount = {R"(
  update accounts
  set month = case when month < $3 then $3 else month end,
    spent_micros = case when month < $3 then 0 else spent_micros end + $4,
    reserved_micros = reserved_micros + $5,
    minute = case when minute < $6 then $6 else minute end,
    minute_tokens = case when minute < $6 then 0 else minute_tokens end + $7
  where user_id = $1 and account = $2
  returning spent_micros, reserved_micros, minute_tokens, monthly_budget_micros,
    tokens_per_minute, forgotten)"};

// What was spent before there were accounts is in `usage`.
constexpr sql::Statement kOpenUserAccount = {R"(
  insert into accounts (
    user_id, account, month, spent_micros, reserved_micros, minute, minute_tokens, version)
  values ($1, '', $2, (
    select cast(coalesce(sum(cost_micros), 0) as bigint)
    from usage
    where user_id = $1 and create_time >= $2), 0, 0, 0, 0)
  on conflict (user_id, account) do nothing)"};

constexpr sql::Statement kOpenDeploymentAccount = {R"(
  insert into accounts (
    user_id, account, month, spent_micros, reserved_micros, minute, minute_tokens, version)
  values ('', 'deployment', $1, (
    select cast(coalesce(sum(cost_micros), 0) as bigint)
    from usage
    where create_time >= $1), 0, 0, 0, 0)
  on conflict (user_id, account) do nothing)"};

constexpr sql::Statement kOpenKeyAccount = {R"(
  insert into accounts (
    user_id, account, month, spent_micros, reserved_micros, minute, minute_tokens, version)
  values ($1, $2, $3, 0, 0, 0, 0, 0)
  on conflict (user_id, account) do nothing)"};

constexpr sql::Statement kInsertReservation = {R"(
  insert into reservations (
    user_id, reservation_id, key_id, deployment, micros, tokens, minute, holder)
  values ($1, $2, $3, $4, $5, $6, $7, $8))"};

constexpr sql::Statement kDeleteReservation = {R"(
  delete from reservations
  where user_id = $1 and reservation_id = $2
  returning key_id, deployment, micros, tokens, minute)"};

constexpr sql::Statement kInsertUsage = {R"(
  insert into usage (
    user_id, turn_key, persona_id, model, input_tokens, output_tokens, cached_tokens,
    cost_micros, estimated, finish_reason, create_time, key_id, written_tokens, prices)
  select cast($1 as text), cast($2 as text), cast($3 as text), cast($4 as text),
    cast($5 as bigint), cast($6 as bigint), cast($7 as bigint), cast($8 as bigint),
    cast($9 as boolean), cast($10 as text), cast($11 as bigint), cast($12 as text),
    cast($13 as bigint), cast($14 as text)
  where not exists (
    select 1 from forgotten_users where user_hash = $15 and forgotten_at >= $16)
  on conflict (user_id, turn_key) do nothing)"};

// Whether the account of the user was deleted after a call had begun.
constexpr sql::Statement kWasForgotten = {R"(
  select count(*) from forgotten_users where user_hash = $1 and forgotten_at >= $2)"};

// The user is here again.
constexpr sql::Statement kRemember = {R"(
  update accounts
  set forgotten = false
  where user_id = $1 and account = '')"};

constexpr sql::Statement kSelectAccount = {R"(
  select month, spent_micros, reserved_micros, monthly_budget_micros, tokens_per_minute, version
  from accounts
  where user_id = $1 and account = '')"};

constexpr sql::Statement kSpentBefore = {R"(
  select cast(coalesce(sum(cost_micros), 0) as bigint)
  from usage
  where user_id = $1 and create_time >= $2)"};

constexpr sql::Statement kUpdateLimits = {R"(
  update accounts
  set monthly_budget_micros = $2, tokens_per_minute = $3, version = version + 1
  where user_id = $1 and account = '' and version = $4)"};

constexpr sql::Statement kRenewHolder = {R"(
  insert into reservation_holders (holder, expires_at)
  values ($1, $2)
  on conflict (holder) do update set expires_at = excluded.expires_at)"};

// Two statements rather than a join, so that the tables may be spread differently.
constexpr sql::Statement kSelectHolders = {R"(
  select distinct holder from reservations)"};

constexpr sql::Statement kIsAlive = {R"(
  select count(*) from reservation_holders where holder = $1 and expires_at > $2)"};

constexpr sql::Statement kSelectHeld = {R"(
  select user_id, reservation_id from reservations where holder = $1 limit $2)"};

// Long dead: kept for a day, so that whoever is only late finds itself.
constexpr sql::Statement kForgetHolders = {R"(
  delete from reservation_holders where expires_at < $1)"};
constexpr absl::Duration kKeepHolders = absl::Hours(24);

// No call that began before its user was forgotten is under way a day later.
constexpr sql::Statement kForgetForgotten = {R"(
  delete from forgotten_users where forgotten_at < $1)"};

// Sums of deleted accounts, of months that are over.
constexpr sql::Statement kForgetSums = {R"(
  delete from accounts
  where forgotten and month < $1 and reserved_micros = 0 and monthly_budget_micros is null
    and tokens_per_minute is null)"};

std::string KeyAccount(const std::string& key_id) {
  return absl::StrCat("key:", key_id);
}

// What changes in an account.
struct Change {
  int64_t spent = 0;
  int64_t reserved = 0;
  int64_t tokens = 0;
};

// What was spent, and from whose accounts.
struct Spending {
  std::string user_id;
  std::string key_id;
  bool of_deployment = false;
  int64_t micros = 0;
  int64_t tokens = 0;
};

// What a reservation held.
struct Held {
  bool found = false;
  std::string key_id = {};
  bool deployment = false;
  int64_t micros = 0;
  int64_t tokens = 0;
  absl::Time minute = absl::InfinitePast();
};

// An account after a change.
struct Balance {
  int64_t spent = 0;
  int64_t reserved = 0;
  int64_t minute_tokens = 0;
  Limits limits;  // those that were set
  bool forgotten = false;
};

std::optional<int64_t> OptionalInt64(const sql::Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional<int64_t>(row.Int64(column));
}

// One transaction's work on accounts.
class Accounts {
 public:
  Accounts(sql::Transaction& tx, absl::Time now) : tx_(tx), period_(PeriodOf(now)) {}

  absl::StatusOr<Balance> AddToUser(const std::string& user_id, const Change& change) {
    return Add(user_id, kUserAccount, change,
               [&] { return tx_.Execute(kOpenUserAccount, {user_id, period_.month}).status(); });
  }
  absl::StatusOr<Balance> AddToKey(const std::string& user_id,
                                   const std::string& key_id,
                                   const Change& change) {
    const std::string account = KeyAccount(key_id);
    return Add(user_id, account, change, [&] {
      return tx_.Execute(kOpenKeyAccount, {user_id, account, period_.month}).status();
    });
  }
  absl::StatusOr<Balance> AddToDeployment(const Change& change) {
    return Add("", kDeploymentAccount, change,
               [&] { return tx_.Execute(kOpenDeploymentAccount, {period_.month}).status(); });
  }
  // Opens the accounts that something is to be spent from, where they are not there.
  absl::Status Open(const std::string& user_id, const std::string& key_id, bool of_deployment) {
    DRAMATIS_RETURN_IF_ERROR(tx_.Execute(kOpenUserAccount, {user_id, period_.month}).status());
    if (!key_id.empty()) {
      DRAMATIS_RETURN_IF_ERROR(
          tx_.Execute(kOpenKeyAccount, {user_id, KeyAccount(key_id), period_.month}).status());
    }
    if (!of_deployment) return absl::OkStatus();
    return tx_.Execute(kOpenDeploymentAccount, {period_.month}).status();
  }
  // Adds what was spent. `freed`: the reservation that was made for it, and that is gone now.
  absl::Status Spend(const Spending& spending, const Held& freed) {
    // Tokens count in the minute in which they were reserved.
    const bool same_minute = freed.minute == period_.minute;
    Change change = {.spent = spending.micros,
                     .reserved = -freed.micros,
                     .tokens = same_minute ? spending.tokens - freed.tokens : 0};
    DRAMATIS_ASSIGN_OR_RETURN(const Balance user, AddToUser(spending.user_id, change));
    if (user.forgotten) {
      DRAMATIS_RETURN_IF_ERROR(tx_.Execute(kForgetEmptyAccount, {spending.user_id}).status());
    } else if (!spending.key_id.empty()) {
      DRAMATIS_RETURN_IF_ERROR(AddToKey(spending.user_id, spending.key_id, change).status());
    }
    if (!spending.of_deployment && !freed.deployment) return absl::OkStatus();
    if (!spending.of_deployment) change.spent = 0;
    if (!freed.deployment) change.reserved = 0;
    return AddToDeployment(change).status();
  }
  // Deletes a reservation; nothing held where there is none.
  absl::StatusOr<Held> TakeBack(const std::string& user_id, const std::string& reservation_id) {
    DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows,
                              tx_.Execute(kDeleteReservation, {user_id, reservation_id}));
    if (rows.empty()) return Held();
    const sql::Row& row = rows.front();
    return Held{.found = true,
                .key_id = row.Text(0),
                .deployment = row.Bool(1),
                .micros = row.Int64(2),
                .tokens = row.Int64(3),
                .minute = row.Time(4)};
  }
  // Gives up a reservation for nothing.
  absl::Status GiveUp(const std::string& user_id, const std::string& reservation_id) {
    DRAMATIS_ASSIGN_OR_RETURN(const Held held, TakeBack(user_id, reservation_id));
    if (!held.found) return absl::OkStatus();
    return Spend({.user_id = user_id, .key_id = held.key_id}, held);
  }
  const Period& period() const { return period_; }

 private:
  template <class Open>
  absl::StatusOr<Balance> Add(const std::string& user_id,
                              const std::string& account,
                              const Change& change,
                              Open open) {
    const std::vector<sql::Value> parameters = {user_id,      account,         period_.month,
                                                change.spent, change.reserved, period_.minute,
                                                change.tokens};
    DRAMATIS_ASSIGN_OR_RETURN(sql::Rows rows, tx_.Execute(kAddToAccount, parameters));
    if (rows.empty()) {
      DRAMATIS_RETURN_IF_ERROR(open());
      DRAMATIS_ASSIGN_OR_RETURN(rows, tx_.Execute(kAddToAccount, parameters));
    }
    const sql::Row& row = rows.at(0);
    return Balance{.spent = row.Int64(0),
                   .reserved = row.Int64(1),
                   .minute_tokens = row.Int64(2),
                   .limits = {OptionalInt64(row, 3), OptionalInt64(row, 4)},
                   .forgotten = row.Bool(5)};
  }

  sql::Transaction& tx_;
  const Period period_;
};

bool Exceeds(const Balance& balance, const std::optional<int64_t>& limit) {
  return limit.has_value() && balance.spent + balance.reserved > *limit;
}

std::optional<Refused> CheckUser(const Balance& balance,
                                 const ReservationAsk& ask,
                                 const Limits& defaults) {
  const std::optional<int64_t> monthly = balance.limits.monthly_micros.has_value()
                                             ? balance.limits.monthly_micros
                                             : defaults.monthly_micros;
  if (Exceeds(balance, monthly)) return Refused::kUserBudget;
  const std::optional<int64_t> tokens = balance.limits.tokens_per_minute.has_value()
                                            ? balance.limits.tokens_per_minute
                                            : defaults.tokens_per_minute;
  const bool alone = balance.minute_tokens <= ask.tokens && tokens.value_or(0) > 0;
  if (tokens.has_value() && balance.minute_tokens > *tokens && !alone) return Refused::kUserTokens;
  return std::nullopt;
}

absl::StatusOr<std::optional<Refused>> TryReserve(sql::Transaction& tx,
                                                  const ReservationAsk& ask,
                                                  const DefaultLimits& limits) {
  Accounts accounts(tx, ask.now);
  const std::string& user_id = ask.payer.user_id;
  const Change change = {.spent = 0, .reserved = ask.micros, .tokens = ask.tokens};
  DRAMATIS_ASSIGN_OR_RETURN(const Balance user, accounts.AddToUser(user_id, change));
  if (const auto refused = CheckUser(user, ask, limits.user)) return refused;
  if (user.forgotten) DRAMATIS_RETURN_IF_ERROR(tx.Execute(kRemember, {user_id}).status());
  if (!ask.payer.key_id.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const Balance key,
                              accounts.AddToKey(user_id, ask.payer.key_id, change));
    if (Exceeds(key, ask.payer.key_monthly_micros)) return Refused::kKeyBudget;
  }
  const bool of_deployment = limits.deployment_monthly_micros.has_value();
  if (of_deployment) {
    DRAMATIS_ASSIGN_OR_RETURN(const Balance all, accounts.AddToDeployment(change));
    if (Exceeds(all, limits.deployment_monthly_micros)) return Refused::kDeploymentBudget;
  }
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kInsertReservation, {user_id, ask.reservation_id, ask.payer.key_id, of_deployment,
                                      ask.micros, ask.tokens, accounts.period().minute, ask.holder})
          .status());
  return std::optional<Refused>();
}

}  // namespace

absl::StatusOr<std::optional<Refused>> SqlLedgerStore::Reserve(const ReservationAsk& ask,
                                                               const DefaultLimits& limits) {
  std::optional<Refused> refused;
  const absl::Status status = database_.WriteSoon([&](sql::Transaction& tx) -> absl::Status {
    refused.reset();
    // Rare: a call that goes on with another model, which may cost more.
    if (ask.replaces) {
      DRAMATIS_RETURN_IF_ERROR(Accounts(tx, ask.now).GiveUp(ask.payer.user_id, ask.reservation_id));
    }
    DRAMATIS_ASSIGN_OR_RETURN(refused, TryReserve(tx, ask, limits));
    // Rolls back.
    return refused.has_value() ? absl::CancelledError() : absl::OkStatus();
  });
  if (refused.has_value()) return refused;
  if (!status.ok()) return status;
  return std::optional<Refused>();
}

absl::Status SqlLedgerStore::Release(const ReservationName& name, absl::Time now) {
  return database_.WriteSoon([&](sql::Transaction& tx) {
    return Accounts(tx, now).GiveUp(name.user_id, name.reservation_id);
  });
}

absl::Status SqlLedgerStore::Settle(const UsageRow& row,
                                    const std::string& reservation_id,
                                    bool of_deployment,
                                    absl::Time begun) {
  const std::string user_hash = Sha256Hex(row.user_id);
  const auto was_forgotten = [&](sql::Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows, tx.Execute(kWasForgotten, {user_hash, begun}));
    return rows.at(0).Int64(0) > 0;
  };
  return database_.Write([&](sql::Transaction& tx) -> absl::Status {
    Accounts accounts(tx, row.create_time);
    Held held;
    if (!reservation_id.empty()) {
      DRAMATIS_ASSIGN_OR_RETURN(held, accounts.TakeBack(row.user_id, reservation_id));
    }
    // Before the row: an account is opened with the sum of those that are there.
    const bool all_open = held.found && held.deployment == of_deployment;
    if (row.cost_micros > 0 && !all_open) {
      DRAMATIS_ASSIGN_OR_RETURN(const bool forgotten, was_forgotten(tx));
      if (forgotten && !held.found) return absl::OkStatus();
      DRAMATIS_RETURN_IF_ERROR(accounts.Open(row.user_id, row.key_id, of_deployment));
    }
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kInsertUsage,
                   {row.user_id, row.turn_key, row.persona_id, row.model, row.input_tokens,
                    row.output_tokens, row.cached_tokens, row.cost_micros, row.estimated,
                    row.finish_reason, row.create_time, row.key_id, row.written_tokens, row.prices,
                    user_hash, begun})
            .status());
    const bool stored = tx.affected() > 0;
    if (!held.found && (!stored || row.cost_micros == 0)) return absl::OkStatus();
    // What a deleted account spends counts in its month too.
    bool counts = stored;
    if (!stored) {
      DRAMATIS_ASSIGN_OR_RETURN(counts, was_forgotten(tx));
    }
    const int64_t tokens = int64_t{row.input_tokens} + row.output_tokens;
    return accounts.Spend({.user_id = row.user_id,
                           .key_id = row.key_id,
                           .of_deployment = of_deployment,
                           .micros = counts ? row.cost_micros : 0,
                           .tokens = counts ? tokens : 0},
                          held);
  });
}

absl::StatusOr<Account> SqlLedgerStore::FindAccount(const std::string& user_id, absl::Time now) {
  const absl::Time month = PeriodOf(now).month;
  return database_.Read([&](sql::Transaction& tx) -> absl::StatusOr<Account> {
    DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows, tx.Execute(kSelectAccount, {user_id}));
    if (rows.empty()) {
      DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows spent, tx.Execute(kSpentBefore, {user_id, month}));
      return Account{.spent_micros = spent.at(0).Int64(0), .limits = {}};
    }
    const sql::Row& row = rows.front();
    return Account{.spent_micros = row.Time(0) < month ? 0 : row.Int64(1),
                   .reserved_micros = row.Int64(2),
                   .limits = {OptionalInt64(row, 3), OptionalInt64(row, 4)},
                   .version = row.Int(5)};
  });
}

absl::Status SqlLedgerStore::SetLimits(const std::string& user_id,
                                       const Limits& limits,
                                       int version,
                                       absl::Time now) {
  return database_.Write([&](sql::Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(Accounts(tx, now).Open(user_id, "", false));
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kUpdateLimits, {user_id, limits.monthly_micros,
                                                        limits.tokens_per_minute, version})
                                 .status());
    return tx.affected() == 1 ? absl::OkStatus() : absl::AbortedError("changed meanwhile");
  });
}

absl::Status SqlLedgerStore::RenewHolder(const std::string& holder, absl::Time expires_at) {
  return database_.WriteSoon([&](sql::Transaction& tx) -> absl::Status {
    const absl::Time yesterday = expires_at - kKeepHolders;
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetHolders, {yesterday}).status());
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetForgotten, {yesterday}).status());
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetSums, {PeriodOf(yesterday).month}).status());
    return tx.Execute(kRenewHolder, {holder, expires_at}).status();
  });
}

absl::StatusOr<std::vector<ReservationName>> SqlLedgerStore::FindAbandoned(absl::Time now,
                                                                           int limit) {
  std::vector<ReservationName> abandoned;
  DRAMATIS_RETURN_IF_ERROR(database_.Read([&](sql::Transaction& tx) -> absl::Status {
    abandoned.clear();
    DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows holders, tx.Execute(kSelectHolders, {}));
    for (const sql::Row& holder : holders) {
      DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows alive, tx.Execute(kIsAlive, {holder.Text(0), now}));
      if (alive.at(0).Int64(0) > 0) continue;
      const int left = limit - static_cast<int>(abandoned.size());
      DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows held,
                                tx.Execute(kSelectHeld, {holder.Text(0), left}));
      for (const sql::Row& row : held)
        abandoned.push_back({row.Text(0), row.Text(1)});
    }
    return absl::OkStatus();
  }));
  return abandoned;
}

}  // namespace dramatis::inference
