#include "services/conversation/sql/lore/lore_firings.h"

#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kSelectFirings = {R"(
  select entry_id, sequence, sticky_until, cooldown_until
  from lore_firings
  where conversation_id = $1 and persona_id = $2)"};

constexpr Statement kWriteFiring = {R"(
  insert into lore_firings (conversation_id, persona_id, entry_id, sequence, sticky_until,
    cooldown_until)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (conversation_id, persona_id, entry_id) do update
  set sequence = excluded.sequence, sticky_until = excluded.sticky_until,
    cooldown_until = excluded.cooldown_until)"};

constexpr Statement kDeleteFirings = {"delete from lore_firings where conversation_id = $1"};

constexpr Statement kCopyFirings = {R"(
  insert into lore_firings (conversation_id, persona_id, entry_id, sequence, sticky_until,
    cooldown_until)
  select cast($2 as text), persona_id, entry_id, sequence, sticky_until, cooldown_until
  from lore_firings
  where conversation_id = $1 and sequence <= $3)"};

}  // namespace

absl::StatusOr<std::vector<LoreFiring>> SelectFirings(Transaction& tx,
                                                      const std::string& conversation_id,
                                                      const std::string& persona_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kSelectFirings, {conversation_id, persona_id}));
  std::vector<LoreFiring> firings;
  for (const sql::Row& row : rows) {
    firings.push_back({.entry_id = row.Text(0),
                       .sequence = row.Int(1),
                       .sticky_until = row.Int(2),
                       .cooldown_until = row.Int(3)});
  }
  return firings;
}

absl::Status WriteFirings(Transaction& tx,
                          const std::string& conversation_id,
                          const std::string& persona_id,
                          const std::vector<LoreFiring>& firings) {
  for (const LoreFiring& firing : firings) {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kWriteFiring, {conversation_id, persona_id, firing.entry_id, firing.sequence,
                                  firing.sticky_until, firing.cooldown_until})
            .status());
  }
  return absl::OkStatus();
}

absl::Status DeleteFirings(Transaction& tx, const std::string& conversation_id) {
  return tx.Execute(kDeleteFirings, {conversation_id}).status();
}

absl::Status CopyFirings(Transaction& tx,
                         const std::string& from_conversation_id,
                         const std::string& to_conversation_id,
                         int last) {
  return tx.Execute(kCopyFirings, {from_conversation_id, to_conversation_id, last}).status();
}

}  // namespace dramatis::conversation
