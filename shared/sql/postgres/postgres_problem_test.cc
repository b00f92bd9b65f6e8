#include "shared/sql/postgres/postgres_problem.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::sql {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kUrl[] = "postgresql://ada:s3cret@db.example:5433/app?connect_timeout=2";

TEST(PostgresProblemTest, NamesTheServerWhatIsWrongAndWhatToDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"FATAL:  database \"app\" does not exist",
       R"(PostgreSQL at db.example:5433 has no database "app": create it)"},
      {"FATAL:  role \"ada\" does not exist",
       R"(PostgreSQL at db.example:5433 has no role "ada": create it)"},
      {"FATAL:  password authentication failed for user \"ada\"",
       R"(PostgreSQL at db.example:5433 refuses the password of the role "ada")"},
      {"fe_sendauth: no password supplied", "wants a password of the role \"ada\""},
      {"connection failed: Connection refused", "nothing listens at db.example:5433: start"},
      {"could not translate host name \"db.example\" to address: Name or service not known",
       "the host of db.example:5433 is unknown"},
      {"timeout expired", "PostgreSQL at db.example:5433 does not answer"},
      {"FATAL:  permission denied for database \"app\"", "grant connect on database \"app\""},
      {"FATAL:  sorry, too many clients already", "has no connection left"},
      {"FATAL:  the database system is starting up", "takes no connections yet"},
      {"FATAL:  Datenbank »app« existiert nicht", "Datenbank »app« existiert nicht"},
  };
  for (const auto& [said, problem] : cases) {
    EXPECT_THAT(PostgresConnectProblem(kUrl, said),
                AllOf(HasSubstr(problem), HasSubstr("db.example"), Not(HasSubstr("s3cret"))));
  }
}

TEST(PostgresProblemTest, KnowsARefusedPassword) {
  EXPECT_TRUE(PasswordRefused("FATAL:  password authentication failed for user \"ada\""));
  EXPECT_FALSE(PasswordRefused("connection failed: Connection refused"));
}

TEST(PostgresProblemTest, NeverTellsThePasswordWhereverItHasGone) {
  // What libpq makes of a password that is not escaped, and what it then says of it.
  for (const char* url :
       {"postgresql://ada:s3@cret@db/app", "postgresql://ada:s3/cret@db/app",
        "postgresql://ada:s3?cret@db/app", "postgresql://ada:s3%cret@db/app",
        "postgresql://ada:s3cret@db:port/app", R"(postgresql://ada:s3cret@[db/app)"}) {
    const std::string problem =
        PostgresConnectProblem(url, R"(could not translate host name "cret@db", port "s3")");
    EXPECT_THAT(problem, AllOf(Not(HasSubstr("s3")), Not(HasSubstr("cret")))) << url;
    EXPECT_THAT(problem, HasSubstr("DATABASE_URL")) << url;
  }
  EXPECT_THAT(PostgresConnectProblem(kUrl, "odd: s3cret was refused"),
              AllOf(HasSubstr("odd: *** was refused"), Not(HasSubstr("s3cret"))));
}

TEST(PostgresProblemTest, NamesEveryHostOfSeveralAndTheSocketOfNone) {
  EXPECT_THAT(PostgresConnectProblem("postgresql://ada@one:1,two:2/app", "Connection refused"),
              HasSubstr("nothing listens at one:1, two:2"));
  EXPECT_THAT(PostgresConnectProblem("postgresql:///app?host=/run/x", "No such file or directory"),
              HasSubstr("nothing listens at /run/x"));
}

TEST(PostgresProblemTest, SaysWhichRightIsMissing) {
  EXPECT_THAT(
      PostgresStatementProblem(kUrl, "42501", "ERROR:  permission denied for database app\n"),
      AllOf(HasSubstr("the role \"ada\" lacks a right (permission denied for database app)"),
            HasSubstr(R"(grant create on database "app" to "ada")"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(PostgresStatementProblem(kUrl, "25006", ""), HasSubstr("takes no writes"));
  EXPECT_THAT(PostgresStatementProblem(kUrl, "53100", ""), HasSubstr("its disk is full"));
  EXPECT_EQ(PostgresStatementProblem(kUrl, "42601", "syntax error"), "");
}

}  // namespace
}  // namespace dramatis::sql
