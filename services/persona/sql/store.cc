#include "services/persona/sql/store.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/persona/model/definition.h"
#include "services/persona/sql/avatars.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;
using sql::Value;

constexpr Statement kFind = {R"(
  select p.persona_id, p.owner_id, p.version, p.create_time, p.update_time,
    p.delete_time is not null, v.definition, a.update_time, v.lore
  from personas p
  join persona_versions v on v.persona_id = p.persona_id and v.version = p.version
  left join persona_avatars a on a.persona_id = p.persona_id
  where p.persona_id = $1)"};

constexpr Statement kFindWithHold = {R"(
  select p.persona_id, p.owner_id, p.version, p.create_time, p.update_time,
    p.delete_time is not null, v.definition, a.update_time, v.lore, h.expire_time
  from personas p
  join persona_versions v on v.persona_id = p.persona_id and v.version = p.version
  left join persona_avatars a on a.persona_id = p.persona_id
  left join persona_holds h on h.persona_id = p.persona_id and h.conversation_id = $2
  where p.persona_id = $1)"};

constexpr Statement kFindVersion = {R"(
  select definition, lore
  from persona_versions
  where persona_id = $1 and version = $2)"};

constexpr Statement kInsert = {R"(
  insert into personas (persona_id, owner_id, version, name, name_key, search_text, type,
    communication_style, knowledge, is_public, definition_bytes, create_time, update_time)
  values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  on conflict (persona_id) do nothing
  returning persona_id)"};

constexpr Statement kInsertVersion = {R"(
  insert into persona_versions (persona_id, version, definition, create_time, lore)
  values ($1, $2, $3, $4, $5))"};

// The owner's persona itself may have the name already.
constexpr Statement kTakeName = {R"(
  insert into persona_names (owner_id, name_key, persona_id)
  values ($1, $2, $3)
  on conflict (owner_id, name_key) do update
    set persona_id = excluded.persona_id
    where persona_names.persona_id = excluded.persona_id
  returning persona_id)"};

constexpr Statement kFreeOtherNames = {R"(
  delete from persona_names
  where owner_id = $1 and persona_id = $2 and name_key <> $3)"};

constexpr Statement kFreeNames = {R"(
  delete from persona_names
  where owner_id = $1 and persona_id = $2)"};

constexpr Statement kUpdate = {R"(
  update personas
  set version = version + 1, name = $3, name_key = $4, search_text = $5, type = $6,
    communication_style = $7, knowledge = $8, is_public = $9, definition_bytes = $10,
    update_time = $11
  where persona_id = $1 and version = $2 and delete_time is null
  returning owner_id, version)"};

constexpr Statement kRevive = {R"(
  update personas
  set version = version + 1, name = $2, name_key = $3, search_text = $4, type = $5,
    communication_style = $6, knowledge = $7, is_public = $8, definition_bytes = $9,
    update_time = $10, delete_time = null
  where persona_id = $1 and delete_time is not null
  returning owner_id, version)"};

constexpr Statement kDelete = {R"(
  update personas
  set delete_time = $3
  where persona_id = $1 and version = $2 and delete_time is null
  returning owner_id)"};

constexpr Statement kFindLiveHold = {R"(
  select conversation_id
  from persona_holds
  where persona_id = $1 and expire_time > $2
  limit 1)"};

// Takes the row's lock without changing it, so that a deletion waits or has happened.
constexpr Statement kLock = {R"(
  update personas
  set version = version
  where persona_id = $1 and delete_time is null
  returning persona_id)"};

constexpr Statement kHold = {R"(
  insert into persona_holds (persona_id, conversation_id, expire_time)
  values ($1, $2, $3)
  on conflict (persona_id, conversation_id) do update
    set expire_time = excluded.expire_time)"};

constexpr Statement kForgetHolds = {R"(
  delete from persona_holds
  where persona_id = $1 and expire_time <= $2)"};

constexpr Statement kRelease = {R"(
  delete from persona_holds
  where persona_id = $1 and conversation_id = $2)"};

constexpr Statement kInsertCard = {R"(
  insert into persona_cards (persona_id, document, picture, create_time)
  values ($1, $2, $3, $4))"};

