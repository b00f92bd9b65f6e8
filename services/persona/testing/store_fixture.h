// What the tests of the store share: a fresh database with the service's tables.
#pragma once

#include <string>
#include <vector>

#include "embedded/persona_migrations.h"
#include "gtest/gtest.h"
#include "services/persona/model/definition.h"
#include "services/persona/sql/store.h"
#include "shared/ids/ids.h"
#include "shared/sql/testing/test_database.h"
#include "shared/text/names.h"

namespace dramatis::persona {

class StoreTest : public sql::DatabaseTest {
 protected:
  StoreTest() : sql::DatabaseTest(embedded::persona_migrations()) {}

  // Each row is a second younger than the one before.
  PersonaRow NewRow(const std::string& owner, const std::string& name) {
    clock_.Advance(absl::Seconds(1));
    PersonaRow row;
    row.persona_id = ids_.NewId();
    row.owner_id = owner;
    row.create_time = row.update_time = clock_.Now();
    row.definition.set_name(name);
    row.definition.set_type(v1::PERSONA_TYPE_AI_AGENT);
    return row;
  }
  PersonaRow Add(const PersonaRow& row) {
    const absl::StatusOr<bool> made = store_.Ensure(row);
    EXPECT_TRUE(made.ok() && *made) << made.status();
    return row;
  }
  PersonaRow Add(const std::string& owner, const std::string& name, bool is_public = false) {
    PersonaRow row = NewRow(owner, name);
    row.definition.set_is_public(is_public);
    return Add(row);
  }
  PersonaRow Find(const std::string& id) {
    absl::StatusOr<PersonaRow> row = store_.Find(id);
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() ? *row : PersonaRow();
  }

  PersonaPage List(const PersonaQuery& query) {
    absl::StatusOr<PersonaPage> page = store_.List(query);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *page : PersonaPage();
  }
  std::vector<std::string> Names(const PersonaQuery& query) {
    std::vector<std::string> names;
    for (const PersonaRow& row : List(query).personas)
      names.push_back(row.definition.name());
    return names;
  }
  static PersonaQuery VisibleTo(const std::string& user) {
    PersonaQuery query;
    query.visible_to = user;
    return query;
  }
  static PersonaQuery::Position PositionOf(const PersonaRow& row) {
    return {row.create_time, NameKey(row.definition.name()), row.persona_id};
  }

  static CallContext CallWithKey(const std::string& key) {
    CallContext call;
    call.identity.user_id = "alice";
    call.idempotency_key = key;
    return call;
  }
  static v1::CreatePersonaRequest RequestOf(const std::string& name) {
    v1::CreatePersonaRequest request;
    request.mutable_persona()->set_name(name);
    return request;
  }
  static v1::Persona AnswerOf(const PersonaRow& row) {
    v1::Persona answer = row.definition;
    answer.set_persona_id(row.persona_id);
    return answer;
  }

  FakeClock clock_;
  CountingIdSource ids_;
  SqlStore store_{db(), clock_};
};

}  // namespace dramatis::persona
