// One connection of either engine and one transaction at a time on it: what both have in common.
// Used by Database's implementations only. One thread at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// How a transaction failed, as far as it decides what comes next.
enum class Failure {
  kNone,
  kStatement,  // the statement is to blame: again would fail again
  kConflict,   // serialization failure, deadlock, busy: again may succeed
  kLost,       // the connection is gone, nothing was committed: again on another may succeed
  kInDoubt,    // the connection went away during the commit: nobody knows
};

enum class Access {
  kRead,
  kSnapshot,  // a read that runs again, since its first statement gave something else the second
              // time
  kWrite,
  kWriteSoon,  // a write that does not wait for the disk
};

class Connection : public Transaction {
 public:
  // Begins, runs `function`, commits if it returns OK, else rolls back. After a failed statement
  // the transaction cannot be committed: the status is then the statement's, whatever `function`
  // returned. Exceptions of `function` roll back and go on.
  absl::Status Run(Access access, const std::function<absl::Status(Transaction&)>& function);

  // Runs `function` as a part of the transaction that is under way. Where it fails, what it wrote
  // is undone and the transaction goes on; the same for an exception. `outcome` is the part's; an
  // error is returned where the whole transaction can only end. Parts do not nest.
  absl::Status RunPart(const std::function<absl::Status(Transaction&)>& function,
                       absl::Status& outcome);

  // Of the last Run.
  Failure failure() const { return failure_; }
  // Whether the connection can be used for another Run.
  bool usable() const { return usable_; }

  absl::StatusOr<Rows> Execute(const Statement& statement,
                               const std::vector<Value>& parameters) final;
  absl::StatusOr<Rows> ExecuteText(const std::string& text,
                                   const std::vector<Value>& parameters) final;
  // Runs several statements without parameters, separated by semicolons.
  absl::Status ExecuteScript(const std::string& text);

 protected:
  virtual absl::Status Begin(Access access) = 0;
  virtual absl::Status Commit() = 0;
  // Rolls back whatever is open. Where that fails, calls SetUnusable.
  virtual void Rollback() = 0;
  virtual absl::StatusOr<Rows> DoExecute(std::string_view text,
                                         const std::vector<Value>& parameters) = 0;
  virtual absl::Status DoExecuteScript(const std::string& text) = 0;

  // Notes how the transaction failed, if it is the first time, and returns `status`.
  absl::Status Fail(Failure failure, absl::Status status);
  void SetUnusable() { usable_ = false; }

 private:
  // Undoes the part under way and what was noted of its failure.
  absl::Status UndoPart();
  absl::StatusOr<Rows> Checked(std::string_view text, const std::vector<Value>& parameters);

  Failure failure_ = Failure::kNone;
  absl::Status error_;  // of the first statement that failed
  bool usable_ = true;
};

// Errors in the same words for both engines. `code` is the engine's own: SQLSTATE or a SQLite name.
absl::Status UniqueViolation();
absl::Status ConstraintViolation();
// `cause` is for whoever runs the program (WithCause in shared/status/outgoing.h): which file or
// server, what is wrong, what to do.
absl::Status DatabaseUnavailable(const std::string& code, const std::string& cause = "");
absl::Status DatabaseConflict();
absl::Status StatementError(const std::string& code, const std::string& cause = "");

// Whether a text parameter holds U+0000, which PostgreSQL cannot store: an error on both engines.
bool HasNul(const std::vector<Value>& parameters);

}  // namespace dramatis::sql
