#include "services/persona/cards/cards.h"

#include <optional>
#include <string>
#include <utility>

#include <boost/json/serialize.hpp>

#include "absl/strings/match.h"
#include "services/persona/avatars/avatars.h"
#include "services/persona/cards/card.h"
#include "services/persona/cards/charx.h"
#include "services/persona/cards/png.h"
#include "services/persona/model/definition.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

constexpr char kJson[] = "application/json";
constexpr char kPng[] = "image/png";

constexpr char kZip[] = "application/zip";

bool IsOf(const google::api::HttpBody& body, const char* kind) {
  const std::string& type = body.content_type();
  return absl::EqualsIgnoreCase(
      std::string(TrimSpace(std::string_view(type).substr(0, type.find(';')))), kind);
}

// The document, and the picture or zip where it came in one.
absl::StatusOr<CardRow> ReadBody(const google::api::HttpBody& body) {
  CardRow card;
  if (IsOf(body, kZip)) {
    DRAMATIS_ASSIGN_OR_RETURN(card.document, CardInZip(body.data()));
    card.picture = body.data();
    return card;
  }
  if (!IsOf(body, kPng)) {
    card.document = body.data();
    return card;
  }
  DRAMATIS_ASSIGN_OR_RETURN(PngCards cards, ReadCards(body.data()));
  card.document = std::move(cards.v3.empty() ? cards.v2 : cards.v3);
  if (card.document.empty()) {
    return FieldErrors(
        {{"card", "is a picture without a card: it has no tEXt chunk `ccv3` or `chara`"}});
  }
  DRAMATIS_ASSIGN_OR_RETURN(card.picture, WithCards(body.data(), {}));
  card.avatar = AsAvatar(card.picture);
  return card;
}

// The document as it is exported. What nobody has changed comes out byte for byte.
absl::StatusOr<std::string> Document(const std::optional<CardRow>& kept,
                                     const PersonaRow& row,
                                     v1::CardSpec spec) {
  v1::Lore lore;
  if (!lore.ParseFromString(row.lore)) return InternalError("a stored book cannot be read");
  const v1::Persona& now = row.definition;
  if (!kept.has_value()) return boost::json::serialize(InSpec(NewCard(now, lore), spec));
  const absl::StatusOr<boost::json::object> card = ParseCard(kept->document);
  if (!card.ok()) return InternalError("a stored card cannot be read");
  const boost::json::object shown = InSpec(WithChanges(*card, now, lore), spec);
  return shown == *card ? kept->document : boost::json::serialize(shown);
}

}  // namespace

absl::StatusOr<v1::ImportPersonaResponse> Cards::Import(const CallContext& call,
                                                        const v1::ImportPersonaRequest& request) {
  if (config_.restrict_ai_personas && !call.identity.IsAdmin()) {
    return Error(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_PERSONA_TYPE_RESTRICTED,
                 "only admins may make AI personas in this deployment");
  }
  DRAMATIS_ASSIGN_OR_RETURN(CardRow card, ReadBody(request.card()));
  DRAMATIS_ASSIGN_OR_RETURN(const boost::json::object document, ParseCard(card.document));
  CardPersona made = ToPersona(document);
  if (const auto violations = CheckDefinition(made.definition); !violations.empty()) {
    return FieldErrors(violations);
  }
  PersonaRow row;
  row.persona_id = ids_.NewId();
  row.owner_id = call.identity.user_id;
  row.definition = std::move(made.definition);
  row.lore = made.lore.SerializeAsString();
  row.create_time = row.update_time = clock_.Now();
  if (card.avatar.has_value()) row.avatar_time = row.create_time;
  if (!card.avatar.has_value() && !card.picture.empty() && !LooksLikeZip(card.picture)) {
    made.warnings.emplace_back(
        "The picture is kept with the card, and is too large for an avatar: at most 2 MiB and 4096 "
        "pixels a side.");
  }
  v1::ImportPersonaResponse answer;
  *answer.mutable_persona() = Present(row, call.identity);
  for (std::string& warning : made.warnings)
    answer.add_warnings(std::move(warning));
  return store_.Import(call, request, row, card, answer);
}

absl::StatusOr<google::api::HttpBody> Cards::Export(const CallContext& call,
                                                    const v1::ExportPersonaRequest& request) {
  if (!IsUuid(request.persona_id())) return NotFoundError("persona");
  DRAMATIS_ASSIGN_OR_RETURN(PersonaRow row, store_.Find(request.persona_id()));
  if (!IsVisible(row, call.identity)) return NotFoundError("persona");
  if (!call.identity.MayManage(row.owner_id)) {
    return PermissionError("only its owner may export the persona");
  }
  DRAMATIS_ASSIGN_OR_RETURN(row, follower_.Follow(std::move(row)));
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<CardRow> kept,
                            pictures_.Whole([&] { return store_.FindCard(row.persona_id); }));
  const auto document = [&](v1::CardSpec spec) { return Document(kept, row, spec); };
  google::api::HttpBody body;
  const bool zipped = kept.has_value() && LooksLikeZip(kept->picture);
  if (request.format() == v1::CARD_FORMAT_CHARX) {
    body.set_content_type(kZip);
    DRAMATIS_ASSIGN_OR_RETURN(const std::string text, document(request.spec()));
    if (zipped && text == kept->document) {
      body.set_data(kept->picture);
      return body;
    }
    DRAMATIS_ASSIGN_OR_RETURN(*body.mutable_data(),
                              WithCardInZip(zipped ? kept->picture : "", text));
    return body;
  }
  if (request.format() != v1::CARD_FORMAT_PNG) {
    body.set_content_type(kJson);
    DRAMATIS_ASSIGN_OR_RETURN(*body.mutable_data(), document(request.spec()));
    return body;
  }
  // Programs that know version 3 read `ccv3`, others `chara`: of a card of version 3 there are
  // both.
  DRAMATIS_ASSIGN_OR_RETURN(std::string asked, document(request.spec()));
  DRAMATIS_ASSIGN_OR_RETURN(const boost::json::object card, ParseCard(asked));
  PngCards cards;
  if (SpecOf(card) == v1::CARD_SPEC_V3) {
    cards.v3 = std::move(asked);
    DRAMATIS_ASSIGN_OR_RETURN(cards.v2, document(v1::CARD_SPEC_V2));
  } else {
    cards.v2 = std::move(asked);
  }
  const bool pictured = kept.has_value() && !kept->picture.empty() && !zipped;
  DRAMATIS_ASSIGN_OR_RETURN(
      *body.mutable_data(),
      WithCards(pictured ? std::string_view(kept->picture) : PlainPng(), cards));
  body.set_content_type(kPng);
  return body;
}

}  // namespace dramatis::persona
