#include "services/persona/sql/names.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/persona/model/definition.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"

namespace dramatis::persona {
namespace {

using sql::BackfillKey;
using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr int kBatch = 100;

constexpr Statement kPersonasFrom = {R"(
  select p.persona_id, p.owner_id, p.delete_time is not null, v.definition
  from personas p
  join persona_versions v on v.persona_id = p.persona_id and v.version = p.version
  where p.persona_id > $1
  order by p.persona_id
  limit $2)"};

constexpr Statement kSetKeys = {R"(
  update personas
  set name_key = $2, search_text = $3
  where persona_id = $1)"};

constexpr Statement kTakeFreeName = {R"(
  insert into persona_names (owner_id, name_key, persona_id)
  values ($1, $2, $3)
  on conflict (owner_id, name_key) do nothing)"};

// Where the new one could be had.
constexpr Statement kFreeOldName = {R"(
  delete from persona_names
  where owner_id = $1 and persona_id = $3 and name_key <> $2
    and exists (select 1
                from persona_names n
                where n.owner_id = $1 and n.name_key = $2 and n.persona_id = $3))"};

absl::StatusOr<std::optional<BackfillKey>> FoldNames(Transaction& tx, const BackfillKey& after) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kPersonasFrom, {after.first, kBatch}));
  for (const sql::Row& row : rows) {
    v1::Persona definition;
    definition.ParseFromString(row.Blob(3));
    const Bytes key = {NameKey(definition.name())};
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kSetKeys,
                   {row.Text(0), key,
                    SearchText(absl::StrCat(definition.name(), "\n", definition.description()))})
            .status());
    if (row.Bool(2)) continue;
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kTakeFreeName, {row.Text(1), key, row.Text(0)}).status());
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kFreeOldName, {row.Text(1), key, row.Text(0)}).status());
  }
  if (rows.empty()) return std::nullopt;
  return BackfillKey{.first = rows.back().Text(0), .second = ""};
}

}  // namespace

std::vector<sql::Backfill> NameBackfills() {
  return {{.name = "persona_names_2", .step = &FoldNames}};
}

}  // namespace dramatis::persona
