// What the properties are checked against: the real `dramatis` and, as its model, the provider
// double, both processes of their own. Models:
//
//   openai/wide     everything fits its window
//   openai/narrow   long histories do not
//
// The double answers with what it was told.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "boost/json.hpp"
#include "tests/properties/child_process.h"
#include "tests/properties/http_client.h"

namespace dramatis::properties {

inline constexpr int kNarrowWindow = 4000;
inline constexpr int kWideWindow = 50'000'000;

class World {
 public:
  // `database_url` as DATABASE_URL; empty for SQLite.
  explicit World(const std::string& database_url = "");
  ~World();

  // A client as a user that no other has been.
  std::unique_ptr<HttpClient> NewUser();
  // A public persona that a model of that name speaks for.
  const std::string& Persona(const std::string& model);
  // Forgets the prompts that the model was sent so far.
  void ForgetPrompts();
  // The body of the only request since; throws where there was none or more than one.
  boost::json::object OnlyPrompt();

 private:
  std::string folder_;
  std::optional<ChildProcess> provider_;
  std::optional<ChildProcess> dramatis_;
  std::optional<HttpClient> double_;
  std::string address_;
  std::map<std::string, std::string> personas_;
  int users_ = 0;
};

}  // namespace dramatis::properties
