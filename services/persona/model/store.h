// What persona keeps, in its own words, and the promises of whoever keeps it.
//
// Every function is one transaction: all of it happens or none. Thread-safe. Besides the errors
// named here, any function may answer UNAVAILABLE (the database is away), ABORTED (writers met too
// often) and INTERNAL.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dramatis/persona/v1/cards.pb.h"
#include "dramatis/persona/v1/persona.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/persona/model/avatar_store.h"
#include "shared/call/call.h"

namespace dramatis::persona {

// One persona at its current version.
struct PersonaRow {
  std::string persona_id;
  std::string owner_id;
  // What its author says of it: only fields that are the author's to set, as they were set. Where
  // `source_uri` is set, `biography` is the source's text as last read.
  v1::Persona definition;
  // Its book, a serialized v1::Lore as it was written; empty for none. A part of the version; lists
  // of personas leave it out.
  std::string lore;
  int version = 1;
  absl::Time create_time;
  absl::Time update_time;
  // When its picture was given; nullopt where it has none.
  std::optional<absl::Time> avatar_time = std::nullopt;
  bool deleted = false;
};

enum class PersonaOrder { kCreateTime, kName };

// Which personas, in which order. Filters that are unset let everything pass.
struct PersonaQuery {
  // Set: this owner's own, and public ones. Unset: everybody's.
  std::optional<std::string> visible_to;
  // Only this owner's; where `visible_to` is set it names the same user.
  std::optional<std::string> owner_id;
  // Of the owner's own, or of everybody's.
  std::optional<v1::PersonaType> type;
  // Where `visible_to` is set: of other people's public ones that are not masked for that user.
  std::optional<v1::PersonaType> others_type;
  // With `others_type`: those that are masked, too.
  bool masked_too = false;
  std::optional<bool> is_public;
  // A bit for each domain (KnowledgeMask): only personas with all of them.
  int64_t knowledge = 0;
  std::optional<v1::CommunicationStyle> communication_style;
  // Part of the name or description, in ASCII lower case.
  std::string text;

  PersonaOrder order = PersonaOrder::kCreateTime;
  bool descending = true;
  // The last persona of the page before: only those after it.
  struct Position {
    absl::Time create_time;  // where the order is kCreateTime
    std::string name_key;    // where it is kName
    std::string persona_id;
  };
  std::optional<Position> after;
  int limit = 20;
  // The page ends early rather than hold more definitions than this, but for its first persona.
  int64_t max_bytes = 4 << 20;
};

struct PersonaPage {
  std::vector<PersonaRow> personas;
  // There are more after the last one.
  bool more = false;
};

// What an author wrote, at one version.
struct PersonaVersion {
  v1::Persona definition;
  std::string lore;
};

// The character card that a persona was made from.
struct CardRow {
  std::string document;  // its JSON, as it came
  // The PNG that it came in, without the card, or the CHARX, whole; empty for neither.
  std::string picture;
  // Of the object that the picture is; `picture` is empty then.
  std::string object_key = {};
  std::optional<AvatarRow> avatar = std::nullopt;  // that it brings along
};

// A conversation's hold on a persona.
struct HoldRow {
  std::string persona_id;
  std::string conversation_id;
  absl::Time expire_time;
};

// A persona and, where one was asked for, the hold of one conversation on it, of the same moment.
struct PersonaAndHold {
  PersonaRow persona;
  std::optional<absl::Time> hold_expire_time;
};

class Store {
 public:
  virtual ~Store() = default;

  // The persona's current version, also of a deleted one. NOT_FOUND.
  virtual absl::StatusOr<PersonaRow> Find(const std::string& persona_id) = 0;
  // The same with the hold of `conversation_id`, which may be empty.
  virtual absl::StatusOr<PersonaAndHold> FindWithHold(const std::string& persona_id,
                                                      const std::string& conversation_id) = 0;
  // The definition of an earlier version, or the current one. NOT_FOUND.
  virtual absl::StatusOr<PersonaVersion> FindVersion(const std::string& persona_id,
                                                     int version) = 0;
  // A page of personas that are not deleted. Order is total: by (create time, id) or (name without
  // ASCII case, id), bytewise. Rows written meanwhile neither repeat nor hide others.
  virtual absl::StatusOr<PersonaPage> List(const PersonaQuery& query) = 0;

  // Adds a persona and gives `answer` back. Where the call's Idempotency-Key came before with this
  // request, adds nothing, gives that first answer back and marks the call replayed.
  // PERSONA_NAME_TAKEN if the owner has the name; IDEMPOTENCY_KEY_REUSED.
  virtual absl::StatusOr<v1::Persona> Create(const CallContext& call,
                                             const v1::CreatePersonaRequest& request,
                                             const PersonaRow& row,
                                             const v1::Persona& answer) = 0;
  // The same of a persona that is made from a card, which is kept with it.
  virtual absl::StatusOr<v1::ImportPersonaResponse> Import(
      const CallContext& call,
      const v1::ImportPersonaRequest& request,
      const PersonaRow& row,
      const CardRow& card,
      const v1::ImportPersonaResponse& answer) = 0;
  // The card that the persona was made from, if any.
  virtual absl::StatusOr<std::optional<CardRow>> FindCard(const std::string& persona_id) = 0;
  // Adds a persona unless one of its id is there already, and says whether it did; one that was
  // deleted comes back with the next version. PERSONA_NAME_TAKEN.
  virtual absl::StatusOr<bool> Ensure(const PersonaRow& row) = 0;
  // Writes the version after `row.version`, with `row.definition`, if that still is the current one
  // of a persona that is not deleted. ABORTED, CONFLICT if it is not; PERSONA_NAME_TAKEN. Does not
  // change owner or create time.
  virtual absl::Status Update(const PersonaRow& row) = 0;
  // Deletes the persona softly and frees its name, if `version` still is the current one: ABORTED,
  // CONFLICT otherwise. PERSONA_IN_USE if a hold lives at `now`: either the deletion or the hold
  // comes first, never both.
  virtual absl::Status Delete(const std::string& persona_id, int version, absl::Time now) = 0;

  // The personas whose type stays hidden from the user, by id.
  virtual absl::StatusOr<std::set<std::string>> MaskedFor(const std::string& user_id) = 0;
  // Replaces what one conversation hides from these users.
  virtual absl::Status SetMasks(const v1::SetMasksRequest& request) = 0;

  // Makes or extends a hold; forgets the persona's holds that ended before `now`. NOT_FOUND if the
  // persona is deleted or unknown.
  virtual absl::Status Hold(const HoldRow& hold, absl::Time now) = 0;
  // Ends a hold, if there is one.
  virtual absl::Status Release(const std::string& persona_id,
                               const std::string& conversation_id) = 0;
};

}  // namespace dramatis::persona
