#include "shared/identity/oidc_authenticator.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "shared/identity/testing/test_keys.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr int64_t kNow = 1'800'000'000;
constexpr char kClaims[] =
    R"({"iss":"https://id.example.org","aud":"dramatis","sub":"ada","exp":1800000300})";

const SigningKey& RsaKey() {
  static const auto& key = *new SigningKey(SigningKey::Rsa());
  return key;
}
const SigningKey& EcKey() {
  static const auto& key = *new SigningKey(SigningKey::Ec());
  return key;
}
const SigningKey& EdKey() {
  static const auto& key = *new SigningKey(SigningKey::Ed25519());
  return key;
}

std::string Header(const std::string& alg, const std::string& kid, const std::string& more = "") {
  return absl::StrCat(R"({"alg":")", alg, R"(","kid":")", kid, R"(")", more, "}");
}

// The usual claims with one text in place of another.
std::string With(const std::string& from, const std::string& to) {
  return absl::StrReplaceAll(kClaims, {{from, to}});
}

class OidcAuthenticatorTest : public testing::Test {
 protected:
  OidcAuthenticatorTest() {
    // Until the first fetch has ended.
    absl::Notification fetched;
    source_.Await([&] { fetched.Notify(); });
    begin_.Notify();
    fetched.WaitForNotification();
  }

  // What an `authorization` comes to, however long that takes.
  SignIn Try(const std::vector<std::string>& authorizations) {
    if (std::optional<SignIn> known = authenticator_.Authenticate(authorizations)) return *known;
    SignIn sign_in{absl::UnknownError("")};
    absl::Notification done;
    authenticator_.AuthenticateLater(authorizations, [&](SignIn later) {
      sign_in = std::move(later);
      done.Notify();
    });
    done.WaitForNotification();
    return sign_in;
  }
  SignIn TryToken(const std::string& token) { return Try({"Bearer " + token}); }

  std::string keys_ =
      KeySetText({RsaKey().Jwk("rsa", "RS256", R"(,"use":"sig")"), RsaKey().Jwk("pss", "PS256"),
                  RsaKey().Jwk("any"), EcKey().Jwk("ec"), EdKey().Jwk("ed", "EdDSA")});
  std::atomic<int> fetches_ = 0;
  FakeClock clock_{absl::FromUnixSeconds(kNow)};
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  absl::Mutex mutex_;
  absl::Notification begin_;
  KeySource source_{{.issuer = "https://id.example.org", .jwks_url = "https://id.example.org/keys"},
                    [this](const std::string&) -> absl::StatusOr<std::string> {
                      begin_.WaitForNotification();
                      ++fetches_;
                      const absl::MutexLock lock(&mutex_);
                      return keys_;
                    },
                    clock_,
                    *logger_,
                    metrics_};
  OidcAuthenticator authenticator_{
      {.issuer = "https://id.example.org", .audiences = {"dramatis"}}, source_, clock_};
};

TEST_F(OidcAuthenticatorTest, LetsInWhomTheIssuerNames) {
  for (const std::string& token :
       {RsaKey().Sign("RS256", Header("RS256", "rsa"), kClaims),
        RsaKey().Sign("PS256", Header("PS256", "pss"), kClaims),
        RsaKey().Sign("RS512", Header("RS512", "any", R"(,"typ":"at+jwt")"), kClaims),
        RsaKey().Sign("PS384", Header("PS384", "any", R"(,"typ":"application/at+JWT")"), kClaims),
        EcKey().Sign("ES256", Header("ES256", "ec", R"(,"typ":"JWT")"), kClaims),
        EdKey().Sign("EdDSA", Header("EdDSA", "ed"), kClaims),
        // Without a kid it is the only key that fits.
        EcKey().Sign("ES256", R"({"alg":"ES256"})", kClaims)}) {
    const SignIn sign_in = TryToken(token);
    ASSERT_TRUE(sign_in.identity.ok()) << sign_in.refusal << " " << token;
    EXPECT_EQ(sign_in.identity->user_id, "ada");
    EXPECT_EQ(sign_in.identity->role, AccessRole::kUser);
  }
  EXPECT_EQ(fetches_, 1);
}

