#include "services/persona/lore/lores.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/persona/lore/rendered_lore.h"
#include "services/persona/model/definition.h"
#include "shared/call/if_match.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

// How often a change starts again when another one came first.
constexpr int kLoreAttempts = 5;

absl::StatusOr<v1::Lore> Shown(const PersonaRow& row) {
  v1::Lore lore;
  if (!lore.ParseFromString(row.lore)) return InternalError("a stored book cannot be read");
  lore.set_persona_id(row.persona_id);
  lore.set_etag(Etag(row));
  return lore;
}

// As it is kept: every entry has a name of its own. What is wrong is named as in a request.
absl::StatusOr<v1::Lore> Kept(v1::Lore lore) {
  lore.clear_persona_id();
  lore.clear_etag();
  std::vector<FieldViolation> violations;
  std::set<std::string> ids;
  for (int i = 0; i < lore.entries_size(); ++i) {
    const v1::LoreEntry& entry = lore.entries(i);
    const std::string field = absl::StrCat("lore.entries[", i, "]");
    for (const std::string& bad : BadPatterns(entry)) {
      violations.push_back({absl::StrCat(field, ".", bad), "must be a pattern that RE2 takes"});
    }
    if (!entry.entry_id().empty() && !ids.insert(entry.entry_id()).second) {
      violations.push_back({absl::StrCat(field, ".entry_id"), "must not be another entry's"});
    }
  }
  if (!violations.empty()) return FieldErrors(violations);
  int next = 1;
  for (v1::LoreEntry& entry : *lore.mutable_entries()) {
    if (!entry.entry_id().empty()) continue;
    while (!ids.insert(absl::StrCat(next)).second)
      ++next;
    entry.set_entry_id(absl::StrCat(next));
  }
  return lore;
}

}  // namespace

absl::StatusOr<PersonaRow> Lores::FindOwn(const CallContext& call, const std::string& persona_id) {
  if (!IsUuid(persona_id)) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, store_.Find(persona_id));
  if (!IsVisible(row, call.identity)) return NotFoundError("persona");
  if (!call.identity.MayManage(row.owner_id)) {
    return PermissionError("only its owner may see and change the persona's lore");
  }
  return row;
}

absl::StatusOr<v1::Lore> Lores::Get(const CallContext& call, const v1::GetLoreRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const PersonaRow row, FindOwn(call, request.persona_id()));
  return Shown(row);
}

absl::StatusOr<v1::Lore> Lores::Update(const CallContext& call,
                                       const v1::UpdateLoreRequest& request) {
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<v1::Lore> lore = TryUpdate(call, request);
    if (!absl::IsAborted(lore.status()) || attempt == kLoreAttempts) return lore;
  }
}

absl::StatusOr<v1::Lore> Lores::TryUpdate(const CallContext& call,
                                          const v1::UpdateLoreRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, FindOwn(call, request.persona_id()));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row)));
  DRAMATIS_ASSIGN_OR_RETURN(const v1::Lore lore, Kept(request.lore()));
  std::string written = lore.SerializeAsString();
  if (written == row.lore) return Shown(row);
  row.lore = std::move(written);
  row.update_time = clock_.Now();
  DRAMATIS_RETURN_IF_ERROR(store_.Update(row));
  ++row.version;
  return Shown(row);
}

}  // namespace dramatis::persona
