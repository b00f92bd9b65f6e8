#include "shared/sql/kept_secret.h"

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

constexpr Statement kFindSecret = {R"(select secret from kept_secrets where name = $1)"};

constexpr Statement kKeep = {R"(
  insert into kept_secrets (name, secret) values ($1, $2)
  on conflict (name) do nothing)"};

}  // namespace

absl::StatusOr<std::string> KeptSecret(Database& database,
                                       const std::string& name,
                                       const std::string& fresh) {
  const auto find = [&](Transaction& tx) { return tx.Execute(kFindSecret, {name}); };
  DRAMATIS_ASSIGN_OR_RETURN(Rows kept, database.Read(find));
  if (kept.empty()) {
    DRAMATIS_RETURN_IF_ERROR(database.Write(
        [&](Transaction& tx) { return tx.Execute(kKeep, {name, Bytes{fresh}}).status(); }));
    DRAMATIS_ASSIGN_OR_RETURN(kept, database.Read(find));
  }
  if (kept.empty()) return InternalError("a secret that was kept is not there");
  return kept[0].Blob(0);
}

}  // namespace dramatis::sql
