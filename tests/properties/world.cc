#include "tests/properties/world.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace dramatis::properties {
namespace {

std::string MakeFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "dramatis-properties.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  return pattern;
}

}  // namespace

World::World(const std::string& database_url) : folder_(MakeFolder()) {
  provider_.emplace("provider-double", ChildProcess::Variables{});
  const std::string provider = provider_->Address("http");
  double_.emplace(provider, "");
  double_->Post("/script", {{"default", {{"echo", true}, {"usage", false}}}});
  ChildProcess::Variables variables = {
      {"DRAMATIS_HTTP_ADDRESS", "127.0.0.1:0"},
      {"DRAMATIS_GRPC_ADDRESS", "127.0.0.1:0"},
      {"DRAMATIS_MANAGEMENT_ADDRESS", "127.0.0.1:0"},
      {"DRAMATIS_LOG_LEVEL", "warning"},
      {"DRAMATIS_DATA_DIR", folder_ + "/data"},
      {"OPENAI_BASE_URL", absl::StrCat("http://", provider, "/v1")},
      {"OPENAI_API_KEY", "k"},
      {"DRAMATIS_OPENAI_MODELS", absl::StrCat("wide@", kWideWindow, ",narrow@", kNarrowWindow)},
      // The prompts under test are those of replies, with the history in its own words.
      {"DRAMATIS_MEMORY_EXTRACTION", "false"},
      {"DRAMATIS_MEMORY_SUMMARIES", "false"},
  };
  if (!database_url.empty()) {
    variables["DATABASE_URL"] = database_url;
    ChildProcess migration("dramatis", variables, {"migrate"});
    if (migration.Wait() != 0) {
      std::cerr << migration.Log() << '\n';
      std::abort();
    }
  }
  dramatis_.emplace("dramatis", variables);
  address_ = dramatis_->Address("http");
}

World::~World() {
  dramatis_.reset();
  provider_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<HttpClient> World::NewUser() {
  return std::make_unique<HttpClient>(address_, absl::StrCat("user-", ++users_));
}

const std::string& World::Persona(const std::string& model) {
  std::string& id = personas_[model];
  if (id.empty()) {
    HttpClient admin(address_, "owner:admin");
    const boost::json::value persona =
        admin.Post("/api/personas", {{"name", absl::StrCat("Speaks for ", model)},
                                     {"type", "ai_agent"},
                                     {"isPublic", true},
                                     {"modelConfig", {{"model", absl::StrCat("openai/", model)}}}});
    id = std::string(persona.at("personaId").as_string());
  }
  return id;
}

void World::ForgetPrompts() {
  double_->Post("/reset", {});
  double_->Post("/script", {{"default", {{"echo", true}, {"usage", false}}}});
}

boost::json::object World::OnlyPrompt() {
  const boost::json::value recorded = double_->Get("/requests");
  const boost::json::array& requests = recorded.at("requests").as_array();
  if (requests.size() != 1) {
    throw std::runtime_error(absl::StrCat("the model was called ", requests.size(), " times"));
  }
  return boost::json::parse(requests[0].at("body").as_string()).as_object();
}

}  // namespace dramatis::properties
