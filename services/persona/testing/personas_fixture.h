// What the tests of the use cases share: personas over a store and a source in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/persona/personas/personas.h"
#include "services/persona/testing/fakes.h"
#include "shared/rules/field_rules.h"

namespace dramatis::persona {

class PersonasTest : public testing::Test {
 protected:
  PersonasTest() { source_.Set("file:me.txt", "the source's text"); }

  static v1::CreatePersonaRequest Request(const std::string& name) {
    v1::CreatePersonaRequest request;
    request.mutable_persona()->set_name(name);
    request.mutable_persona()->set_type(v1::PERSONA_TYPE_AI_AGENT);
    return request;
  }

  v1::Persona Create(const CallContext& call, const v1::CreatePersonaRequest& request) {
    clock_.Advance(absl::Seconds(1));
    absl::StatusOr<v1::Persona> persona = personas_.Create(call, request);
    EXPECT_TRUE(persona.ok()) << persona.status();
    return persona.ok() ? *persona : v1::Persona();
  }
  v1::Persona CreatePrivate(const std::string& owner, const std::string& name) {
    return Create(CallBy(owner), Request(name));
  }
  v1::Persona CreatePublic(const std::string& owner, const std::string& name) {
    v1::CreatePersonaRequest request = Request(name);
    request.mutable_persona()->set_is_public(true);
    return Create(CallBy(owner), request);
  }
  v1::Persona CreateAmbiguous(const std::string& owner, const std::string& name) {
    v1::CreatePersonaRequest request = Request(name);
    request.mutable_persona()->set_type(v1::PERSONA_TYPE_AI_AMBIGUOUS);
    request.mutable_persona()->set_is_public(true);
    request.mutable_persona()->mutable_response_delay()->set_max_ms(2000);
    return Create(CallBy(owner), request);
  }
  v1::Persona CreateWithSource(const std::string& name) {
    v1::CreatePersonaRequest request = Request(name);
    request.mutable_persona()->set_source_uri("file:me.txt");
    request.mutable_persona()->set_is_public(true);
    return Create(admin_, request);
  }

  absl::StatusOr<v1::Persona> Get(const CallContext& call, const std::string& id) {
    v1::GetPersonaRequest request;
    request.set_persona_id(id);
    return personas_.Get(call, request);
  }
  absl::StatusOr<v1::Persona> Update(const CallContext& call,
                                     const std::string& id,
                                     const v1::Persona& changes,
                                     const std::vector<std::string>& mask = {}) {
    v1::UpdatePersonaRequest request;
    request.set_persona_id(id);
    *request.mutable_persona() = changes;
    for (const std::string& path : mask)
      request.mutable_update_mask()->add_paths(path);
    if (absl::Status status = CheckFieldRules(request); !status.ok()) return status;
    return personas_.Update(call, request);
  }
  absl::Status Delete(const CallContext& call, const std::string& id) {
    v1::DeletePersonaRequest request;
    request.set_persona_id(id);
    return personas_.Delete(call, request);
  }
  std::vector<std::string> ListNames(const CallContext& call,
                                     const v1::ListPersonasRequest& request = {}) {
    const absl::StatusOr<v1::ListPersonasResponse> response = personas_.List(call, request);
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> names;
    for (const v1::Persona& persona : response->personas())
      names.push_back(persona.name());
    return names;
  }

  static std::string FirstField(const absl::Status& status) {
    const auto bad_request = GetBadRequest(status);
    return bad_request.has_value() ? bad_request->field_violations(0).field() : "";
  }

  const CallContext alice_ = CallBy("alice");
  const CallContext bob_ = CallBy("bob");
  const CallContext admin_ = CallBy("root", AccessRole::kAdmin);
  Config config_;
  FakeStore store_;
  FakeSource source_;
  FakeClock clock_;
  CountingIdSource ids_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  SourceFollower follower_{store_, source_, clock_, *logger_, 1 << 20};
  DefaultPersona default_persona_{config_, "", store_, source_, clock_, *logger_};
  Personas::Parts parts_ = {store_, source_, follower_, default_persona_, clock_, ids_, *logger_};
  Personas personas_{config_, parts_};
};

}  // namespace dramatis::persona