constexpr Statement kMaskedFor = {R"(
  select persona_id
  from persona_masks
  where user_id = $1)"};

constexpr Statement kClearMasks = {R"(
  delete from persona_masks
  where user_id = $1 and conversation_id = $2)"};

constexpr Statement kMask = {R"(
  insert into persona_masks (user_id, conversation_id, persona_id)
  values ($1, $2, $3)
  on conflict (user_id, conversation_id, persona_id) do nothing)"};

// Lists. $1 type, $11 that of others' (only where those are listed), $12 whether masked ones are of
// that type, $2 public or not (-1 for
// both), $3 domains, $4 style, $5 pattern, $6 and $7 the last row's key and id, $8 page size + 1,
// $9 the user, $10 most bytes. Whose personas and which order are made from the pieces below: a
// dozen texts in all.
constexpr const char* kCandidates = R"(
  select * from (
    select persona_id, owner_id, version, create_time, update_time, name_key, definition_bytes
    from personas
    where delete_time is null and {whose}
      and (cast({type} as bigint) = 0 or {of_type})
      and (cast($2 as bigint) < 0 or is_public = (cast($2 as bigint) = 1))
      and (knowledge & cast($3 as bigint)) = $3
      and (cast($4 as bigint) = 0 or communication_style = $4)
      and ($5 = '' or search_text like $5 escape '\')
      and ({key}, persona_id) {after} ($6, $7)
    order by {key} {direction}, persona_id {direction}
    limit $8) as {alias})";

// A page holds at most the given bytes, and always its first row.
constexpr const char* kPage = R"(
  with candidates as ({candidates}),
  numbered as (
    select c.*,
      row_number() over (order by {key} {direction}, persona_id {direction}) as place,
      sum(definition_bytes) over (order by {key} {direction}, persona_id {direction}) as bytes
    from candidates c
    order by {key} {direction}, persona_id {direction}
    limit $8)
  select n.persona_id, n.owner_id, n.version, n.create_time, n.update_time, 1 = 0, v.definition,
    a.update_time, (select count(*) from numbered)
  from numbered n
  join persona_versions v on v.persona_id = n.persona_id and v.version = n.version
  left join persona_avatars a on a.persona_id = n.persona_id
  where n.place < $8 and (n.place = 1 or n.bytes <= cast($10 as bigint))
  order by n.place)";

constexpr const char* kOfType = "type = $1";
constexpr const char* kOthersOfType = R"(case
        when exists (select 1 from persona_masks m
          where m.user_id = $9 and m.persona_id = personas.persona_id)
        then cast($12 as bigint) = 1
        else type = $11
      end)";

constexpr const char* kOwn = "owner_id = $9";
constexpr const char* kPublic = "is_public = true and owner_id <> $9";
constexpr const char* kEverybodys = "$9 = ''";

// Keys before and after every other: the first page's.
constexpr const char* kBeforeNames = "";
constexpr const char* kAfterNames = "\xff";

std::string ListText(const PersonaQuery& query) {
  const auto candidates = [](const char* whose, const char* type, const char* of_type,
                             const char* alias) {
    return absl::StrReplaceAll(
        kCandidates,
        {{"{whose}", whose}, {"{type}", type}, {"{of_type}", of_type}, {"{alias}", alias}});
  };
  std::string from;
  if (query.owner_id.has_value()) {
    from = candidates(kOwn, "$1", kOfType, "own");
  } else if (query.visible_to.has_value()) {
    from = absl::StrCat(candidates(kOwn, "$1", kOfType, "own"), " union all ",
                        candidates(kPublic, "$11", kOthersOfType, "others"));
  } else {
    from = candidates(kEverybodys, "$1", kOfType, "everybodys");
  }
  std::string text = absl::StrReplaceAll(kPage, {{"{candidates}", from}});
  return absl::StrReplaceAll(
      text, {{"{key}", query.order == PersonaOrder::kName ? "name_key" : "create_time"},
             {"{direction}", query.descending ? "desc" : "asc"},
             {"{after}", query.descending ? "<" : ">"}});
}