TEST_F(OidcAuthenticatorTest, WhileACrowdSendsBadTokensNewOnesAreVerifiedAside) {
  const auto token = [](const std::string& id) {
    return "Bearer " + EdKey().Sign("EdDSA", Header("EdDSA", "ed"),
                                    With(R"("sub":"ada")", R"("sub":"ada","jti":")" + id + '"'));
  };
  const std::string seen = token("seen");
  ASSERT_TRUE(authenticator_.Authenticate({seen}).has_value());
  // The signature of other claims.
  const auto bad = [&](int number) {
    const std::string other = token(absl::StrCat("other", number));
    return seen.substr(0, seen.rfind('.')) + other.substr(other.rfind('.'));
  };
  for (int i = 0; i < Crowd::kMost; ++i) {
    const std::optional<SignIn> refused = authenticator_.Authenticate({bad(i)});
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->refusal, "signature");
  }
  EXPECT_TRUE(authenticator_.Recall({seen}).has_value());
  EXPECT_FALSE(authenticator_.Authenticate({token("new")}).has_value());
  EXPECT_FALSE(authenticator_.Authenticate({bad(-1)}).has_value());
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id there;
  const auto aside = [&](const std::string& credentials) {
    SignIn sign_in{absl::UnknownError("")};
    absl::Notification done;
    authenticator_.AuthenticateLater({credentials}, [&](SignIn later) {
      there = std::this_thread::get_id();
      sign_in = std::move(later);
      done.Notify();
    });
    done.WaitForNotification();
    return sign_in;
  };
  EXPECT_TRUE(aside(token("new")).identity.ok());
  EXPECT_NE(there, here);
  EXPECT_EQ(aside(bad(-1)).refusal, "signature");
  EXPECT_TRUE(authenticator_.Recall({token("new")}).has_value());
  // What is no token costs nothing, and needs nobody else.
  EXPECT_TRUE(authenticator_.Authenticate({"Bearer none"}).has_value());
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(authenticator_.Authenticate({token("newer")}).has_value());
  EXPECT_TRUE(aside(token("newest")).identity.ok());
  EXPECT_EQ(there, here);
}

