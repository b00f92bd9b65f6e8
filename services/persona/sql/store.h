// The persona store in SQL, on SQLite and PostgreSQL. See model/store.h for its promises.
#pragma once

#include <optional>
#include <string>

#include "services/persona/model/store.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis::persona {

class SqlStore : public Store {
 public:
  // `db` is migrated. The clock dates idempotency keys.
  SqlStore(sql::Database& db, const Clock& clock) : db_(db), clock_(clock) {}

  absl::StatusOr<PersonaRow> Find(const std::string& persona_id) override;
  absl::StatusOr<PersonaAndHold> FindWithHold(const std::string& persona_id,
                                              const std::string& conversation_id) override;
  absl::StatusOr<PersonaVersion> FindVersion(const std::string& persona_id, int version) override;
  absl::StatusOr<PersonaPage> List(const PersonaQuery& query) override;
  absl::StatusOr<v1::Persona> Create(const CallContext& call,
                                     const v1::CreatePersonaRequest& request,
                                     const PersonaRow& row,
                                     const v1::Persona& answer) override;
  absl::StatusOr<v1::ImportPersonaResponse> Import(
      const CallContext& call,
      const v1::ImportPersonaRequest& request,
      const PersonaRow& row,
      const CardRow& card,
      const v1::ImportPersonaResponse& answer) override;
  absl::StatusOr<std::optional<CardRow>> FindCard(const std::string& persona_id) override;
  absl::StatusOr<bool> Ensure(const PersonaRow& row) override;
  absl::Status Update(const PersonaRow& row) override;
  absl::Status Delete(const std::string& persona_id, int version, absl::Time now) override;
  absl::StatusOr<std::set<std::string>> MaskedFor(const std::string& user_id) override;
  absl::Status SetMasks(const v1::SetMasksRequest& request) override;
  absl::Status Hold(const HoldRow& hold, absl::Time now) override;
  absl::Status Release(const std::string& persona_id, const std::string& conversation_id) override;

 private:
  sql::Database& db_;
  const Clock& clock_;
};

}  // namespace dramatis::persona