Value FirstKey(const PersonaQuery& query) {
  if (query.order == PersonaOrder::kName) {
    if (query.after.has_value()) return Bytes{query.after->name_key};
    return Bytes{query.descending ? kAfterNames : kBeforeNames};
  }
  if (query.after.has_value()) return query.after->create_time;
  return query.descending ? std::numeric_limits<int64_t>::max()
                          : std::numeric_limits<int64_t>::min();
}

std::vector<Value> ListParameters(const PersonaQuery& query) {
  const std::string user = query.owner_id.value_or(query.visible_to.value_or(""));
  std::vector<Value> parameters = {
      static_cast<int>(query.type.value_or(v1::PERSONA_TYPE_UNSPECIFIED)),
      query.is_public.has_value() ? static_cast<int>(*query.is_public) : -1,
      query.knowledge,
      static_cast<int>(query.communication_style.value_or(v1::COMMUNICATION_STYLE_UNSPECIFIED)),
      query.text.empty() ? std::string() : LikeContains(query.text),
      FirstKey(query),
      query.after.has_value() ? query.after->persona_id : std::string(),
      query.limit + 1,
      user,
      query.max_bytes};
  if (!query.owner_id.has_value() && query.visible_to.has_value()) {
    parameters.emplace_back(
        static_cast<int>(query.others_type.value_or(v1::PERSONA_TYPE_UNSPECIFIED)));
    parameters.emplace_back(query.masked_too ? 1 : 0);
  }
  return parameters;
}

// The columns that a definition fills, in the order of the statements.
void AppendColumns(const v1::Persona& definition, std::vector<Value>& parameters) {
  parameters.emplace_back(definition.name());
  parameters.emplace_back(Bytes{NameKey(definition.name())});
  parameters.emplace_back(
      SearchText(absl::StrCat(definition.name(), "\n", definition.description())));
  parameters.emplace_back(static_cast<int>(definition.type()));
  parameters.emplace_back(static_cast<int>(StyleOf(definition)));
  parameters.emplace_back(KnowledgeMask(KnowledgeOf(definition)));
  parameters.emplace_back(definition.is_public());
  parameters.emplace_back(static_cast<int64_t>(definition.ByteSizeLong()));
}

absl::StatusOr<v1::Persona> ParseDefinition(const std::string& bytes) {
  v1::Persona definition;
  if (!definition.ParseFromString(bytes)) return InternalError("a stored definition is damaged");
  return definition;
}

// A row of a list, and the columns of any other before its lore.
absl::StatusOr<PersonaRow> ParseHead(const sql::Row& row) {
  PersonaRow persona;
  persona.persona_id = row.Text(0);
  persona.owner_id = row.Text(1);
  persona.version = row.Int(2);
  persona.create_time = row.Time(3);
  persona.update_time = row.Time(4);
  persona.deleted = row.Bool(5);
  DRAMATIS_ASSIGN_OR_RETURN(persona.definition, ParseDefinition(row.Blob(6)));
  persona.avatar_time = row.OptionalTime(7);
  return persona;
}

absl::StatusOr<PersonaRow> ParseRow(const sql::Row& row) {
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow persona, ParseHead(row));
  persona.lore = row.Blob(8);
  return persona;
}

absl::Status ConflictError() {
  return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT,
               "the persona was changed meanwhile");
}

absl::Status InsertVersion(Transaction& tx, const PersonaRow& row, int64_t version) {
  return tx
      .Execute(kInsertVersion, {row.persona_id, version, Bytes{row.definition.SerializeAsString()},
                                row.update_time, Bytes{row.lore}})
      .status();
}

// Gives the persona its name, and frees the one it had.
absl::Status TakeName(Transaction& tx, const PersonaRow& row, const std::string& owner_id) {
  const Bytes key = {NameKey(row.definition.name())};
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kFreeOtherNames, {owner_id, row.persona_id, key}).status());
  DRAMATIS_ASSIGN_OR_RETURN(const Rows taken,
                            tx.Execute(kTakeName, {owner_id, key, row.persona_id}));
  if (!taken.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_PERSONA_NAME_TAKEN,
               "the owner has a persona of this name");
}