TEST_F(OidcAuthenticatorTest, ACrowdThatIsTooLargeIsAskedToComeAgain) {
  const std::string good = "Bearer " + EdKey().Sign("EdDSA", Header("EdDSA", "ed"), kClaims);
  ASSERT_TRUE(authenticator_.Authenticate({good}).has_value());
  for (int i = 0; i < Crowd::kMost; ++i) {
    ASSERT_EQ(TryToken(EdKey().Sign("EdDSA", Header("EdDSA", "ed"),
                                    With("1800000300", absl::StrCat(1'700'000'000 + i))))
                  .refusal,
              "expired");
  }
  absl::Notification go;
  std::atomic<int> answered = 0;
  std::optional<SignIn> refused;
  int asked = 0;
  while (!refused.has_value() && asked < 20'000) {
    const std::thread::id here = std::this_thread::get_id();
    ++asked;
    authenticator_.AuthenticateLater({good}, [&, here](SignIn sign_in) {
      if (std::this_thread::get_id() == here) {
        refused = std::move(sign_in);
      } else {
        go.WaitForNotification();
      }
      ++answered;
    });
  }
  go.Notify();
  while (answered < asked)
    std::this_thread::yield();
  ASSERT_TRUE(refused.has_value());
  EXPECT_TRUE(absl::IsUnavailable(refused->identity.status()));
  EXPECT_EQ(refused->refusal, "crowded");
}

TEST_F(OidcAuthenticatorTest, AFewBadTokensASecondAreNoCrowd) {
  for (int i = 0; i < 3 * Crowd::kMost; ++i) {
    const SignIn expired = TryToken(EdKey().Sign(
        "EdDSA", Header("EdDSA", "ed"), With("1800000300", absl::StrCat(1'700'000'000 + i))));
    ASSERT_EQ(expired.refusal, "expired");
    if (i % (Crowd::kMost / 2) == 0) clock_.Advance(absl::Seconds(1));
  }
  EXPECT_TRUE(authenticator_
                  .Authenticate({"Bearer " + EdKey().Sign("EdDSA", Header("EdDSA", "ed"),
                                                          With("1800000300", "1900000000"))})
                  .has_value());
}

TEST_F(OidcAuthenticatorTest, AVerifiedTokenIsKnownUntilItExpires) {
  const std::string token = EcKey().Sign("ES256", Header("ES256", "ec"), kClaims);
  EXPECT_TRUE(TryToken(token).identity.ok());
  clock_.Advance(absl::Seconds(359));
  EXPECT_TRUE(TryToken(token).identity.ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(TryToken(token).refusal, "expired");
}

TEST_F(OidcAuthenticatorTest, AKeyThatIsTakenBackVerifiesNothingAnyMore) {
  const std::string token = EcKey().Sign("ES256", Header("ES256", "ec"), kClaims);
  EXPECT_TRUE(TryToken(token).identity.ok());
  {
    const absl::MutexLock lock(&mutex_);
    keys_ = KeySetText({EdKey().Jwk("new")});
  }
  // A token of the new key has the set fetched.
  EXPECT_TRUE(TryToken(EdKey().Sign("EdDSA", Header("EdDSA", "new"), kClaims)).identity.ok());
  EXPECT_EQ(fetches_, 2);
  EXPECT_EQ(TryToken(token).refusal, "unknown_key");
}

TEST_F(OidcAuthenticatorTest, AFloodOfUnknownKeysIsOneFetchIn10Seconds) {
  for (int i = 0; i < 1000; ++i) {
    const std::string token =
        absl::StrCat(EncodeBase64Url(Header("ES256", absl::StrCat("made-up-", i))), ".",
                     EncodeBase64Url(kClaims), ".", EncodeBase64Url(std::string(64, 'x')));
    EXPECT_EQ(TryToken(token).refusal, "unknown_key");
  }
  EXPECT_EQ(fetches_, 2);
  EXPECT_TRUE(TryToken(EcKey().Sign("ES256", Header("ES256", "ec"), kClaims)).identity.ok());
}

TEST(OidcAuthenticatorWithoutKeysTest, NobodysCredentialsAreWrong) {
  FakeClock clock(absl::FromUnixSeconds(kNow));
  const std::unique_ptr<Logger> logger = MakeSilentLogger();
  Metrics metrics;
  KeySource source(
      {.issuer = "https://id.example.org"},
      [](const std::string&) -> absl::StatusOr<std::string> {
        return absl::UnavailableError("away");
      },
      clock, *logger, metrics);
  OidcAuthenticator authenticator({.issuer = "https://id.example.org", .audiences = {"dramatis"}},
                                  source, clock);
  const std::string token = EcKey().Sign("ES256", Header("ES256", "ec"), kClaims);
  absl::Notification done;
  authenticator.AuthenticateLater({"Bearer " + token}, [&](const SignIn& sign_in) {
    EXPECT_EQ(sign_in.refusal, "no_keys");
    EXPECT_EQ(GetReason(sign_in.identity.status()), "UNAVAILABLE");
    EXPECT_TRUE(GetRetryAfter(sign_in.identity.status()).has_value());
    done.Notify();
  });
  done.WaitForNotification();
  // What is no token is so without keys, too.
  EXPECT_EQ(authenticator.Authenticate({"Bearer nonsense"})->refusal, "form");
}

// The attacks of issue 10, each with why it is refused. All are answered in the same words.
TEST_F(OidcAuthenticatorTest, RefusesEveryAttack) {
  const std::string good = EcKey().Sign("ES256", Header("ES256", "ec"), kClaims);
  const size_t dot = good.rfind('.');
  const std::string input = good.substr(0, dot);
  const std::string head = good.substr(0, good.find('.'));
  const auto unsigned_token = [](const std::string& header) {
    return EncodeBase64Url(header) + "." + EncodeBase64Url(kClaims) + ".";
  };
  const auto ec = [](const std::string& payload, const std::string& more = "") {
    return EcKey().Sign("ES256", Header("ES256", "ec", more), payload);
  };
  const auto hs = [](const std::string& secret) {
    const std::string text =
        EncodeBase64Url(Header("HS256", "rsa")) + "." + EncodeBase64Url(kClaims);
    return text + "." + EncodeBase64Url(Hmac(secret, text));
  };
  const SigningKey stranger = SigningKey::Ec();
  const SigningKey small = SigningKey::Rsa(512);
  const std::string pss_input =
      EncodeBase64Url(Header("PS256", "pss")) + "." + EncodeBase64Url(kClaims);
  const std::string rs_input =
      EncodeBase64Url(Header("RS256", "rsa")) + "." + EncodeBase64Url(kClaims);
  const std::string rs_signature = RsaKey().Signature("RS256", rs_input);
  const std::string ec_signature = EcKey().Signature("ES256", input);

  struct Attack {
    const char* name;
    std::string token;
    const char* refusal;
  };
  const std::vector<Attack> attacks = {
      {"alg none", unsigned_token(Header("none", "ec")), "algorithm"},
      {"alg None", unsigned_token(Header("None", "ec")), "algorithm"},
      {"alg NONE", unsigned_token(Header("NONE", "ec")), "algorithm"},
      {"alg nOnE", unsigned_token(Header("nOnE", "ec")), "algorithm"},
      {"alg none, signed", input + "." + EncodeBase64Url("none"), "signature"},
      {"alg of no text", unsigned_token(R"({"alg":null,"kid":"ec"})"), "form"},
      {"alg a list", unsigned_token(R"({"alg":["ES256"],"kid":"ec"})"), "form"},
      {"alg left out", unsigned_token(R"({"kid":"ec"})"), "form"},
      {"alg empty", unsigned_token(Header("", "ec")), "algorithm"},
      {"alg with a space", unsigned_token(Header("ES256 ", "ec")), "algorithm"},
      {"alg in lower case", unsigned_token(Header("es256", "ec")), "algorithm"},
      {"HS256 with the public key", hs(RsaKey().Pem()), "algorithm"},
      {"HS256 with the JWK", hs(RsaKey().Jwk("rsa", "RS256")), "algorithm"},
      {"HS256 with nothing", hs(""), "algorithm"},
      {"HS512", unsigned_token(Header("HS512", "rsa")), "algorithm"},
      {"RS256 key, PS256 token", RsaKey().Sign("PS256", Header("PS256", "rsa"), kClaims),
       "algorithm"},
      {"PS256 key, RS256 token", RsaKey().Sign("RS256", Header("RS256", "pss"), kClaims),
       "algorithm"},
      {"RSA key, ES256 token", EcKey().Sign("ES256", Header("ES256", "rsa"), kClaims), "algorithm"},
      {"EC key, RS256 token", RsaKey().Sign("RS256", Header("RS256", "ec"), kClaims), "algorithm"},
      {"ES256K", unsigned_token(Header("ES256K", "ec")), "algorithm"},
      {"RSA1_5", unsigned_token(Header("RSA1_5", "rsa")), "algorithm"},
      {"another key", stranger.Sign("ES256", Header("ES256", "ec"), kClaims), "signature"},
      {"another key, its JWK along",
       stranger.Sign("ES256", Header("ES256", "ec", R"(,"jwk":)" + stranger.Jwk("ec")), kClaims),
       "signature"},
      {"another key at a jku",
       stranger.Sign("ES256", Header("ES256", "mine", R"(,"jku":"http://127.0.0.1:1/keys")"),
                     kClaims),
       "unknown_key"},
      {"another key at an x5u",
       stranger.Sign("ES256", Header("ES256", "ec", R"(,"x5u":"http://127.0.0.1:1/cert")"),
                     kClaims),
       "signature"},
      {"another key in an x5c",
       stranger.Sign("ES256", Header("ES256", "ec", R"(,"x5c":["AAAA"])"), kClaims), "signature"},
      {"kid of a path",
       ec(kClaims).replace(0, head.size(), EncodeBase64Url(Header("ES256", "../../dev/null"))),
       "unknown_key"},
      {"kid of SQL", stranger.Sign("ES256", Header("ES256", "x' union select 'a"), kClaims),
       "unknown_key"},
      {"kid of a command", stranger.Sign("ES256", Header("ES256", "|/bin/true"), kClaims),
       "unknown_key"},
      {"kid a number", unsigned_token(R"({"alg":"ES256","kid":7})"), "form"},
      {"kid in another case", EcKey().Sign("ES256", Header("ES256", "EC"), kClaims), "unknown_key"},
      {"no kid, several keys", RsaKey().Sign("RS256", R"({"alg":"RS256"})", kClaims),
       "unknown_key"},
      {"crit", ec(kClaims, R"(,"crit":["exp"],"exp":1)"), "form"},
      {"crit empty", ec(kClaims, R"(,"crit":[])"), "form"},
      {"b64 false", ec(kClaims, R"(,"b64":false)"), "form"},
      {"zip", ec(kClaims, R"(,"zip":"DEF")"), "form"},
      {"alg twice", EcKey().Sign("ES256", R"({"alg":"none","alg":"ES256","kid":"ec"})", kClaims),
       "form"},
      {"alg twice, once escaped",
       EcKey().Sign("ES256", R"({"alg":"ES256","\u0061lg":"none","kid":"ec"})", kClaims), "form"},
      {"header a list", unsigned_token(R"(["ES256"])"), "form"},
      {"header with a comment", unsigned_token(R"({"alg":"ES256","kid":"ec"/**/})"), "form"},
      {"header with a trailing comma", unsigned_token(R"({"alg":"ES256","kid":"ec",})"), "form"},
      {"header no UTF-8", unsigned_token("{\"alg\":\"ES256\",\"kid\":\"\xff\"}"), "form"},
      {"header after a BOM", unsigned_token("\xef\xbb\xbf" + Header("ES256", "ec")), "form"},
      {"header nests deeply",
       unsigned_token(R"({"alg":"ES256","x":)" + std::string(2000, '[') + std::string(2000, ']') +
                      "}"),
       "form"},
      {"signature left out", input + ".", "signature"},
      {"signature of zeros", input + "." + EncodeBase64Url(std::string(64, '\0')), "signature"},
      {"signature r of zeros",
       input + "." + EncodeBase64Url(std::string(32, '\0') + ec_signature.substr(32)), "signature"},
      {"signature longer", input + "." + EncodeBase64Url(ec_signature + std::string(1, '\0')),
       "signature"},
      {"signature shorter", input + "." + EncodeBase64Url(ec_signature.substr(1)), "signature"},
      {"signature in DER", input + "." + EncodeBase64Url("\x30\x06\x02\x01\x01\x02\x01\x01"),
       "signature"},
      {"RSA signature of zeros", rs_input + "." + EncodeBase64Url(std::string(256, '\0')),
       "signature"},
      {"RSA signature longer",
       rs_input + "." + EncodeBase64Url(std::string(1, '\0') + rs_signature), "signature"},
      {"PSS salt of nothing",
       pss_input + "." + EncodeBase64Url(RsaKey().Signature("PS256", pss_input, 0)), "signature"},
      {"RSA of 512 bits", small.Sign("RS256", Header("RS256", "rsa"), kClaims), "signature"},
      {"payload changed", head + "." + EncodeBase64Url(With("ada", "eve")) + good.substr(dot),
       "signature"},
      {"padding", input + "." + EncodeBase64Url(ec_signature) + "==", "form"},
      {"standard base64", input + "." + std::string(85, 'A') + "+", "form"},
      {"bits left over", input + "." + std::string(85, 'A') + "B", "form"},
      {"a line end", input + ".\n" + EncodeBase64Url(ec_signature), "form"},
      {"two parts", input, "form"},
      {"four parts", good + ".AAAA", "form"},
      {"five parts, as JWE", "AAAA.AAAA.AAAA.AAAA.AAAA", "form"},
      {"JSON serialization", R"({"payload":"","signatures":[]})", "form"},
      {"nothing", "", "form"},
      {"dots", "..", "form"},
      {"1 MiB", good.substr(0, good.find('.')) + "." + std::string(1 << 20, 'A') + ".AAAA", "form"},
      {"local form", "local:root:admin", "form"},
      {"typ of a DPoP proof", ec(kClaims, R"(,"typ":"dpop+jwt")"), "type"},
      {"typ of a logout token", ec(kClaims, R"(,"typ":"logout+jwt")"), "type"},
      {"typ of our own tokens", ec(kClaims, R"(,"typ":"dramatis-id+jwt")"), "type"},
      {"claims a list", ec("[1]"), "claims"},
      {"claims no JSON", ec("sub=ada"), "claims"},
      {"sub twice", ec(With(R"("sub":"ada")", R"("sub":"ada","sub":"eve")")), "claims"},
      {"exp twice", ec(With("1800000300", R"(1,"exp":1800000300)")), "claims"},
      {"exp text", ec(With("1800000300", R"("1800000300")")), "claims"},
      {"exp 2^63", ec(With("1800000300", "9223372036854775808")), "claims"},
      {"exp 1e400", ec(With("1800000300", "1e400")), "claims"},
      {"exp negative", ec(With("1800000300", "-1")), "claims"},
      {"exp true", ec(With("1800000300", "true")), "claims"},
      {"exp left out", ec(With(R"(,"exp":1800000300)", "")), "claims"},
      {"exp past", ec(With("1800000300", "1799999940")), "expired"},
      {"nbf to come", ec(With("1800000300", R"(1800000300,"nbf":1800000061)")), "not_yet_valid"},
      {"nbf text", ec(With("1800000300", R"(1800000300,"nbf":"0")")), "claims"},
      {"iat a list", ec(With("1800000300", R"(1800000300,"iat":[])")), "claims"},
      {"another issuer", ec(With("https://id.example.org", "https://id.example.org.evil")),
       "issuer"},
      {"the issuer with a slash", ec(With("https://id.example.org", "https://id.example.org/")),
       "issuer"},
      {"issuer a list", ec(With(R"("https://id.example.org")", R"(["https://id.example.org"])")),
       "issuer"},
      {"another audience", ec(With("dramatis", "billing")), "audience"},
      {"audience part of a word", ec(With("dramatis", "dramatis2")), "audience"},
      {"no audience", ec(With(R"(,"aud":"dramatis")", "")), "audience"},
      {"an ID token of Cognito", ec(With("1800000300", R"(1800000300,"token_use":"id")")),
       "token_use"},
      {"an ID token of Keycloak", ec(With("1800000300", R"(1800000300,"typ":"ID")")), "token_use"},
      {"a refresh token of Keycloak", ec(With("1800000300", R"(1800000300,"typ":"Refresh")")),
       "token_use"},
      {"an ID token by its hash", ec(With("1800000300", R"(1800000300,"at_hash":"x")")),
       "token_use"},
      {"no user", ec(With(R"("sub":"ada",)", "")), "user"},
      {"a user of 129 characters", ec(With("ada", std::string(129, 'a'))), "user"},
      {"a user with a NUL", ec(With("ada", R"(ada\u0000)")), "user"},
  };
  EXPECT_GE(attacks.size(), 60);
  for (const Attack& attack : attacks) {
    const SignIn sign_in = TryToken(attack.token);
    ASSERT_FALSE(sign_in.identity.ok()) << attack.name;
    EXPECT_EQ(sign_in.refusal, attack.refusal) << attack.name;
    EXPECT_EQ(sign_in.identity.status(), UnauthenticatedError()) << attack.name;
  }
  EXPECT_TRUE(TryToken(good).identity.ok());
  // However many keys were made up.
  EXPECT_EQ(fetches_, 2);
}

TEST_F(OidcAuthenticatorTest, RefusesOtherSchemesAndSeveralTokens) {
  const std::string good = EcKey().Sign("ES256", Header("ES256", "ec"), kClaims);
  EXPECT_TRUE(Try({"bearer " + good}).identity.ok());
  EXPECT_EQ(Try({}).refusal, kNoCredentials);
  EXPECT_EQ(Try({"Bearer " + good, "Bearer " + good}).refusal, "several");
  for (const std::string& authorization : {std::string(), std::string("Bearer"), "Basic " + good,
                                           "Bearer\t" + good, good, "DPoP " + good}) {
    EXPECT_EQ(Try({authorization}).refusal, "scheme") << authorization;
  }
  for (const std::string& authorization : {std::string("Bearer "), "Bearer  " + good,
                                           "Bearer " + good + " ", "Bearer " + good + ",x"}) {
    EXPECT_EQ(Try({authorization}).refusal, "form") << authorization;
  }
}

TEST(TokenCacheTest, IsBoundedAndKeepsWhatIsAskedFor) {
  TokenCache cache(10);
  const absl::Time now = absl::FromUnixSeconds(kNow);
  const auto digest = [](int i) { return DigestOf(absl::StrCat(i)); };
  const auto add = [&](int i) {
    cache.Add(digest(i), {{absl::StrCat("u", i), AccessRole::kUser}, now + absl::Seconds(60), 1});
  };
  add(0);
  for (int i = 1; i < 1000; ++i) {
    add(i);
    ASSERT_EQ(cache.Find(digest(0), 1, now)->user_id, "u0") << i;
    ASSERT_LE(cache.size(), 20);
  }
  EXPECT_FALSE(cache.Find(digest(5), 1, now).has_value());
  EXPECT_FALSE(cache.Find(digest(999), 2, now).has_value());
  EXPECT_FALSE(cache.Find(digest(0), 1, now + absl::Seconds(60)).has_value());
}

}  // namespace
}  // namespace dramatis
