// A statement that grows by the filters that are given: few different texts. Part of SqlStore.
//
//   Query query("select ... where user_id = $1", {user_id});
//   if (limit) query.Add(absl::StrCat("limit ", query.Parameter(*limit)));
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/model/store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class Query {
 public:
  Query(const char* text, std::vector<sql::Value> parameters)
      : text_(text), parameters_(std::move(parameters)) {}

  // Adds a parameter: the text that stands for it.
  std::string Parameter(sql::Value value) {
    parameters_.push_back(std::move(value));
    return absl::StrCat("$", parameters_.size());
  }
  void Add(const std::string& text) { absl::StrAppend(&text_, "\n  ", text); }
  absl::StatusOr<sql::Rows> Run(sql::Transaction& tx) const {
    return tx.ExecuteText(text_, parameters_);
  }

 private:
  std::string text_;
  std::vector<sql::Value> parameters_;
};

// Of a search: what comes after the page before, best first. `r` is `ranked`.
inline void AddFoundAfter(const std::optional<FoundPosition>& after, Query& query) {
  if (after.has_value()) {
    const std::string score = query.Parameter(after->score);
    const std::string latest = query.Parameter(after->latest);
    const std::string id = query.Parameter(after->conversation_id);
    query.Add(absl::StrCat("and (r.score, r.latest, r.conversation_id) < (", score, ", ", latest,
                           ", ", id, ")"));
  }
  query.Add("order by r.score desc, r.latest desc, r.conversation_id desc");
}

}  // namespace dramatis::conversation
