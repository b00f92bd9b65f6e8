// A store and a source in memory, for this service's tests. The store keeps the promises of
// model/store.h, one caller at a time.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "services/persona/model/definition.h"
#include "services/persona/model/store.h"
#include "services/persona/sources/sources.h"
#include "shared/status/errors.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::persona {

// A call by `user_id`.
inline CallContext CallBy(const std::string& user_id, AccessRole role = AccessRole::kUser) {
  CallContext call;
  call.identity = {.user_id = user_id, .role = role};
  return call;
}

class FakeStore : public Store {
 public:
  // Run before the next Update or Delete, once: another writer that comes first.
  std::function<void()> before_write;
  // Returned by the next call of any function, once.
  absl::Status next_error;
  int hold_writes = 0;

  absl::StatusOr<PersonaRow> Find(const std::string& persona_id) override {
    if (absl::Status error = std::exchange(next_error, absl::OkStatus()); !error.ok()) return error;
    const auto row = rows_.find(persona_id);
    if (row == rows_.end()) return NotFoundError("persona");
    return row->second;
  }

  absl::StatusOr<PersonaAndHold> FindWithHold(const std::string& persona_id,
                                              const std::string& conversation_id) override {
    absl::StatusOr<PersonaRow> row = Find(persona_id);
    if (!row.ok()) return row.status();
    PersonaAndHold found = {.persona = *std::move(row), .hold_expire_time = std::nullopt};
    const auto hold = holds_.find({persona_id, conversation_id});
    if (hold != holds_.end()) found.hold_expire_time = hold->second;
    return found;
  }

  absl::StatusOr<PersonaVersion> FindVersion(const std::string& persona_id, int version) override {
    const auto found = versions_.find({persona_id, version});
    if (found == versions_.end()) return NotFoundError("persona version");
    return found->second;
  }

  absl::StatusOr<PersonaPage> List(const PersonaQuery& query) override {
    std::vector<PersonaRow> rows;
    for (const auto& [id, row] : rows_) {
      if (Matches(row, query) && (!query.after || Before(query, *query.after, PositionOf(row)))) {
        rows.push_back(row);
      }
    }
    std::sort(rows.begin(), rows.end(), [&](const PersonaRow& a, const PersonaRow& b) {
      return Before(query, PositionOf(a), PositionOf(b));
    });
    PersonaPage page;
    page.more = rows.size() > static_cast<size_t>(query.limit);
    if (page.more) rows.resize(query.limit);
    page.personas = std::move(rows);
    return page;
  }

  absl::StatusOr<v1::Persona> Create(const CallContext& call,
                                     const v1::CreatePersonaRequest& request,
                                     const PersonaRow& row,
                                     const v1::Persona& answer) override {
    const std::string key = call.idempotency_key;
    const auto earlier = answers_.find({call.identity.user_id, key});
    if (!key.empty() && earlier != answers_.end()) {
      if (earlier->second.first != request.SerializeAsString()) {
        return Error(absl::StatusCode::kAlreadyExists,
                     errors::v1::ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "used for another request");
      }
      return earlier->second.second;
    }
    const absl::StatusOr<bool> made = Ensure(row);
    if (!made.ok()) return made.status();
    answers_[{call.identity.user_id, key}] = {request.SerializeAsString(), answer};
    return answer;
  }

  absl::StatusOr<v1::ImportPersonaResponse> Import(
      const CallContext& /*call*/,
      const v1::ImportPersonaRequest& /*request*/,
      const PersonaRow& row,
      const CardRow& card,
      const v1::ImportPersonaResponse& answer) override {
    const absl::StatusOr<bool> made = Ensure(row);
    if (!made.ok()) return made.status();
    cards_[row.persona_id] = card;
    return answer;
  }

  absl::StatusOr<std::optional<CardRow>> FindCard(const std::string& persona_id) override {
    const auto found = cards_.find(persona_id);
    if (found == cards_.end()) return std::nullopt;
    return found->second;
  }

  absl::StatusOr<bool> Ensure(const PersonaRow& row) override {
    const auto found = rows_.find(row.persona_id);
    if (found != rows_.end() && !found->second.deleted) return false;
    if (NameTaken(row)) return NameTakenError();
    const int version = found == rows_.end() ? 1 : found->second.version + 1;
    Put(row, version);
    return true;
  }

  absl::Status Update(const PersonaRow& row) override {
    if (const auto first = std::exchange(before_write, nullptr)) first();
    const auto found = rows_.find(row.persona_id);
    if (!IsCurrent(found, row.version)) return ConflictError();
    if (NameTaken(row)) return NameTakenError();
    Put(row, row.version + 1);
    return absl::OkStatus();
  }