// Whether the persona was new.
absl::StatusOr<bool> Insert(Transaction& tx, const PersonaRow& row) {
  std::vector<Value> parameters = {row.persona_id, row.owner_id};
  AppendColumns(row.definition, parameters);
  parameters.emplace_back(row.create_time);
  parameters.emplace_back(row.update_time);
  DRAMATIS_ASSIGN_OR_RETURN(const Rows inserted, tx.Execute(kInsert, parameters));
  if (inserted.empty()) return false;
  DRAMATIS_RETURN_IF_ERROR(InsertVersion(tx, row, 1));
  DRAMATIS_RETURN_IF_ERROR(TakeName(tx, row, row.owner_id));
  return true;
}

}  // namespace

absl::StatusOr<PersonaRow> SqlStore::Find(const std::string& persona_id) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows rows, db_.Read([&](Transaction& tx) { return tx.Execute(kFind, {persona_id}); }));
  if (rows.empty()) return NotFoundError("persona");
  return ParseRow(rows.front());
}

absl::StatusOr<PersonaAndHold> SqlStore::FindWithHold(const std::string& persona_id,
                                                      const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, db_.Read([&](Transaction& tx) {
    return tx.Execute(kFindWithHold, {persona_id, conversation_id});
  }));
  if (rows.empty()) return NotFoundError("persona");
  PersonaAndHold found;
  DRAMATIS_ASSIGN_OR_RETURN(found.persona, ParseRow(rows.front()));
  found.hold_expire_time = rows.front().OptionalTime(9);
  return found;
}

absl::StatusOr<PersonaVersion> SqlStore::FindVersion(const std::string& persona_id, int version) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, db_.Read([&](Transaction& tx) {
    return tx.Execute(kFindVersion, {persona_id, version});
  }));
  if (rows.empty()) return NotFoundError("persona version");
  PersonaVersion found;
  DRAMATIS_ASSIGN_OR_RETURN(found.definition, ParseDefinition(rows.front().Blob(0)));
  found.lore = rows.front().Blob(1);
  return found;
}

absl::StatusOr<PersonaPage> SqlStore::List(const PersonaQuery& query) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, db_.Read([&](Transaction& tx) {
    return tx.ExecuteText(ListText(query), ListParameters(query));
  }));
  PersonaPage page;
  for (const sql::Row& row : rows) {
    DRAMATIS_ASSIGN_OR_RETURN(PersonaRow persona, ParseHead(row));
    page.personas.push_back(std::move(persona));
  }
  page.more = !rows.empty() && rows.front().Int64(8) > static_cast<int64_t>(rows.size());
  return page;
}

absl::StatusOr<v1::Persona> SqlStore::Create(const CallContext& call,
                                             const v1::CreatePersonaRequest& request,
                                             const PersonaRow& row,
                                             const v1::Persona& answer) {
  return sql::MakeOnce<v1::Persona>(
      db_, call, sql::IdempotencyClaim::For(call, "CreatePersona", request), clock_.Now(),
      [&](Transaction& tx) -> absl::StatusOr<v1::Persona> {
        DRAMATIS_ASSIGN_OR_RETURN(const bool inserted, Insert(tx, row));
        if (!inserted) return InternalError("a new persona's id is in use");
        return answer;
      });
}

absl::StatusOr<v1::ImportPersonaResponse> SqlStore::Import(
    const CallContext& call,
    const v1::ImportPersonaRequest& request,
    const PersonaRow& row,
    const CardRow& card,
    const v1::ImportPersonaResponse& answer) {
  return sql::MakeOnce<v1::ImportPersonaResponse>(
      db_, call, sql::IdempotencyClaim::For(call, "ImportPersona", request), clock_.Now(),
      [&](Transaction& tx) -> absl::StatusOr<v1::ImportPersonaResponse> {
        DRAMATIS_ASSIGN_OR_RETURN(const bool inserted, Insert(tx, row));
        if (!inserted) return InternalError("a new persona's id is in use");
        DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsertCard, {row.persona_id, Bytes{card.document},
                                                          Bytes{card.picture}, row.create_time})
                                     .status());
        if (card.avatar.has_value()) {
          DRAMATIS_RETURN_IF_ERROR(WriteAvatar(tx, row.persona_id, *card.avatar, row.create_time));
        }
        return answer;
      });
}

