// The verifier against Wycheproof's vectors for JWS and JWK (vectors/README.md).
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "gtest/gtest.h"
#include "shared/identity/jws.h"

namespace dramatis {
namespace {

namespace json = boost::json;

using Exceptions = std::map<int64_t, const char*>;

constexpr char kSymmetric[] = "a symmetric key, which we never take from a set";
constexpr char kSlip[] = "the key's `alg` is ES521, which no RFC has";
constexpr char kOtherAlgorithm[] = "the key is for another algorithm than the token's";
constexpr char kRoca[] = "ROCA keys are not told apart: an issuer's key is the issuer's choice";

// Where we differ, by number, with the reason.
const Exceptions& SignatureExceptions() {
  static const auto& exceptions = *new Exceptions{
      {1, kSymmetric},        {346, kOtherAlgorithm}, {347, kSlip},      {348, kSymmetric},
      {350, kOtherAlgorithm}, {351, kSlip},           {352, kSymmetric}, {357, kSymmetric},
      {358, kSymmetric},      {359, kSymmetric},      {372, kSymmetric}, {373, kSymmetric},
      {376, kSymmetric},      {377, kSymmetric}};
  return exceptions;
}

const Exceptions& KeyExceptions() {
  static const auto& exceptions = *new Exceptions{
      {2, kSymmetric}, {7, kRoca}, {13, kSymmetric}, {14, kSymmetric}, {15, kSymmetric}};
  return exceptions;
}

json::object Load(const std::string& name) {
  std::ifstream file(std::string(DRAMATIS_SOURCE_DIR) + "/shared/identity/vectors/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return json::parse(text.str()).as_object();
}

// A group's key or keys.
absl::StatusOr<KeySet> KeysOf(const json::object& group) {
  const json::value& published =
      group.contains("public") ? group.at("public") : group.at("private");
  std::string text = json::serialize(published);
  if (!published.as_object().contains("keys")) text = "{\"keys\":[" + text + "]}";
  return ParseKeySet(text);
}

// Whether a token is taken with them.
bool Takes(const absl::StatusOr<KeySet>& keys, const json::value& token) {
  if (!keys.ok()) return false;
  const auto& compact = token.as_string();
  const std::optional<Jws> jws = Jws::Parse(std::string_view(compact.data(), compact.size()));
  return jws.has_value() && jws->Verify(*keys) == JwsOutcome::kValid;
}

// How many of a file's vectors there are; each is as it says, or an exception.
int Check(const std::string& name, const Exceptions& exceptions) {
  int count = 0;
  const json::object vectors = Load(name);
  for (const json::value& entry : vectors.at("testGroups").as_array()) {
    const json::object& group = entry.as_object();
    const absl::StatusOr<KeySet> keys = KeysOf(group);
    for (const json::value& vector : group.at("tests").as_array()) {
      const json::object& test = vector.as_object();
      const int64_t id = test.at("tcId").as_int64();
      const bool right = Takes(keys, test.at("jws")) == (test.at("result").as_string() == "valid");
      const auto exception = exceptions.find(id);
      EXPECT_EQ(right, exception == exceptions.end())
          << name << " " << id << " " << test.at("comment") << " "
          << (exception == exceptions.end() ? "" : exception->second);
      ++count;
    }
  }
  return count;
}

TEST(VectorsTest, Signatures) {
  EXPECT_EQ(Check("json_web_signature_test.json", SignatureExceptions()), 401);
}

TEST(VectorsTest, Keys) {
  EXPECT_EQ(Check("json_web_key_test.json", KeyExceptions()), 26);
}

}  // namespace
}  // namespace dramatis
