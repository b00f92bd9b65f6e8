#include "shared/sql/kept_secret.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::sql {
namespace {

const std::vector<Migration>& Secrets() {
  static const std::string& schema = *new std::string(
      "create table kept_secrets (name text not null primary key, secret bytea not null)");
  static const std::vector<Migration>& migrations =
      *new std::vector<Migration>{{1, "0001_kept_secrets", schema, schema}};
  return migrations;
}

class KeptSecretTest : public DatabaseTest {
 protected:
  KeptSecretTest() : DatabaseTest(Secrets()) {}
};

TEST_P(KeptSecretTest, KeepsTheFirstOne) {
  const std::string first("\0\xff\x01 secret", 10);
  EXPECT_EQ(KeptSecret(db(), "a", first).value(), first);
  EXPECT_EQ(KeptSecret(db(), "a", "second").value(), first);
  EXPECT_EQ(KeptSecret(db(), "b", "other").value(), "other");
}

TEST_P(KeptSecretTest, AllWhoStartAtOnceShareOne) {
  absl::Mutex mutex;
  std::set<std::string> secrets;
  std::vector<std::thread> replicas;
  for (int i = 0; i < 8; ++i) {
    replicas.emplace_back([&, i] {
      const std::string secret = KeptSecret(db(), "a", "fresh" + std::to_string(i)).value();
      const absl::MutexLock lock(&mutex);
      secrets.insert(secret);
    });
  }
  for (std::thread& replica : replicas)
    replica.join();
  EXPECT_EQ(secrets.size(), 1U);
}

DRAMATIS_ON_EVERY_ENGINE(KeptSecretTest);

}  // namespace
}  // namespace dramatis::sql
