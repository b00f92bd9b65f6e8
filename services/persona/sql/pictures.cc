#include "services/persona/sql/pictures.h"

#include "absl/strings/str_replace.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Of {table}: TableOf a kind.
constexpr char kNext[] = R"(
  select persona_id, picture
  from {table}
  where object_key = '' and length(picture) > 0
  order by persona_id
  limit 1)";

constexpr char kCarried[] = R"(
  update {table}
  set object_key = $2, picture = $3
  where persona_id = $1 and object_key = '' and picture = $4)";

constexpr char kDropOf[] = R"(
  insert into dropped_pictures (persona_id, object_key)
  select t.persona_id, t.object_key
  from {table} t
  join personas p on p.persona_id = t.persona_id
  where p.owner_id = $1 and t.object_key <> '')";

constexpr char kDeleteOf[] = R"(
  delete from {table}
  where persona_id in (select persona_id from personas where owner_id = $1))";

constexpr Statement kDropAvatar = {R"(
  insert into dropped_pictures (persona_id, object_key)
  select persona_id, object_key
  from persona_avatars
  where persona_id = $1 and object_key <> '')"};

constexpr Statement kDropped = {R"(
  select persona_id, object_key
  from dropped_pictures
  order by persona_id, object_key
  limit cast($1 as bigint))"};

constexpr Statement kGone = {R"(
  delete from dropped_pictures
  where persona_id = $1 and object_key = $2)"};

constexpr Statement kReferredTo = {R"(
  select persona_id
  from persona_avatars
  where persona_id = $1 and object_key = $2
  union all
  select persona_id
  from persona_cards
  where persona_id = $1 and object_key = $2)"};

const char* TableOf(PictureKind kind) {
  return kind == PictureKind::kAvatar ? "persona_avatars" : "persona_cards";
}

absl::StatusOr<Rows> Execute(Transaction& tx,
                             const char* text,
                             PictureKind kind,
                             const std::vector<sql::Value>& parameters) {
  return tx.ExecuteText(absl::StrReplaceAll(text, {{"{table}", TableOf(kind)}}), parameters);
}

}  // namespace

absl::StatusOr<std::optional<PictureInRow>> SqlPictureStore::NextInRow(PictureKind kind) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return Execute(tx, kNext, kind, {});
  }));
  if (rows.empty()) return std::nullopt;
  return PictureInRow{.persona_id = rows.front().Text(0), .picture = rows.front().Blob(1)};
}

absl::StatusOr<bool> SqlPictureStore::NoteCarried(PictureKind kind,
                                                  const PictureInRow& row,
                                                  const std::string& object_key) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_RETURN_IF_ERROR(
        Execute(tx, kCarried, kind, {row.persona_id, object_key, Bytes{""}, Bytes{row.picture}})
            .status());
    return tx.affected() == 1;
  });
}

absl::StatusOr<std::vector<PictureObject>> SqlPictureStore::Dropped(int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kDropped, {limit});
  }));
  std::vector<PictureObject> dropped;
  for (const sql::Row& row : rows)
    dropped.push_back({.persona_id = row.Text(0), .object_key = row.Text(1)});
  return dropped;
}

absl::Status SqlPictureStore::NoteGone(const PictureObject& object) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kGone, {object.persona_id, object.object_key}).status();
  });
}

absl::StatusOr<bool> SqlPictureStore::IsReferredTo(const PictureObject& object) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kReferredTo, {object.persona_id, object.object_key});
  }));
  return !rows.empty();
}

absl::Status DropAvatar(Transaction& tx, const std::string& persona_id) {
  return tx.Execute(kDropAvatar, {persona_id}).status();
}

absl::Status DeletePicturesOf(Transaction& tx, const std::string& owner_id) {
  for (const PictureKind kind : {PictureKind::kAvatar, PictureKind::kCard}) {
    DRAMATIS_RETURN_IF_ERROR(Execute(tx, kDropOf, kind, {owner_id}).status());
    DRAMATIS_RETURN_IF_ERROR(Execute(tx, kDeleteOf, kind, {owner_id}).status());
  }
  return absl::OkStatus();
}

}  // namespace dramatis::persona
