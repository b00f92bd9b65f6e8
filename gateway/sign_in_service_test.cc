// Signing in with a browser: what the gateway itself answers, with an issuer that is none.
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gateway/testing/client.h"
#include "gateway/testing/services.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDiscovery[] =
    R"({"issuer":"https://id.example.org","authorization_endpoint":"https://id.example.org/auth",)"
    R"("token_endpoint":"https://id.example.org/token",)"
    R"("revocation_endpoint":"https://id.example.org/revoke",)"
    R"("end_session_endpoint":"https://id.example.org/leave"})";
constexpr char kVerifier[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH";

TestIssuer Issuer() {
  TestIssuer issuer;
  issuer.oidc.rules.issuer = "https://id.example.org";
  issuer.oidc.client_id = "page";
  issuer.fetch = [](const std::string&) { return kDiscovery; };
  issuer.send_form = [](const std::string& url, const std::string& form) {
    if (absl::EndsWith(url, "/revoke")) {
      return absl::StrContains(form, "token=r1&token_type_hint=refresh_token&")
                 ? FormAnswer{200, ""}
                 : FormAnswer{400, R"({"error":"unsupported_token_type"})"};
    }
    if (absl::StrContains(form, "code=good&")) {
      return FormAnswer{200, R"({"access_token":"a.b.c","token_type":"Bearer","expires_in":60,)"
                             R"("refresh_token":"r1","id_token":"i.d.t"})"};
    }
    return FormAnswer{400, R"({"error":"invalid_grant"})"};
  };
  return issuer;
}

RawReply Ask(const TestGateway& gateway, const std::string& head, const std::string& body = "") {
  RawClient client(gateway.address());
  client.Send(absl::StrCat(head,
                           " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n",
                           "Content-Length: ", body.size(), "\r\n\r\n", body));
  return client.Read();
}

RawReply Exchange(const TestGateway& gateway, const std::string& body) {
  return Ask(gateway, "POST /api/auth/token", body);
}

std::string Logged(TestGateway& gateway) {
  std::string text;
  for (const RecordingLogger::Record& record : gateway.logger().records()) {
    text += record.message;
    for (const auto& [name, value] : record.fields)
      text += " " + value;
  }
  return text;
}

std::string CodeBody(const std::string& code) {
  return absl::StrCat(R"({"grantType":"authorization_code","code":")", code,
                      R"(","redirectUri":"http://127.0.0.1/","codeVerifier":")", kVerifier,
                      R"("})");
}

TEST(SignInServiceTest, SaysWhereToSignIn) {
  TestGateway gateway(QuickConfig(), StreamsOver::kGrpc, Issuer());
  const RawReply reply = Ask(gateway, "GET /api/auth/config");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body,
            R"({"methods":["oidc","key"],"issuer":"https://id.example.org",)"
            R"("authorizationEndpoint":"https://id.example.org/auth","clientId":"page",)"
            R"("scope":"openid","signOutEndpoint":"https://id.example.org/leave"})");
}

TEST(SignInServiceTest, WithoutAnIssuerNobodyNeedsToLocally) {
  TestGateway gateway(QuickConfig());
  EXPECT_EQ(Ask(gateway, "GET /api/auth/config").body, R"({"methods":["local","key"]})");
  EXPECT_EQ(Exchange(gateway, CodeBody("good")).status, 404);
}

TEST(SignInServiceTest, ExchangesACodeOnce) {
  TestGateway gateway(QuickConfig(), StreamsOver::kGrpc, Issuer());
  const RawReply reply = Exchange(gateway, CodeBody("good"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body,
            R"({"accessToken":"a.b.c","expiresIn":60,"refreshToken":"r1","idToken":"i.d.t"})");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
  const RawReply refused = Exchange(gateway, CodeBody("stale"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("SIGN_IN_REFUSED"));
  EXPECT_THAT(Logged(gateway), Not(HasSubstr("a.b.c")));
}

TEST(SignInServiceTest, MakesATokenVoidWhereTheIssuerDoes) {
  TestGateway gateway(QuickConfig(), StreamsOver::kGrpc, Issuer());
  const auto revoke = [&gateway](const std::string& body) {
    return Ask(gateway, "POST /api/auth/revoke", body);
  };
  const RawReply reply = revoke(R"({"token":"r1","kind":"refresh_token"})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"revoked":true})");
  EXPECT_EQ(revoke(R"({"token":"a.b.c","kind":"access_token"})").body, R"({"revoked":false})");
  EXPECT_THAT(Logged(gateway), Not(HasSubstr("a.b.c")));
  EXPECT_THAT(revoke(R"({"kind":"access_token"})").body, HasSubstr(R"("field":"token")"));
  EXPECT_THAT(revoke(R"({"token":"r1"})").body, HasSubstr(R"("field":"kind")"));
  TestGateway alone(QuickConfig());
  EXPECT_EQ(Ask(alone, "POST /api/auth/revoke", R"({"token":"r1","kind":"refresh_token"})").status,
            404);
}

TEST(SignInServiceTest, NamesWhatIsMissingOrMalformed) {
  TestGateway gateway(QuickConfig(), StreamsOver::kGrpc, Issuer());
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", R"("field":"grantType")"},
      {R"({"grantType":"password"})", R"("field":"grantType")"},
      {R"({"grantType":"refresh_token"})", R"("field":"refreshToken")"},
      {R"({"grantType":"authorization_code","code":"x"})", R"("field":"redirectUri")"},
      {R"({"grantType":"authorization_code","code":"x","redirectUri":"y","codeVerifier":"short"})",
       R"("field":"codeVerifier")"}};
  for (const auto& [body, field] : cases) {
    const RawReply reply = Exchange(gateway, body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, HasSubstr(field)) << body;
  }
}

TEST(SignInServiceTest, AnIssuerThatIsAwayHoldsUpNobodyElse) {
  TestIssuer issuer = Issuer();
  const auto asked = std::make_shared<absl::Notification>();
  const auto go_on = std::make_shared<absl::Notification>();
  issuer.fetch = [asked, go_on](const std::string&) -> absl::StatusOr<std::string> {
    asked->Notify();
    go_on->WaitForNotification();
    return absl::UnavailableError("could not resolve host");
  };
  GatewayConfig config = QuickConfig();
  config.threads = 1;
  TestGateway gateway(config, StreamsOver::kGrpc, issuer);
  RawClient waits(gateway.address());
  waits.Send("GET /api/auth/config HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  asked->WaitForNotification();
  EXPECT_EQ(Ask(gateway, "GET /livez").status, 200);
  go_on->Notify();
  const RawReply reply = waits.Read();
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, Not(HasSubstr("resolve")));
  EXPECT_THAT(Logged(gateway), HasSubstr("resolve"));
}

}  // namespace
}  // namespace dramatis::gateway
