// PersonaService over real gRPC on SQLite: codes, details, headers, masking.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dramatis/persona/v1/persona.grpc.pb.h"

#include "embedded/persona_migrations.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "services/persona/module.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"

namespace dramatis::persona {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr const char* kAlice = "Bearer local:alice";
constexpr const char* kBob = "Bearer local:bob";
constexpr const char* kAdmin = "Bearer local:root:admin";
constexpr const char* kConversation = "Bearer local:alice:service";

using Headers = std::map<std::string, std::string>;

class PersonaServiceTest : public testing::Test {
 protected:
  PersonaServiceTest() {
    config_.data_dir = folder_.string();
    config_.workers = 4;
    sql::DatabaseOptions options;
    options.url = (folder_ / "persona.db").string();
    database_ = *sql::Database::Open(options);
    EXPECT_TRUE(database_->Migrate(embedded::persona_migrations()).ok());
    Start();
  }
  ~PersonaServiceTest() override {
    Stop();
    database_.reset();
    fs::remove_all(folder_);
  }

  void Start(const Environment& environment = {}) {
    Settings settings(environment);
    const ConfiguredModule configured = PersonaModule().configure(settings, config_);
    const absl::Status problems = settings.Check();
    ASSERT_TRUE(problems.ok()) << problems;
    module_ = *configured.make({clock_, ids_, *logger_, metrics_, config_, *database_,
                                /*channel=*/nullptr, /*replica=*/nullptr, local_,
                                /*own_address=*/nullptr});
    server_ = std::make_unique<TestServer>(module_->services());
    ASSERT_TRUE(module_->Start().ok());
    stub_ = v1::PersonaService::NewStub(server_->channel());
  }
  void Stop() {
    stub_.reset();
    server_.reset();
    module_.reset();
  }

