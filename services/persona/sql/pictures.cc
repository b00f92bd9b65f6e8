#include "services/persona/sql/pictures.h"

#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kNextAvatar = {R"(
  select persona_id, picture
  from persona_avatars
  where object_key = '' and length(picture) > 0
  order by persona_id
  limit 1)"};

constexpr Statement kNextCard = {R"(
  select persona_id, picture
  from persona_cards
  where object_key = '' and length(picture) > 0
  order by persona_id
  limit 1)"};

constexpr Statement kCarriedAvatar = {R"(
  update persona_avatars
  set object_key = $2, picture = $3
  where persona_id = $1 and object_key = '' and picture = $4)"};

constexpr Statement kCarriedCard = {R"(
  update persona_cards
  set object_key = $2, picture = $3
  where persona_id = $1 and object_key = '' and picture = $4)"};

constexpr Statement kDropAvatar = {R"(
  insert into dropped_pictures (persona_id, object_key)
  select persona_id, object_key
  from persona_avatars
  where persona_id = $1 and object_key <> '')"};

constexpr Statement kDropAvatarsOf = {R"(
  insert into dropped_pictures (persona_id, object_key)
  select a.persona_id, a.object_key
  from persona_avatars a
  join personas p on p.persona_id = a.persona_id
  where p.owner_id = $1 and a.object_key <> '')"};

constexpr Statement kDropCardsOf = {R"(
  insert into dropped_pictures (persona_id, object_key)
  select c.persona_id, c.object_key
  from persona_cards c
  join personas p on p.persona_id = c.persona_id
  where p.owner_id = $1 and c.object_key <> '')"};

constexpr Statement kDeleteAvatarsOf = {R"(
  delete from persona_avatars
  where persona_id in (select persona_id from personas where owner_id = $1))"};

constexpr Statement kDeleteCardsOf = {R"(
  delete from persona_cards
  where persona_id in (select persona_id from personas where owner_id = $1))"};

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

}  // namespace

absl::StatusOr<std::optional<PictureInRow>> SqlPictureStore::NextInRow(PictureKind kind) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kind == PictureKind::kAvatar ? kNextAvatar : kNextCard, {});
  }));
  if (rows.empty()) return std::nullopt;
  return PictureInRow{.persona_id = rows.front().Text(0), .picture = rows.front().Blob(1)};
}

absl::StatusOr<bool> SqlPictureStore::NoteCarried(PictureKind kind,
                                                  const PictureInRow& row,
                                                  const std::string& object_key) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kind == PictureKind::kAvatar ? kCarriedAvatar : kCarriedCard,
                   {row.persona_id, object_key, Bytes{""}, Bytes{row.picture}})
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
  for (const Statement* const statement :
       {&kDropAvatarsOf, &kDropCardsOf, &kDeleteAvatarsOf, &kDeleteCardsOf}) {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(*statement, {owner_id}).status());
  }
  return absl::OkStatus();
}

}  // namespace dramatis::persona
