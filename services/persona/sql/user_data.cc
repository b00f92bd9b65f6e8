#include "services/persona/sql/user_data.h"

#include <memory>
#include <optional>
#include <utility>

#include "dramatis/persona/v1/archive_records.pb.h"

#include "absl/strings/str_cat.h"
#include "services/persona/avatars/avatars.h"
#include "services/persona/model/definition.h"
#include "services/persona/sql/avatars.h"
#include "services/persona/sql/store.h"
#include "shared/ids/ids.h"
#include "shared/rules/field_rules.h"
#include "shared/sql/joined_database.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"
#include "shared/text/text.h"
#include "shared/time/clock.h"
#include "shared/time/timestamps.h"

namespace dramatis::persona {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr int kPersonasInPage = 20;
// A definition may have 200,000 characters, a card some MiB.
constexpr size_t kBytesInPage = size_t{2} << 20;

constexpr Statement kPersonasOf = {R"(
  select persona_id
  from personas
  where owner_id = $1 and delete_time is null and persona_id > $2
  order by persona_id
  limit cast($3 as bigint))"};

constexpr Statement kHasName = {R"(
  select persona_id
  from persona_names
  where owner_id = $1 and name_key = $2)"};

constexpr Statement kSetVersion = {R"(
  update personas
  set version = $2
  where persona_id = $1 and version = 1)"};
constexpr Statement kSetVersionOfText = {R"(
  update persona_versions
  set version = $2
  where persona_id = $1 and version = 1)"};

constexpr Statement kKeepCard = {R"(
  insert into persona_cards (persona_id, document, picture, create_time)
  values ($1, $2, $3, $4)
  on conflict (persona_id) do nothing)"};

// Where the version has none: a second import changes nothing.
constexpr Statement kKeepLore = {R"(
  update persona_versions
  set lore = $3
  where persona_id = $1 and version = $2 and (lore is null or lore = $4))"};

absl::Time TimeOf(const google::protobuf::Timestamp& time, absl::Time otherwise) {
  constexpr int64_t kLastSecond = 253'402'300'799;
  if (time.seconds() <= 0 || time.seconds() > kLastSecond) return otherwise;
  return absl::FromUnixSeconds(time.seconds()) + absl::Microseconds(time.nanos() / 1000);
}

// Why the persona cannot become the user's; empty where it can.
absl::StatusOr<std::string> Obstacle(Transaction& tx,
                                     const ImportingUser& user,
                                     const v1::Persona& persona,
                                     bool restricted) {
  if (!IsUuid(persona.persona_id())) return "its id is none";
  if (restricted && !user.admin && persona.type() != v1::PERSONA_TYPE_HUMAN) {
    return "only admins may have AI personas here";
  }
  if (const auto violations = CheckDefinition(persona); !violations.empty()) {
    return absl::StrCat(violations[0].field, " ", violations[0].description);
  }
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows named, tx.Execute(kHasName, {user.user_id, sql::Bytes{NameKey(persona.name())}}));
  if (!named.empty() && named.front().Text(0) != persona.persona_id()) {
    return "there is a persona of that name";
  }
  return "";
}