  absl::Status Delete(const std::string& persona_id, int version, absl::Time now) override {
    if (const auto first = std::exchange(before_write, nullptr)) first();
    const auto found = rows_.find(persona_id);
    if (!IsCurrent(found, version)) return ConflictError();
    for (const auto& [key, expire_time] : holds_) {
      if (key.first == persona_id && expire_time > now) {
        return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_PERSONA_IN_USE,
                     "an open conversation uses the persona");
      }
    }
    found->second.deleted = true;
    return absl::OkStatus();
  }

  absl::StatusOr<std::set<std::string>> MaskedFor(const std::string& user_id) override {
    std::set<std::string> masked;
    for (const auto& [user, conversation, persona] : masks_) {
      if (user == user_id) masked.insert(persona);
    }
    return masked;
  }

  absl::Status SetMasks(const v1::SetMasksRequest& request) override {
    for (const auto& viewer : request.viewers()) {
      std::erase_if(masks_, [&](const auto& mask) {
        return std::get<0>(mask) == viewer.user_id() &&
               std::get<1>(mask) == request.conversation_id();
      });
      for (const std::string& persona_id : viewer.persona_ids())
        masks_.insert({viewer.user_id(), request.conversation_id(), persona_id});
    }
    return absl::OkStatus();
  }

  absl::Status Hold(const HoldRow& hold, absl::Time /*now*/) override {
    const auto found = rows_.find(hold.persona_id);
    if (found == rows_.end() || found->second.deleted) return NotFoundError("persona");
    ++hold_writes;
    holds_[{hold.persona_id, hold.conversation_id}] = hold.expire_time;
    return absl::OkStatus();
  }

  absl::Status Release(const std::string& persona_id, const std::string& conversation_id) override {
    holds_.erase({persona_id, conversation_id});
    return absl::OkStatus();
  }

 private:
  std::map<std::string, CardRow> cards_;
  using Rows = std::map<std::string, PersonaRow>;
  using Position = PersonaQuery::Position;

  void Put(PersonaRow row, int version) {
    row.version = version;
    versions_[{row.persona_id, version}] = {row.definition, row.lore};
    rows_[row.persona_id] = std::move(row);
  }

  bool IsCurrent(const Rows::iterator& found, int version) const {
    return found != rows_.end() && found->second.version == version && !found->second.deleted;
  }

  bool NameTaken(const PersonaRow& row) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const auto& entry) {
      const PersonaRow& other = entry.second;
      return other.persona_id != row.persona_id && other.owner_id == row.owner_id &&
             !other.deleted && NameKey(other.definition.name()) == NameKey(row.definition.name());
    });
  }

  static Position PositionOf(const PersonaRow& row) {
    return {row.create_time, NameKey(row.definition.name()), row.persona_id};
  }

  static bool Before(const PersonaQuery& query, const Position& a, const Position& b) {
    const auto less = [&](const Position& x, const Position& y) {
      if (query.order == PersonaOrder::kName) {
        return std::tie(x.name_key, x.persona_id) < std::tie(y.name_key, y.persona_id);
      }
      return std::tie(x.create_time, x.persona_id) < std::tie(y.create_time, y.persona_id);
    };
    return query.descending ? less(b, a) : less(a, b);
  }

  static std::optional<v1::PersonaType> TypeFor(const PersonaRow& row, const PersonaQuery& query) {
    return query.visible_to && row.owner_id != *query.visible_to ? query.others_type : query.type;
  }

  bool IsOfType(const PersonaRow& row, const PersonaQuery& query) const {
    const std::optional<v1::PersonaType> type = TypeFor(row, query);
    if (!type.has_value()) return true;
    const bool masked =
        query.visible_to && row.owner_id != *query.visible_to &&
        std::any_of(masks_.begin(), masks_.end(), [&](const auto& mask) {
          return std::get<0>(mask) == *query.visible_to && std::get<2>(mask) == row.persona_id;
        });
    return masked ? query.masked_too : row.definition.type() == *type;
  }

  bool Matches(const PersonaRow& row, const PersonaQuery& query) const {
    const v1::Persona& persona = row.definition;
    const std::string text = SearchText(persona.name() + "\n" + persona.description());
    return !row.deleted &&
           (!query.visible_to || persona.is_public() || row.owner_id == *query.visible_to) &&
           (!query.owner_id || row.owner_id == *query.owner_id) && IsOfType(row, query) &&
           (!query.is_public || persona.is_public() == *query.is_public) &&
           (KnowledgeMask(KnowledgeOf(persona)) & query.knowledge) == query.knowledge &&
           (!query.communication_style || StyleOf(persona) == *query.communication_style) &&
           text.find(query.text) != std::string::npos;
  }

  static absl::Status ConflictError() {
    return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT, "changed");
  }
  static absl::Status NameTakenError() {
    return Error(absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_PERSONA_NAME_TAKEN, "taken");
  }

  Rows rows_;
  std::map<std::pair<std::string, int>, PersonaVersion> versions_;
  std::map<std::pair<std::string, std::string>, absl::Time> holds_;
  std::set<std::tuple<std::string, std::string, std::string>>
      masks_;  // user, conversation, persona
  std::map<std::pair<std::string, std::string>, std::pair<std::string, v1::Persona>> answers_;
};

// Texts by URI. A source that is not set is unavailable.
class FakeSource : public PersonaSource {
 public:
  void Set(const std::string& uri, const std::string& text) {
    texts_[uri] = std::make_shared<const std::string>(text);
  }
  void Break(const std::string& uri) { texts_.erase(uri); }

  absl::StatusOr<SourceText> Read(const std::string& uri) override {
    const auto found = texts_.find(uri);
    if (found != texts_.end()) return found->second;
    return Error(absl::StatusCode::kInternal, v1::ERROR_REASON_PERSONA_SOURCE_UNAVAILABLE, "gone");
  }

 private:
  std::map<std::string, SourceText> texts_;
};

}  // namespace dramatis::persona