  // Calls a method of the stub. The headers of its answer are in `answer_headers_`.
  template <class Response, class Request>
  absl::StatusOr<Response> Call(grpc::Status (v1::PersonaService::StubInterface::*method)(
                                    grpc::ClientContext*, const Request&, Response*),
                                const std::string& who,
                                const Request& request,
                                const Headers& headers = {}) {
    auto context = TestContext(who);
    for (const auto& [name, value] : headers)
      context->AddMetadata(name, value);
    Response response;
    v1::PersonaService::StubInterface& stub = *stub_;
    const grpc::Status status = (stub.*method)(context.get(), request, &response);
    answer_headers_.clear();
    for (const auto& [name, value] : context->GetServerInitialMetadata()) {
      answer_headers_[{name.data(), name.size()}] = {value.data(), value.size()};
    }
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  absl::StatusOr<v1::Persona> Create(const std::string& who,
                                     const v1::Persona& persona,
                                     const Headers& headers = {}) {
    v1::CreatePersonaRequest request;
    *request.mutable_persona() = persona;
    return Call(&v1::PersonaService::StubInterface::CreatePersona, who, request, headers);
  }
  absl::StatusOr<v1::Persona> Get(const std::string& who, const std::string& id) {
    v1::GetPersonaRequest request;
    request.set_persona_id(id);
    return Call(&v1::PersonaService::StubInterface::GetPersona, who, request);
  }
  absl::StatusOr<v1::Persona> Update(const std::string& who,
                                     const std::string& id,
                                     const v1::Persona& persona,
                                     const Headers& headers = {}) {
    v1::UpdatePersonaRequest request;
    request.set_persona_id(id);
    *request.mutable_persona() = persona;
    return Call(&v1::PersonaService::StubInterface::UpdatePersona, who, request, headers);
  }
  absl::Status Delete(const std::string& who, const std::string& id, const Headers& headers = {}) {
    v1::DeletePersonaRequest request;
    request.set_persona_id(id);
    return Call(&v1::PersonaService::StubInterface::DeletePersona, who, request, headers).status();
  }
  absl::StatusOr<v1::ListPersonasResponse> List(const std::string& who,
                                                const v1::ListPersonasRequest& request) {
    return Call(&v1::PersonaService::StubInterface::ListPersonas, who, request);
  }
  absl::StatusOr<v1::RenderPersonaResponse> Render(const std::string& who,
                                                   const v1::RenderPersonaRequest& request) {
    return Call(&v1::PersonaService::StubInterface::RenderPersona, who, request);
  }

  static v1::Persona AiPersona(const std::string& name, bool is_public = false) {
    v1::Persona persona;
    persona.set_name(name);
    persona.set_type(v1::PERSONA_TYPE_AI_AGENT);
    persona.set_is_public(is_public);
    return persona;
  }
  static std::vector<std::string> Fields(const absl::Status& status) {
    std::vector<std::string> fields;
    const auto bad_request = GetBadRequest(status);
    if (!bad_request.has_value()) return fields;
    for (const auto& violation : bad_request->field_violations()) {
      fields.push_back(violation.field());
    }
    return fields;
  }

  static fs::path NewFolder() {
    std::string pattern = (fs::temp_directory_path() / "dramatis-persona-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  const fs::path folder_ = NewFolder();
  FakeClock clock_;
  UuidV7Source ids_{clock_};
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  CommonConfig config_;
  std::unique_ptr<sql::Database> database_;
  LocalMethods local_;
  std::unique_ptr<Module> module_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<v1::PersonaService::Stub> stub_;
  Headers answer_headers_;
};

TEST_F(PersonaServiceTest, CreatesReadsChangesAndDeletes) {
  const absl::StatusOr<v1::Persona> created = Create(kAlice, AiPersona("Ada"));
  ASSERT_TRUE(created.ok()) << created.status();
  const std::string id = created->persona_id();
  EXPECT_EQ(Get(kAlice, id)->SerializeAsString(), created->SerializeAsString());

  v1::Persona changes;
  changes.set_name("Eve");
  const absl::StatusOr<v1::Persona> changed = Update(kAlice, id, changes);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->version(), 2);
  EXPECT_EQ(Get(kAlice, id)->name(), "Eve");

  EXPECT_TRUE(Delete(kAlice, id).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(kAlice, id).status()));
}

TEST_F(PersonaServiceTest, NamesEveryFieldThatIsOutOfBounds) {
  v1::Persona persona;
  persona.set_name(" A ");
  persona.mutable_personality()->set_openness(101);
  persona.mutable_model_config()->set_temperature(2.5);
  persona.set_communication_style(static_cast<v1::CommunicationStyle>(99));

  const absl::Status status = Create(kAlice, persona).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetReason(status), "VALIDATION_FAILED");
  EXPECT_THAT(
      Fields(status),
      UnorderedElementsAre("persona.name", "persona.type", "persona.personality.openness",
                           "persona.communication_style", "persona.model_config.temperature"));
}

TEST_F(PersonaServiceTest, ChangesNothingOnBadInput) {
  const std::string id = Create(kAlice, AiPersona("Ada"))->persona_id();
  v1::Persona changes;
  changes.set_name("Eve");
  changes.mutable_response_delay()->set_min_ms(5);

  const absl::Status status = Update(kAlice, id, changes).status();

  EXPECT_THAT(Fields(status), ElementsAre("persona.response_delay.max_ms"));
  EXPECT_EQ(Get(kAlice, id)->name(), "Ada");
  EXPECT_EQ(Get(kAlice, id)->version(), 1);
}

TEST_F(PersonaServiceTest, AnswersAConflictWithItsReason) {
  ASSERT_TRUE(Create(kAlice, AiPersona("Ada")).ok());

  const absl::Status status = Create(kAlice, AiPersona("ada")).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(GetReason(status), "PERSONA_NAME_TAKEN");
  EXPECT_EQ(GetErrorInfo(status)->domain(), "persona.dramatis");
}

TEST_F(PersonaServiceTest, AnswersTheFirstAnswerToARepeatedRequest) {
  const Headers key = {{"idempotency-key", "k1"}};
  const absl::StatusOr<v1::Persona> first = Create(kAlice, AiPersona("Ada"), key);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(answer_headers_.count("idempotency-replayed"), 0);

  const absl::StatusOr<v1::Persona> again = Create(kAlice, AiPersona("Ada"), key);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(answer_headers_["idempotency-replayed"], "true");
  EXPECT_EQ(GetReason(Create(kAlice, AiPersona("Eve"), key).status()), "IDEMPOTENCY_KEY_REUSED");
}

TEST_F(PersonaServiceTest, ChecksIfMatch) {
  const absl::StatusOr<v1::Persona> created = Create(kAlice, AiPersona("Ada"));
  const Headers if_match = {{"if-match", "\"" + created->etag() + "\""}};
  v1::Persona changes;
  changes.set_name("Eve");

  EXPECT_TRUE(Update(kAlice, created->persona_id(), changes, if_match).ok());
  const absl::Status late = Update(kAlice, created->persona_id(), changes, if_match).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetReason(late), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Delete(kAlice, created->persona_id(), if_match)), "ETAG_MISMATCH");
}

