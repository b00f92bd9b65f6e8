#include "shared/identity/oidc_client.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kDocument[] =
    R"({"issuer":"https://id.example.org/","authorization_endpoint":"https://id.example.org/auth",)"
    R"("token_endpoint":"https://id.example.org/token","scopes_supported":["openid","offline_access"],)"
    R"("revocation_endpoint":"https://id.example.org/revoke",)"
    R"("end_session_endpoint":"https://id.example.org/leave"})";
// As little as an issuer may say; more follows.
constexpr char kShortDocument[] =
    R"({"issuer":"https://id.example.org/","authorization_endpoint":"https://id.example.org/auth",)"
    R"("token_endpoint":"https://id.example.org/token")";
constexpr char kTokens[] =
    R"({"access_token":"a.b.c","token_type":"Bearer","expires_in":300,"refresh_token":"r1"})";

// All that is logged, one after the other.
class TextLogger : public Logger {
 public:
  void Log(LogLevel, const std::string& message, std::initializer_list<LogField> fields) override {
    text += message;
    for (const LogField& field : fields) {
      const auto* const value = std::get_if<std::string>(&field.value);
      if (value != nullptr) text += " " + *value;
    }
  }
  bool Enabled(LogLevel) const override { return true; }

  std::string text;
};

class OidcClientTest : public testing::Test {
 protected:
  OidcClient Make(OidcClient::Options options = {.issuer = "https://id.example.org/",
                                                 .client_id = "page"}) {
    return OidcClient(
        std::move(options),
        [this](const std::string& url) {
          fetched_.push_back(url);
          return document_;
        },
        [this](const std::string& url, const std::string& form) {
          sent_.push_back(url + " " + form);
          return answer_;
        },
        clock_, logger_);
  }

  absl::StatusOr<std::string> document_ = kDocument;
  absl::StatusOr<FormAnswer> answer_ = FormAnswer{.status = 200, .body = kTokens};
  std::vector<std::string> fetched_;
  std::vector<std::string> sent_;
  FakeClock clock_;
  TextLogger logger_;
};

std::string ReasonOf(const absl::Status& status) {
  const auto info = GetErrorInfo(status);
  return info.has_value() ? info->reason() : "";
}

TEST_F(OidcClientTest, FindsWherePeopleSignIn) {
  OidcClient client = Make();
  const auto door = client.FindDoor();
  ASSERT_TRUE(door.ok()) << door.status();
  EXPECT_EQ(door->authorization_endpoint, "https://id.example.org/auth");
  EXPECT_EQ(door->scope, "openid offline_access");
  EXPECT_EQ(door->sign_out_endpoint, "https://id.example.org/leave");
  EXPECT_THAT(fetched_, ElementsAre("https://id.example.org/.well-known/openid-configuration"));
}

TEST_F(OidcClientTest, AsksForTheScopeThatIsDemandedOrSet) {
  OidcClient::Options options{.issuer = "https://id.example.org/", .client_id = "page"};
  options.required_scope = "chat";
  EXPECT_EQ(Make(options).FindDoor()->scope, "openid chat offline_access");
  options.scope = "openid api://x/chat";
  EXPECT_EQ(Make(options).FindDoor()->scope, "openid api://x/chat");
}

TEST_F(OidcClientTest, KeepsTheDocumentForAWhileAndTheLastGoodOne) {
  OidcClient client = Make();
  ASSERT_TRUE(client.FindDoor().ok());
  ASSERT_TRUE(client.FindDoor().ok());
  EXPECT_EQ(fetched_.size(), 1U);
  clock_.Advance(absl::Minutes(6));
  document_ = absl::UnavailableError("away");
  EXPECT_TRUE(client.FindDoor().ok());
  EXPECT_EQ(fetched_.size(), 2U);
}