absl::Status ImportPersona(Transaction& tx,
                           const ImportingUser& user,
                           const v1::Persona& persona,
                           bool restricted,
                           UserImport& import) {
  sql::JoinedDatabase joined(tx);
  const SystemClock clock;
  SqlStore store(joined, clock);
  const auto leave_out = [&](const std::string& why) {
    import.LeaveOut(absl::StrCat("persona ", persona.name()), why);
    return absl::OkStatus();
  };
  const absl::StatusOr<PersonaRow> there = store.Find(persona.persona_id());
  if (there.ok() && there->owner_id != user.user_id) {
    return leave_out("its id is that of somebody else's persona");
  }
  if (there.ok() && !there->deleted) {
    import.Count("personas", false);
    return absl::OkStatus();
  }
  if (!there.ok() && !absl::IsNotFound(there.status())) return there.status();
  DRAMATIS_ASSIGN_OR_RETURN(const std::string why, Obstacle(tx, user, persona, restricted));
  if (!why.empty()) return leave_out(why);
  PersonaRow row;
  row.persona_id = persona.persona_id();
  row.owner_id = user.user_id;
  MergeFields(persona, {}, row.definition);
  row.definition.set_name(std::string(TrimSpace(persona.name())));
  // Files and buckets are the deployment's.
  if (!row.definition.source_uri().empty()) {
    row.definition.clear_source_uri();
    import.LeaveOut(absl::StrCat("persona ", persona.name()),
                    "its text is not read from its source any more");
  }
  row.create_time = TimeOf(persona.create_time(), user.now);
  row.update_time = TimeOf(persona.update_time(), row.create_time);
  DRAMATIS_RETURN_IF_ERROR(store.Ensure(row).status());
  import.Count("personas", true);
  if (there.ok() || persona.version() <= 1) return absl::OkStatus();
  for (const Statement* const statement : {&kSetVersion, &kSetVersionOfText}) {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(*statement, {row.persona_id, persona.version()}).status());
  }
  return absl::OkStatus();
}

absl::Status ImportCard(Transaction& tx,
                        const ImportingUser& user,
                        const v1::ArchivedCard& card,
                        UserImport& import) {
  sql::JoinedDatabase joined(tx);
  const SystemClock clock;
  const absl::StatusOr<PersonaRow> there = SqlStore(joined, clock).Find(card.persona_id());
  if (absl::IsNotFound(there.status()) || (there.ok() && there->owner_id != user.user_id)) {
    import.LeaveOut("a card", "its persona was left out");
    return absl::OkStatus();
  }
  DRAMATIS_RETURN_IF_ERROR(there.status());
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kKeepCard, {card.persona_id(), sql::Bytes{card.document()},
                                                  sql::Bytes{card.picture()}, there->create_time})
                               .status());
  import.Count("cards", tx.affected() == 1);
  return absl::OkStatus();
}

// The user's persona that a line belongs to; nullopt where it was left out.
absl::StatusOr<std::optional<PersonaRow>> OwnPersona(Transaction& tx,
                                                     const ImportingUser& user,
                                                     const std::string& persona_id) {
  sql::JoinedDatabase joined(tx);
  const SystemClock clock;
  absl::StatusOr<PersonaRow> there = SqlStore(joined, clock).Find(persona_id);
  if (absl::IsNotFound(there.status()) || (there.ok() && there->owner_id != user.user_id)) {
    return std::nullopt;
  }
  if (!there.ok()) return std::move(there).status();
  return *std::move(there);
}

absl::Status ImportLore(Transaction& tx,
                        const ImportingUser& user,
                        v1::Lore lore,
                        UserImport& import) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<PersonaRow> persona,
                            OwnPersona(tx, user, lore.persona_id()));
  if (!persona.has_value()) {
    import.LeaveOut("a book of lore", "its persona was left out");
    return absl::OkStatus();
  }
  lore.clear_persona_id();
  lore.clear_etag();
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kKeepLore, {persona->persona_id, persona->version,
                             sql::Bytes{lore.SerializeAsString()}, sql::Bytes{""}})
          .status());
  import.Count("lore", tx.affected() == 1);
  return absl::OkStatus();
}

absl::Status ImportAvatar(Transaction& tx,
                          const ImportingUser& user,
                          const v1::ArchivedAvatar& archived,
                          UserImport& import) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<PersonaRow> persona,
                            OwnPersona(tx, user, archived.persona_id()));
  const std::optional<AvatarRow> avatar = AsAvatar(archived.picture());
  if (!persona.has_value() || !avatar.has_value()) {
    import.LeaveOut("a picture", persona.has_value() ? "it is none" : "its persona was left out");
    return absl::OkStatus();
  }
  sql::JoinedDatabase joined(tx);
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<AvatarRow> kept,
                            SqlAvatarStore(joined).FindAvatar(persona->persona_id));
  if (!kept.has_value()) {
    DRAMATIS_RETURN_IF_ERROR(
        WriteAvatar(tx, persona->persona_id, *avatar, TimeOf(archived.update_time(), user.now)));
  }
  import.Count("avatars", !kept.has_value());
  return absl::OkStatus();
}