absl::StatusOr<bool> SqlStore::Ensure(const PersonaRow& row) {
  return db_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const bool inserted, Insert(tx, row));
    if (inserted) return true;
    std::vector<Value> parameters = {row.persona_id};
    AppendColumns(row.definition, parameters);
    parameters.emplace_back(row.update_time);
    DRAMATIS_ASSIGN_OR_RETURN(const Rows revived, tx.Execute(kRevive, parameters));
    if (revived.empty()) return false;
    DRAMATIS_RETURN_IF_ERROR(InsertVersion(tx, row, revived.front().Int64(1)));
    DRAMATIS_RETURN_IF_ERROR(TakeName(tx, row, revived.front().Text(0)));
    return true;
  });
}

absl::Status SqlStore::Update(const PersonaRow& row) {
  return db_.Write([&](Transaction& tx) -> absl::Status {
    std::vector<Value> parameters = {row.persona_id, row.version};
    AppendColumns(row.definition, parameters);
    parameters.emplace_back(row.update_time);
    DRAMATIS_ASSIGN_OR_RETURN(const Rows updated, tx.Execute(kUpdate, parameters));
    if (updated.empty()) return ConflictError();
    DRAMATIS_RETURN_IF_ERROR(InsertVersion(tx, row, updated.front().Int64(1)));
    return TakeName(tx, row, updated.front().Text(0));
  });
}

absl::Status SqlStore::Delete(const std::string& persona_id, int version, absl::Time now) {
  return db_.Write([&](Transaction& tx) -> absl::Status {
    // First the row's lock, then the holds: one that came before is seen, a later one sees this.
    DRAMATIS_ASSIGN_OR_RETURN(const Rows deleted, tx.Execute(kDelete, {persona_id, version, now}));
    if (deleted.empty()) return ConflictError();
    DRAMATIS_ASSIGN_OR_RETURN(const Rows held, tx.Execute(kFindLiveHold, {persona_id, now}));
    if (!held.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_PERSONA_IN_USE,
                   "an open conversation uses the persona");
    }
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetHolds, {persona_id, now}).status());
    return tx.Execute(kFreeNames, {deleted.front().Text(0), persona_id}).status();
  });
}

absl::StatusOr<std::set<std::string>> SqlStore::MaskedFor(const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, db_.Read([&](Transaction& tx) {
    return tx.Execute(kMaskedFor, {user_id});
  }));
  std::set<std::string> masked;
  for (const sql::Row& row : rows)
    masked.insert(row.Text(0));
  return masked;
}

absl::Status SqlStore::SetMasks(const v1::SetMasksRequest& request) {
  return db_.Write([&](Transaction& tx) -> absl::Status {
    for (const v1::SetMasksRequest::Viewer& viewer : request.viewers()) {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(kClearMasks, {viewer.user_id(), request.conversation_id()}).status());
      for (const std::string& persona_id : viewer.persona_ids()) {
        DRAMATIS_RETURN_IF_ERROR(
            tx.Execute(kMask, {viewer.user_id(), request.conversation_id(), persona_id}).status());
      }
    }
    return absl::OkStatus();
  });
}

absl::Status SqlStore::Hold(const HoldRow& hold, absl::Time now) {
  return db_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows locked, tx.Execute(kLock, {hold.persona_id}));
    if (locked.empty()) return NotFoundError("persona");
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetHolds, {hold.persona_id, now}).status());
    return tx.Execute(kHold, {hold.persona_id, hold.conversation_id, hold.expire_time}).status();
  });
}

absl::Status SqlStore::Release(const std::string& persona_id, const std::string& conversation_id) {
  return db_.Write([&](Transaction& tx) {
    return tx.Execute(kRelease, {persona_id, conversation_id}).status();
  });
}

}  // namespace dramatis::persona
