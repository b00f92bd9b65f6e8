// What SqlStore reads of cards.
#include "services/persona/sql/store.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kFindCard = {R"(
  select document, picture, object_key
  from persona_cards
  where persona_id = $1)"};

}  // namespace

absl::StatusOr<std::optional<CardRow>> SqlStore::FindCard(const std::string& persona_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, db_.Read([&](Transaction& tx) {
    return tx.Execute(kFindCard, {persona_id});
  }));
  if (rows.empty()) return std::nullopt;
  return CardRow{.document = rows.front().Blob(0),
                 .picture = rows.front().Blob(1),
                 .object_key = rows.front().Text(2)};
}

}  // namespace dramatis::persona