absl::StatusOr<UserImport> ImportUser(Transaction& tx,
                                      const ImportingUser& user,
                                      const std::vector<std::string>& lines,
                                      bool restricted) {
  UserImport import;
  for (const std::string& line : lines) {
    const absl::StatusOr<v1::UserRecord> record = ReadRecord<v1::UserRecord>(line);
    if (!record.ok()) {
      import.LeaveOut("a persona", std::string(record.status().message()));
    } else if (record->has_persona()) {
      DRAMATIS_RETURN_IF_ERROR(ImportPersona(tx, user, record->persona(), restricted, import));
    } else if (record->has_card()) {
      DRAMATIS_RETURN_IF_ERROR(ImportCard(tx, user, record->card(), import));
    } else if (record->has_lore()) {
      DRAMATIS_RETURN_IF_ERROR(ImportLore(tx, user, record->lore(), import));
    } else if (record->has_avatar()) {
      DRAMATIS_RETURN_IF_ERROR(ImportAvatar(tx, user, record->avatar(), import));
    } else {
      import.LeaveOut("a line of persona.jsonl", "this version does not know what it is");
    }
  }
  return import;
}

absl::StatusOr<UserPage> ExportUser(Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after,
                                    const Pictures& pictures) {
  sql::JoinedDatabase joined(tx);
  const SystemClock clock;
  SqlStore store(joined, clock);
  Identity owner;
  owner.user_id = user_id;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kPersonasOf, {user_id, after, kPersonasInPage}));
  UserPage page;
  size_t bytes = 0;
  for (const sql::Row& found : rows) {
    if (bytes > kBytesInPage) return page;
    DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow row, store.Find(found.Text(0)));
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<CardRow> card,
                              pictures.Whole([&] { return store.FindCard(row.persona_id); }));
    v1::UserRecord record;
    *record.mutable_persona() = Present(row, owner);
    page.lines.push_back(RecordLine(record));
    bytes += page.lines.back().size();
    if (card.has_value()) {
      v1::ArchivedCard& archived = *record.mutable_card();
      archived.set_persona_id(row.persona_id);
      archived.set_document(card->document);
      archived.set_picture(card->picture);
      page.lines.push_back(RecordLine(record));
      bytes += page.lines.back().size();
    }
    if (v1::Lore lore; !row.lore.empty() && lore.ParseFromString(row.lore)) {
      lore.set_persona_id(row.persona_id);
      *record.mutable_lore() = std::move(lore);
      page.lines.push_back(RecordLine(record));
      bytes += page.lines.back().size();
    }
    SqlAvatarStore avatars(joined);
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<AvatarRow> avatar,
                              pictures.Whole([&] { return avatars.FindAvatar(row.persona_id); }));
    if (avatar.has_value()) {
      record.mutable_avatar()->set_persona_id(row.persona_id);
      record.mutable_avatar()->set_picture(avatar->picture);
      if (row.avatar_time.has_value()) {
        *record.mutable_avatar()->mutable_update_time() = ToTimestamp(*row.avatar_time);
      }
      page.lines.push_back(RecordLine(record));
      bytes += page.lines.back().size();
    }
    page.next = row.persona_id;
  }
  if (static_cast<int>(rows.size()) < kPersonasInPage) page.next.clear();
  return page;
}

}  // namespace

std::function<absl::StatusOr<UserPage>(Transaction&, const std::string&, const std::string&)>
UserExporter(std::shared_ptr<const Pictures> pictures) {
  return [pictures = std::move(pictures)](Transaction& tx, const std::string& user_id,
                                          const std::string& after) {
    return ExportUser(tx, user_id, after, *pictures);
  };
}

std::function<
    absl::StatusOr<UserImport>(Transaction&, const ImportingUser&, const std::vector<std::string>&)>
UserImporter(bool restrict_ai_personas) {
  return [restrict_ai_personas](Transaction& tx, const ImportingUser& user,
                                const std::vector<std::string>& lines) {
    return ImportUser(tx, user, lines, restrict_ai_personas);
  };
}

}  // namespace dramatis::persona
