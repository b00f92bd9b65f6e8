#include "shared/sql/connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::sql {

absl::Status Connection::Run(Access access,
                             const std::function<absl::Status(Transaction&)>& function) {
  failure_ = Failure::kNone;
  error_ = absl::OkStatus();
  absl::Status status = Begin(access);
  if (status.ok()) {
    try {
      status = function(*this);
    } catch (...) {
      Rollback();
      throw;
    }
  }
  if (!error_.ok()) {
    // What the function made of a statement's failure counts, but success cannot be made of it.
    if (status.ok()) status = error_;
  }
  if (status.ok()) status = Commit();
  if (!status.ok()) {
    // How the rollback goes says nothing about the transaction.
    const Failure failure = failure_;
    Rollback();
    failure_ = failure;
  }
  return status;
}

absl::Status Connection::RunPart(const std::function<absl::Status(Transaction&)>& function,
                                 absl::Status& outcome) {
  DRAMATIS_RETURN_IF_ERROR(DoExecute("savepoint part", {}).status());
  try {
    outcome = function(*this);
  } catch (...) {
    DRAMATIS_RETURN_IF_ERROR(UndoPart());
    throw;
  }
  if (outcome.ok()) outcome = error_;
  if (!outcome.ok()) return UndoPart();
  return DoExecute("release part", {}).status();
}

absl::Status Connection::UndoPart() {
  const absl::Status undone = DoExecute("rollback to part", {}).status();
  // The engine has ended the transaction itself: what failed first says why.
  if (!undone.ok()) return error_;
  DRAMATIS_RETURN_IF_ERROR(DoExecute("release part", {}).status());
  failure_ = Failure::kNone;
  error_ = absl::OkStatus();
  return absl::OkStatus();
}

absl::StatusOr<Rows> Connection::Execute(const Statement& statement,
                                         const std::vector<Value>& parameters) {
  return Checked(statement.For(engine()), parameters);
}

absl::StatusOr<Rows> Connection::ExecuteText(const std::string& text,
                                             const std::vector<Value>& parameters) {
  return Checked(text, parameters);
}

absl::StatusOr<Rows> Connection::Checked(std::string_view text,
                                         const std::vector<Value>& parameters) {
  if (!error_.ok()) return error_;
  if (HasNul(parameters)) {
    return Fail(Failure::kStatement, InternalError("text with U+0000 cannot be stored"));
  }
  return DoExecute(text, parameters);
}

absl::Status Connection::ExecuteScript(const std::string& text) {
  if (!error_.ok()) return error_;
  return DoExecuteScript(text);
}

absl::Status Connection::Fail(Failure failure, absl::Status status) {
  if (failure_ == Failure::kNone) {
    failure_ = failure;
    error_ = status;
  }
  return status;
}

absl::Status UniqueViolation() {
  return absl::AlreadyExistsError("there is a row with this key already");
}

absl::Status ConstraintViolation() {
  return absl::FailedPreconditionError("the row breaks a constraint of its table");
}

absl::Status DatabaseUnavailable(const std::string& code, const std::string& cause) {
  const absl::Status error =
      UnavailableError(absl::StrCat("the database is not available just now (", code, ")"));
  return cause.empty() ? error : WithCause(error, cause);
}

absl::Status DatabaseConflict() {
  return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT,
               "other requests changed the same data at the same time");
}

absl::Status StatementError(const std::string& code, const std::string& cause) {
  const absl::Status error =
      InternalError(absl::StrCat("the database refused a statement (", code, ")"));
  return cause.empty() ? error : WithCause(error, cause);
}

bool HasNul(const std::vector<Value>& parameters) {
  for (const Value& parameter : parameters) {
    const std::string* text = std::get_if<std::string>(&parameter.data());
    if (text != nullptr && text->find('\0') != std::string::npos) return true;
  }
  return false;
}

}  // namespace dramatis::sql
