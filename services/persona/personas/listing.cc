#include "services/persona/personas/listing.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/persona/model/definition.h"
#include "shared/page/page_token.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

constexpr const char* kMe = "me";

struct Order {
  PersonaOrder by = PersonaOrder::kCreateTime;
  bool descending = true;
};

// Of a text that the field's rule has let pass: `name`, `createTime desc`, ...
Order ParseOrder(const std::string& text) {
  if (text.empty()) return {};
  return {.by = absl::StartsWith(text, "name") ? PersonaOrder::kName : PersonaOrder::kCreateTime,
          .descending = absl::EndsWith(text, " desc")};
}

// The type that somebody else's persona has where the caller is shown `shown`. No persona is kept
// as UNKNOWN: where that comes out, none is found.
v1::PersonaType OthersType(v1::PersonaType shown) {
  switch (shown) {
    case v1::PERSONA_TYPE_UNKNOWN:
      return v1::PERSONA_TYPE_AI_AMBIGUOUS;
    case v1::PERSONA_TYPE_AI_AMBIGUOUS:
      return v1::PERSONA_TYPE_UNKNOWN;
    default:
      return shown;
  }
}

// The user, the filters and the order; not the page.
PageScope Scope(const CallContext& call, const v1::ListPersonasRequest& request) {
  const Identity& identity = call.identity;
  v1::ListPersonasRequest filters = request;
  filters.clear_page_size();
  filters.clear_page_token();
  return {call,
          absl::StrCat("personas\n", identity.user_id, "\n", identity.IsAdmin() ? "admin" : "user",
                       "\n", filters.SerializeAsString())};
}

absl::StatusOr<PersonaQuery::Position> ParsePosition(const PageScope& scope,
                                                     const std::string& token,
                                                     PersonaOrder order) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(scope, token, 2));
  PersonaQuery::Position position;
  position.persona_id = std::move(keys[1]);
  if (order == PersonaOrder::kName) {
    position.name_key = std::move(keys[0]);
    return position;
  }
  int64_t micros = 0;
  if (!absl::SimpleAtoi(keys[0], &micros)) return CursorError("page_token");
  position.create_time = absl::FromUnixMicros(micros);
  return position;
}

}  // namespace

absl::StatusOr<PersonaQuery> MakeQuery(const CallContext& call,
                                       const v1::ListPersonasRequest& request) {
  const Identity& identity = call.identity;
  const Order order = ParseOrder(request.order_by());
  PersonaQuery query;
  if (!identity.IsAdmin()) query.visible_to = identity.user_id;
  if (!request.owner_id().empty()) {
    query.owner_id = request.owner_id() == kMe ? identity.user_id : request.owner_id();
  }
  if (request.type() != v1::PERSONA_TYPE_UNSPECIFIED) {
    query.type = request.type();
    query.others_type = OthersType(request.type());
    query.masked_too = request.type() == v1::PERSONA_TYPE_UNKNOWN;
  }
  if (request.has_is_public()) query.is_public = request.is_public();
  std::vector<v1::Knowledge> domains;
  for (const int domain : request.knowledge()) {
    if (domain != v1::KNOWLEDGE_UNSPECIFIED) domains.push_back(static_cast<v1::Knowledge>(domain));
  }
  query.knowledge = KnowledgeMask(domains);
  if (request.communication_style() != v1::COMMUNICATION_STYLE_UNSPECIFIED) {
    query.communication_style = request.communication_style();
  }
  query.text = SearchText(std::string(TrimSpace(request.q())));
  query.order = order.by;
  query.descending = order.descending;
  query.limit = PageSize(request);
  if (const std::string name = NameKey(request.name()); !name.empty()) {
    // By the index of names, from that one on; what follows is left out by whoever reads the page.
    query.order = PersonaOrder::kName;
    query.descending = false;
    query.after = PersonaQuery::Position{.create_time = {}, .name_key = name, .persona_id = ""};
    return query;
  }
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(query.after,
                              ParsePosition(Scope(call, request), request.page_token(), order.by));
  }
  return query;
}

std::string MakePageToken(const CallContext& call,
                          const v1::ListPersonasRequest& request,
                          const PersonaRow& last) {
  const std::string key = ParseOrder(request.order_by()).by == PersonaOrder::kName
                              ? NameKey(last.definition.name())
                              : absl::StrCat(absl::ToUnixMicros(last.create_time));
  return EncodePageToken(Scope(call, request), {key, last.persona_id});
}

}  // namespace dramatis::persona