TEST_F(OidcClientTest, TakesNoDocumentOfAnotherIssuerNorAddressesWithoutHttps) {
  for (
      const char* document :
      {"", "[]", R"({"issuer":"https://other.example.org"})",
       R"({"issuer":"https://id.example.org/","token_endpoint":"https://id.example.org/token"})",
       R"({"issuer":"https://id.example.org/","authorization_endpoint":"http://id.example.org/auth",)"
       R"("token_endpoint":"https://id.example.org/token"})",
       R"({"issuer":"https://id.example.org/","authorization_endpoint":"javascript:alert",)"
       R"("token_endpoint":"https://id.example.org/token"})"}) {
    document_ = document;
    EXPECT_TRUE(absl::IsUnavailable(Make().FindDoor().status())) << document;
  }
}

TEST_F(OidcClientTest, ExchangesACode) {
  OidcClient client = Make();
  const auto tokens = client.ExchangeCode("c/+&=", "http://127.0.0.1:8080/", "v~-._1");
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(tokens->access_token, "a.b.c");
  EXPECT_EQ(tokens->expires_in, 300);
  EXPECT_EQ(tokens->refresh_token, "r1");
  EXPECT_THAT(sent_, ElementsAre("https://id.example.org/token grant_type=authorization_code&"
                                 "code=c%2F%2B%26%3D&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2F&"
                                 "code_verifier=v%7E-._1&client_id=page"));
}

TEST_F(OidcClientTest, ExchangesARefreshToken) {
  answer_->body = R"({"access_token":"d","token_type":"bearer"})";
  const auto tokens = Make().Refresh("r1");
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(tokens->expires_in, std::nullopt);
  EXPECT_EQ(tokens->refresh_token, "");
  EXPECT_EQ(tokens->id_token, "");
  EXPECT_THAT(sent_, ElementsAre("https://id.example.org/token "
                                 "grant_type=refresh_token&refresh_token=r1&client_id=page"));
}

TEST_F(OidcClientTest, GivesWhatSaysWhoseTheTokensAre) {
  answer_->body = R"({"access_token":"d","token_type":"bearer","id_token":"i.d.t"})";
  EXPECT_EQ(Make().Refresh("r1")->id_token, "i.d.t");
}

TEST_F(OidcClientTest, MakesATokenVoid) {
  OidcClient client = Make();
  answer_->body = "";
  EXPECT_EQ(*client.Revoke("r/1", OidcClient::Kind::kRefreshToken), true);
  EXPECT_EQ(*client.Revoke("a.b.c", OidcClient::Kind::kAccessToken), true);
  EXPECT_THAT(sent_, ElementsAre("https://id.example.org/revoke token=r%2F1&"
                                 "token_type_hint=refresh_token&client_id=page",
                                 "https://id.example.org/revoke token=a.b.c&"
                                 "token_type_hint=access_token&client_id=page"));
}

TEST_F(OidcClientTest, SaysWhereTheIssuerMakesNothingVoid) {
  OidcClient client = Make();
  answer_ = FormAnswer{.status = 400, .body = R"({"error":"unsupported_token_type"})"};
  EXPECT_EQ(*client.Revoke("secret-token", OidcClient::Kind::kAccessToken), false);
  EXPECT_THAT(logger_.text, HasSubstr("unsupported_token_type"));
  EXPECT_THAT(logger_.text, Not(HasSubstr("secret-token")));
  for (const int status : {302, 429, 500, 503}) {
    answer_ = FormAnswer{.status = status, .body = ""};
    EXPECT_TRUE(absl::IsUnavailable(client.Revoke("r", OidcClient::Kind::kRefreshToken).status()))
        << status;
  }
}

TEST_F(OidcClientTest, AnIssuerNeedNotHaveAPlaceForTheEnd) {
  for (const char* more : {R"(})", R"(,"end_session_endpoint":"javascript:alert",)"
                                   R"("revocation_endpoint":"http://id.example.org/revoke"})"}) {
    document_ = absl::StrCat(kShortDocument, more);
    OidcClient client = Make();
    EXPECT_EQ(client.FindDoor()->sign_out_endpoint, "") << more;
    EXPECT_EQ(*client.Revoke("r", OidcClient::Kind::kRefreshToken), false) << more;
  }
  EXPECT_TRUE(sent_.empty());
}

TEST_F(OidcClientTest, SaysThatTheIssuerRefusesAndLogsItsWordOnly) {
  for (const int status : {400, 401, 403}) {
    answer_ = FormAnswer{.status = status, .body = R"({"error":"invalid_grant"})"};
    EXPECT_EQ(ReasonOf(Make().Refresh("secret-token").status()), "SIGN_IN_REFUSED") << status;
  }
  EXPECT_THAT(logger_.text, HasSubstr("invalid_grant"));
  EXPECT_THAT(logger_.text, Not(HasSubstr("secret-token")));
}

TEST_F(OidcClientTest, AnAnswerThatIsNoneIsUnavailable) {
  const std::string long_token(20'000, 'x');
  const std::vector<absl::StatusOr<FormAnswer>> answers = {
      absl::UnavailableError("timed out"),
      FormAnswer{.status = 500, .body = kTokens},
      FormAnswer{.status = 429, .body = ""},
      FormAnswer{.status = 302, .body = ""},
      FormAnswer{.status = 200, .body = "<html>"},
      FormAnswer{.status = 200, .body = "{}"},
      FormAnswer{.status = 200, .body = R"({"access_token":"a","token_type":"DPoP"})"},
      FormAnswer{.status = 200, .body = R"({"access_token":"a b","token_type":"Bearer"})"},
      FormAnswer{.status = 200,
                 .body = R"({"access_token":"a","access_token":"b","token_type":"Bearer"})"},
      FormAnswer{.status = 200,
                 .body = R"({"token_type":"Bearer","access_token":")" + long_token + R"("})"}};
  for (const auto& answer : answers) {
    answer_ = answer;
    const absl::Status status = Make().Refresh("r").status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("timed out")));
  }
}

}  // namespace
}  // namespace dramatis