TEST_F(PersonaServiceTest, TakesAStarForAnyVersion) {
  const std::string id = Create(kAlice, AiPersona("Ada"))->persona_id();
  const Headers any = {{"if-match", "*"}};
  v1::Persona changes;
  changes.set_name("Eve");

  EXPECT_TRUE(Update(kAlice, id, changes, any).ok());
  EXPECT_TRUE(Delete(kAlice, id, any).ok());
  EXPECT_EQ(GetReason(Delete(kAlice, id, any)), "NOT_FOUND");
}

TEST_F(PersonaServiceTest, HidesWhatIsTheOwnersAlone) {
  v1::Persona persona = AiPersona("Ada", /*is_public=*/true);
  persona.set_system_prompt("secret");
  const std::string id = Create(kAlice, persona)->persona_id();

  EXPECT_EQ(Get(kAdmin, id)->system_prompt(), "secret");
  EXPECT_EQ(Get(kAdmin, id)->owner_id(), "alice");
  EXPECT_FALSE(Get(kBob, id)->has_system_prompt());
  EXPECT_FALSE(Get(kBob, id)->has_owner_id());
  EXPECT_FALSE(List(kBob, {})->personas(0).has_owner_id());
}

TEST_F(PersonaServiceTest, RefusesOthers) {
  const std::string hidden = Create(kAlice, AiPersona("Ada"))->persona_id();
  const std::string shown = Create(kAlice, AiPersona("Eve", true))->persona_id();

  EXPECT_EQ(GetReason(Delete(kBob, hidden)), "NOT_FOUND");
  EXPECT_EQ(GetReason(Delete(kBob, shown)), "PERMISSION_DENIED");
  EXPECT_EQ(GetReason(Get("Bearer forged", shown).status()), "UNAUTHENTICATED");
}

TEST_F(PersonaServiceTest, ListsInPages) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Create(kAlice, AiPersona("Persona " + std::to_string(i))).ok());
    clock_.Advance(absl::Seconds(1));
  }
  v1::ListPersonasRequest request;
  request.set_owner_id("me");
  request.set_page_size(2);
  std::vector<std::string> names;
  do {
    const absl::StatusOr<v1::ListPersonasResponse> page = List(kAlice, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Persona& persona : page->personas())
      names.push_back(persona.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());

  EXPECT_THAT(names, ElementsAre("Persona 4", "Persona 3", "Persona 2", "Persona 1", "Persona 0"));
}

TEST_F(PersonaServiceTest, RefusesAForgedCursorAndAnUnknownOrder) {
  v1::ListPersonasRequest forged;
  forged.set_page_token("forged");
  v1::ListPersonasRequest unknown;
  unknown.set_order_by("owner");

  EXPECT_EQ(GetReason(List(kAlice, forged).status()), "INVALID_CURSOR");
  EXPECT_THAT(Fields(List(kAlice, unknown).status()), ElementsAre("order_by"));
}

