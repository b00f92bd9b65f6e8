// Property 1: a stored message reads back identical, in its session, in order.

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "tests/properties/postgres.h"
#include "tests/properties/texts.h"
#include "tests/properties/world.h"

namespace dramatis::properties {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;  // role, text

// Says generated texts in a few sessions in turn, then reads all of them back.
void CheckStoredMessages(World& world) {
  const std::unique_ptr<HttpClient> user = world.NewUser();
  const int messages = *rc::gen::inRange(1, 9);
  std::map<std::string, Lines> expected;
  for (int i = 0; i < messages; ++i) {
    const std::string session = absl::StrCat("s", *rc::gen::inRange(0, 3));
    const std::string text = *AnyText();
    const boost::json::value answer = user->Post(
        "/api/chat",
        {{"message", text}, {"session_id", session}, {"persona_id", world.Persona("wide")}});
    expected[session].emplace_back("user", text);
    expected[session].emplace_back("assistant", std::string(answer.at("response").as_string()));
  }
  for (const auto& [session, lines] : expected) {
    Lines found;
    int64_t sequence = 0;
    for (const boost::json::value& message :
         user->Pages(absl::StrCat("/api/chat/history/", session), "messages")) {
      found.emplace_back(message.at("role").as_string(), message.at("content").as_string());
      RC_ASSERT(message.at("sequence").as_int64() == ++sequence);
    }
    RC_ASSERT(found == lines);
  }
}

World& OnSqlite() {
  static World world;
  return world;
}

// A database of its own in the cluster that `./dev test` started.
World& OnPostgres() {
  static World world([] {
    const char* url = std::getenv("DRAMATIS_TEST_DATABASE_URL");
    if (url == nullptr) throw std::runtime_error("DRAMATIS_TEST_DATABASE_URL is not set");
    return CreateDatabase(url);
  }());
  return world;
}

RC_GTEST_PROP(StoredMessages, ReadBackIdenticalInTheirSessionInOrderOnSqlite, ()) {
  CheckStoredMessages(OnSqlite());
}

RC_GTEST_PROP(StoredMessages, ReadBackIdenticalInTheirSessionInOrderOnPostgres, ()) {
  CheckStoredMessages(OnPostgres());
}

}  // namespace
}  // namespace dramatis::properties
