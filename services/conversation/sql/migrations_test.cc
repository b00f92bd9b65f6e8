// What migrations make of rows that were written before them.
#include <string>
#include <utility>
#include <vector>

#include "embedded/conversation_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;

// A database as it was before a migration.
class ConversationMigrationsTest : public sql::DatabaseTest {
 protected:
  ConversationMigrationsTest() : DatabaseTest({}) {}

  void MigrateBefore(int number) {
    std::vector<sql::Migration> migrations;
    for (const sql::Migration& migration : embedded::conversation_migrations()) {
      if (migration.number < number) migrations.push_back(migration);
    }
    ASSERT_TRUE(db().Migrate(migrations).ok());
  }
  void MigrateAll() {
    const auto migrated = db().Migrate(embedded::conversation_migrations());
    ASSERT_TRUE(migrated.ok()) << migrated.status();
  }
  void Run(const std::string& text) {
    const absl::Status status =
        db().Write([&](sql::Transaction& tx) { return tx.ExecuteText(text, {}).status(); });
    ASSERT_TRUE(status.ok()) << text << ": " << status;
  }
  // Each row's columns, joined by `|`.
  std::vector<std::string> Texts(const std::string& text, int columns) {
    const auto rows = db().Read([&](sql::Transaction& tx) { return tx.ExecuteText(text, {}); });
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<std::string> texts;
    for (const sql::Row& row : *rows) {
      std::string joined;
      for (int i = 0; i < columns; ++i)
        joined += (i > 0 ? "|" : "") + row.Text(i);
      texts.push_back(joined);
    }
    return texts;
  }
};

// Where two columns differ in it no index serves their join (PostgreSQL's documentation, 24.2.2).
TEST_P(ConversationMigrationsTest, ConversationsHaveOneCollation) {
  MigrateAll();
  if (db().engine() == sql::Engine::kSqlite) return;  // has no others
  EXPECT_THAT(Texts("select distinct coalesce(collation_name, 'default') "
                    "from information_schema.columns "
                    "where table_schema = current_schema() and column_name = 'conversation_id'",
                    1),
              ElementsAre("default"));
}

TEST_P(ConversationMigrationsTest, SearchedTextsAreNumberedByTheirTime) {
  MigrateBefore(27);
  for (const auto& [id, time] :
       {std::pair("new", "3"), std::pair("old", "1"), std::pair("mid", "2")}) {
    Run(std::string("insert into message_search "
                    "(conversation_id, sequence, created_at, readers, words, size) values ('") +
        id + "', 1, " + time + ", '@rooms', 'tea', 1)");
  }

  Run("insert into message_search (conversation_id, sequence, created_at, readers, words, size) "
      "values ('old', 0, 1, '@r61 @rooms @titles', 'tea', 1)");

  MigrateAll();

  EXPECT_THAT(Texts("select readers from message_search where sequence = 0", 1),
              ElementsAre("@tr61 @trooms"));
  if (db().engine() == sql::Engine::kSqlite) return;  // had numbered them as they came
  EXPECT_THAT(Texts("select conversation_id, words from message_search order by search_row", 2),
              ElementsAre("old|tea", "old|tea", "mid|tea", "new|tea"));
  EXPECT_THAT(Texts("select conversation_id from message_search"
                    " where search @@ cast('''@rooms'' & ''tea''' as tsquery)"
                    "   and array[search_row / 16384] && cast('{0}' as bigint[])"
                    " order by search_row",
                    1),
              ElementsAre("old", "mid", "new"));
}

TEST_P(ConversationMigrationsTest, EventsKeepWhatTheySaid) {
  MigrateBefore(11);
  const auto event = [&](int sequence, const std::string& kind, const std::string& detail) {
    Run("insert into events (conversation_id, sequence, kind, subject, detail, created_at) values "
        "('c', " +
        std::to_string(sequence) + ", '" + kind + "', 's', '" + detail + "', 5)");
  };
  event(1, "turn", "running persona-1");
  event(2, "state", "completed 12 all is said");
  event(3, "state", "active 2 ");
  event(4, "message", "");

  MigrateAll();

  EXPECT_THAT(Texts("select kind, subject, state, persona_id, cast(version as text), detail"
                    " from events order by sequence",
                    6),
              ElementsAre("turn|s|running|persona-1|0|", "state|s|completed||12|all is said",
                          "state|s|active||2|", "message|s|||0|"));
}

TEST_P(ConversationMigrationsTest, ATurnOfBeforeIsTheFirstAlternative) {
  MigrateBefore(12);
  const auto insert = [&](const std::string& turn_id, const std::string& more = "",
                          const std::string& value = "") {
    return db().Write([&](sql::Transaction& tx) {
      return tx
          .ExecuteText(
              "insert into turns (conversation_id, turn_id, user_id, session_id, persona_id,"
              " trigger_message_id, trigger_sequence, state, attempt, interruptions, fence,"
              " lease_owner, lease_address, lease_expires_at, cancel_requested, text,"
              " reply_message_id, finish_reason, model, usage, manifest, error, created_at,"
              " updated_at" +
                  more + ") values ('c', '" + turn_id +
                  "', 'u', 's', 'p', 'm', 1, 'done', 1, 0, 1, '', '', 0, $1, 'kept', 'r', 'stop',"
                  " 'model', $2, $2, $2, 1, 2" +
                  value + ")",
              {false, sql::Bytes{"bytes"}})
          .status();
    });
  };
  ASSERT_TRUE(insert("t0").ok());

  MigrateAll();

  EXPECT_TRUE(absl::IsAlreadyExists(insert("t1"))) << "one answer under each number";
  EXPECT_TRUE(insert("t1", ", alternative", ", 1").ok());
  EXPECT_THAT(Texts("select turn_id, cast(alternative as text), text, reply_message_id"
                    " from turns order by turn_id",
                    4),
              ElementsAre("t0|0|kept|r", "t1|1|kept|r"));
}

DRAMATIS_ON_EVERY_ENGINE(ConversationMigrationsTest);

}  // namespace
}  // namespace dramatis::conversation