TEST_F(PersonaServiceTest, Compares) {
  v1::ComparePersonasRequest request;
  request.set_persona_id(Create(kAlice, AiPersona("Ada"))->persona_id());
  request.set_with(Create(kAlice, AiPersona("Eve"))->persona_id());

  const auto response = Call(&v1::PersonaService::StubInterface::ComparePersonas, kAlice, request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->score(), 100);
  EXPECT_EQ(response->label(), "excellent");
}

TEST_F(PersonaServiceTest, RendersTheSampleAsTheDefault) {
  v1::RenderPersonaRequest request;
  request.set_user_id("alice");

  const absl::StatusOr<v1::RenderPersonaResponse> response = Render(kConversation, request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->name(), "Maren Solvik");
  std::ifstream file(folder_ / "personas" / "me.txt");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(response->prompt().text().find(text), std::string::npos);
}

TEST_F(PersonaServiceTest, RendersForServicesOnly) {
  v1::RenderPersonaRequest request;
  request.set_user_id("alice");

  EXPECT_EQ(GetReason(Render(kAlice, request).status()), "PERMISSION_DENIED");
  EXPECT_TRUE(Render(kAdmin, request).ok());
}

TEST_F(PersonaServiceTest, KeepsAHeldPersonaUntilItIsReleased) {
  const std::string id = Create(kAlice, AiPersona("Ada"))->persona_id();
  v1::RenderPersonaRequest request;
  request.set_persona_id(id);
  request.set_user_id("alice");
  request.set_hold_conversation_id("c1");
  *request.mutable_hold_expire_time() = google::protobuf::util::TimeUtil::SecondsToTimestamp(
      absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
  ASSERT_TRUE(Render(kConversation, request).ok());

  EXPECT_EQ(GetReason(Delete(kAlice, id)), "PERSONA_IN_USE");
  v1::ReleasePersonaRequest release;
  release.set_persona_id(id);
  release.set_conversation_id("c1");
  ASSERT_TRUE(
      Call(&v1::PersonaService::StubInterface::ReleasePersona, kConversation, release).ok());
  EXPECT_TRUE(Delete(kAlice, id).ok());
}

TEST_F(PersonaServiceTest, ShowsThePromptToItsOwner) {
  v1::GetPersonaPromptRequest request;
  request.set_persona_id(Create(kAlice, AiPersona("Ada"))->persona_id());

  const auto prompt = Call(&v1::PersonaService::StubInterface::GetPersonaPrompt, kAlice, request);

  ASSERT_TRUE(prompt.ok()) << prompt.status();
  EXPECT_EQ(prompt->text().substr(0, 12), "You are Ada.");
  EXPECT_EQ(prompt->version(), 1);
}

TEST_F(PersonaServiceTest, ServesOnWithoutTheDefaultPersonasSource) {
  Stop();
  Start({{"DRAMATIS_DEFAULT_PERSONA", "file:missing.txt"}});
  v1::RenderPersonaRequest request;
  request.set_user_id("alice");

  const absl::Status status = Render(kConversation, request).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(GetReason(status), "PERSONA_SOURCE_UNAVAILABLE");
  EXPECT_TRUE(Create(kAlice, AiPersona("Ada")).ok());
}

TEST_F(PersonaServiceTest, KeepsTheDefaultPersonaOverARestart) {
  v1::RenderPersonaRequest request;
  request.set_user_id("alice");
  const v1::RenderPersonaResponse before = *Render(kConversation, request);
  Stop();
  fs::remove_all(folder_ / "personas");
  Start({{"DRAMATIS_DEFAULT_PERSONA", "file:me.txt"}});

  const absl::StatusOr<v1::RenderPersonaResponse> after = Render(kConversation, request);

  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->SerializeAsString(), before.SerializeAsString());
}

TEST_F(PersonaServiceTest, RestrictsAiPersonasWhereToldTo) {
  Stop();
  Start({{"DRAMATIS_RESTRICT_AI_PERSONAS", "true"}});

  const absl::Status status = Create(kAlice, AiPersona("Ada")).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(GetReason(status), "PERSONA_TYPE_RESTRICTED");
  EXPECT_TRUE(Create(kAdmin, AiPersona("Ada")).ok());
}

}  // namespace
}  // namespace dramatis::persona
