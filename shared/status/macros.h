// Early returns for absl::Status and absl::StatusOr.
//
//   DRAMATIS_RETURN_IF_ERROR(store.Delete(id));
//   DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow row, store.Find(id));
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define DRAMATIS_RETURN_IF_ERROR(expression)                                  \
  do {                                                                        \
    if (absl::Status dramatis_status_ = (expression); !dramatis_status_.ok()) \
      return dramatis_status_;                                                \
  } while (false)

#define DRAMATIS_CONCAT_INNER(a, b) a##b
#define DRAMATIS_CONCAT(a, b) DRAMATIS_CONCAT_INNER(a, b)
#define DRAMATIS_ASSIGN_OR_RETURN(declaration, expression) \
  DRAMATIS_ASSIGN_OR_RETURN_INNER(DRAMATIS_CONCAT(dramatis_or_, __LINE__), declaration, expression)
// A declaration has no parentheses, so its name has none: NOLINTBEGIN(bugprone-macro-parentheses)
#define DRAMATIS_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                            \
  if (!result.ok()) return std::move(result).status();                   \
  declaration = *std::move(result)
// NOLINTEND(bugprone-macro-parentheses)
