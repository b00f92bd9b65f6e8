// Identity between programs, from the key files to what the called end makes of a token.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/call/process_identity.h"
#include "shared/identity/programs/identity_folder.h"
#include "shared/identity/programs/program_key.h"
#include "shared/identity/programs/program_signer.h"
#include "shared/identity/programs/program_token.h"
#include "shared/identity/programs/program_verifier.h"
#include "shared/identity/testing/test_keys.h"
#include "shared/time/clock.h"

namespace dramatis {
namespace {

using testing::HasSubstr;

std::string Encode(const std::string& text) {
  return absl::WebSafeBase64Escape(text);
}

Identity Ada() {
  Identity ada{"ada", AccessRole::kUser};
  ada.scopes = *Scopes::Named("chat");
  ada.key = std::make_shared<const CallerKey>(CallerKey{.id = "k1",
                                                        .persona_ids = {"p1", "p2"},
                                                        .monthly_budget_micros = 5'000'000,
                                                        .requests_per_minute = 60});
  return ada;
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteText(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

class ProgramIdentityTest : public testing::Test {
 protected:
  ProgramIdentityTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dramatis-identity.XXXXXX");
    folder_ = mkdtemp(name.data());
    keys_ =
        std::make_unique<IdentityFolder>(folder_, std::vector<std::string>{"gateway", "memory"});
    EXPECT_TRUE(keys_->New().ok());
  }
  ~ProgramIdentityTest() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name) const { return absl::StrCat(folder_, "/", name); }
  std::unique_ptr<FileProgramSigner> Signer(const std::string& program = "gateway") {
    return FileProgramSigner::Open(File(program + ".json"), clock_).value();
  }
  std::unique_ptr<FileProgramVerifier> Verifier(const std::string& audience = "persona") {
    return FileProgramVerifier::Open(File("keys.json"), audience, clock_).value();
  }
  // Signed by the gateway's key, whatever is in it.
  std::string Signed(const std::string& header, const std::string& payload) const {
    return ProgramKey::Parse(ReadText(File("gateway.json")))->Sign(header, payload);
  }
  static std::string Refusal(FileProgramVerifier& verifier, const std::string& token) {
    const SignIn sign_in = verifier.Verify(token);
    if (sign_in.identity.ok()) return "taken";
    EXPECT_TRUE(absl::IsUnauthenticated(sign_in.identity.status()));
    return std::string(sign_in.refusal);
  }

  std::string folder_;
  FakeClock clock_;
  std::unique_ptr<IdentityFolder> keys_;
};

TEST_F(ProgramIdentityTest, TellsForWhomAndWhichProgramCalls) {
  const std::string token = Signer()->TokenFor("persona", FormatProcessIdentity(Ada()));
  const SignIn sign_in = Verifier()->Verify(token);
  ASSERT_TRUE(sign_in.identity.ok());
  const Identity& identity = *sign_in.identity;
  EXPECT_EQ(identity.user_id, "ada");
  EXPECT_EQ(identity.role, AccessRole::kUser);
  EXPECT_EQ(identity.caller, "gateway");
  EXPECT_EQ(identity.scopes, *Scopes::Named("chat"));
  ASSERT_NE(identity.key, nullptr);
  EXPECT_EQ(identity.key->id, "k1");
  EXPECT_THAT(identity.key->persona_ids, testing::ElementsAre("p1", "p2"));
  EXPECT_EQ(identity.key->monthly_budget_micros, 5'000'000);
  EXPECT_EQ(identity.key->requests_per_minute, 60);
  const SignIn again = Verifier()->Verify(
      Signer("memory")->TokenFor("persona", FormatProcessIdentity({"x|y", AccessRole::kService})));
  EXPECT_EQ(again.identity->caller, "memory");
  EXPECT_EQ(again.identity->role, AccessRole::kService);
  EXPECT_EQ(again.identity->key, nullptr);
}

TEST_F(ProgramIdentityTest, ATokenIsSentAgainWhileItIsFresh) {
  const auto signer = Signer();
  const std::string ada = FormatProcessIdentity(Ada());
  const std::string first = signer->TokenFor("persona", ada);
  clock_.Advance(absl::Minutes(3));
  EXPECT_EQ(signer->TokenFor("persona", ada), first);
  EXPECT_NE(signer->TokenFor("memory", ada), first);
  EXPECT_NE(signer->TokenFor("persona", FormatProcessIdentity({"bob"})), first);
  clock_.Advance(absl::Minutes(1));
  EXPECT_NE(signer->TokenFor("persona", ada), first);
  EXPECT_EQ(signer->TokenFor("persona", "nonsense"), "");
}

TEST_F(ProgramIdentityTest, ATokenIsForOneProgramAndForFiveMinutes) {
  const std::string token = Signer()->TokenFor("persona", FormatProcessIdentity(Ada()));
  const auto persona = Verifier();
  const auto memory = Verifier("memory");
  EXPECT_EQ(Refusal(*memory, token), "audience");
  clock_.Advance(-absl::Seconds(60));
  EXPECT_EQ(Refusal(*persona, token), "taken");
  clock_.Advance(-absl::Seconds(2));
  EXPECT_EQ(Refusal(*Verifier(), token), "not_yet_valid");
  clock_.Advance(absl::Seconds(62) + absl::Minutes(5) + absl::Seconds(58));
  EXPECT_EQ(Refusal(*persona, token), "taken");
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(Refusal(*persona, token), "expired");
}

TEST_F(ProgramIdentityTest, NoAlteredTokenIsTaken) {
  const std::string token = Signer()->TokenFor("persona", FormatProcessIdentity(Ada()));
  const auto verifier = Verifier();
  ASSERT_EQ(Refusal(*verifier, token), "taken");
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::string altered = token;
    char& at = altered[random() % altered.size()];
    const char other = "AZaz09-_."[random() % 9];
    if (at == other) continue;
    at = other;
    EXPECT_NE(Refusal(*verifier, altered), "taken") << altered;
  }
  for (size_t size = 0; size < token.size(); size += 7)
    EXPECT_NE(Refusal(*verifier, token.substr(0, size)), "taken");
}

TEST_F(ProgramIdentityTest, OnlyOurOwnKindOfTokenIsTaken) {
  const std::string header = R"({"alg":"EdDSA","kid":"gateway-1","typ":"dramatis-id+jwt"})";
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  const auto claims = [&](const std::string& more, int64_t life = 300) {
    return absl::StrCat(R"({"iss":"gateway","aud":"persona","iat":)", now, R"(,"exp":)", now + life,
                        more, "}");
  };
  const std::string ada = R"(,"sub":"ada","roles":["user"])";
  const auto verifier = Verifier();
  ASSERT_EQ(Refusal(*verifier, Signed(header, claims(ada))), "taken");
  const std::string payload = claims(ada);
  struct Case {
    std::string token;
    std::string refusal;
  };
  const std::string part = "." + Encode(payload) + ".";
  const std::vector<Case> cases = {
      {Encode(R"({"alg":"none","kid":"gateway-1","typ":"dramatis-id+jwt"})") + part, "algorithm"},
      {Encode(R"({"alg":"HS256","kid":"gateway-1","typ":"dramatis-id+jwt"})") + part + "AAAA",
       "algorithm"},
      {Signed(R"({"alg":"EdDSA","kid":"gateway-1"})", payload), "type"},
      {Signed(R"({"alg":"EdDSA","kid":"gateway-1","typ":"at+jwt"})", payload), "type"},
      {Signed(R"({"alg":"EdDSA","typ":"dramatis-id+jwt"})", payload), "type"},
      {Signed(R"({"alg":"EdDSA","kid":"gateway-2","typ":"dramatis-id+jwt"})", payload),
       "unknown_key"},
      {Signed(R"({"alg":"EdDSA","kid":"memory-1","typ":"dramatis-id+jwt"})", payload), "signature"},
      {Signed(R"({"alg":"EdDSA","kid":"gateway-1","typ":"dramatis-id+jwt","crit":["x"]})", payload),
       "form"},
      {Signed(header, claims(ada + R"(,"iss":"memory")")), "claims"},  // twice
      {Signed(header, absl::StrCat(R"({"iss":"memory","aud":"persona","iat":)", now, R"(,"exp":)",
                                   now + 300, ada, "}")),
       "issuer"},
      {Signed(header, claims(ada, 301)), "claims"},
      {Signed(header, claims(ada, -1)), "claims"},
      {Signed(header, claims(R"(,"roles":["user"])")), "claims"},
      {Signed(header, claims(R"(,"sub":"ada")")), "claims"},
      {Signed(header, claims(R"(,"sub":"ada","roles":["root"])")), "claims"},
      {Signed(header, claims(R"(,"sub":"ada","roles":["user","admin"])")), "claims"},
      {Signed(header, claims(R"(,"sub":"ada","roles":["admin"],"scopes":["chat"])")), "claims"},
      {Signed(header, claims(ada + R"(,"scopes":["everything"])")), "claims"},
      {Signed(header, claims(ada + R"(,"key":{"id":"k","requestsPerMinute":"60"})")), "claims"},
      {Signed(header, claims(ada + R"(,"key":{"id":"k","requestsPerMinute":-1})")), "claims"},
      {Signed(header, claims(ada + R"(,"key":{})")), "claims"},
      {Signed(header, "[]"), "claims"},
      {"", "form"},
      {std::string(1024 * 1024, 'a'), "form"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Refusal(*verifier, c.token), c.refusal) << c.token.substr(0, 300);
}

TEST_F(ProgramIdentityTest, AClientsTokenOfTheSameKeyIsNone) {
  // What an issuer might sign, under a kid that looks like ours.
  const SigningKey key = SigningKey::Ed25519();
  WriteText(File("keys.json"), KeySetText({key.Jwk("gateway-1", "EdDSA")}));
  const std::string token =
      key.Sign("EdDSA", R"({"alg":"EdDSA","kid":"gateway-1","typ":"JWT"})",
               R"({"iss":"gateway","aud":"persona","sub":"ada","roles":["admin"]})");
  EXPECT_EQ(Refusal(*Verifier(), token), "type");
}

TEST_F(ProgramIdentityTest, KeysRotateAndNoTokenIsRefused) {
  const auto gateway = Signer();
  const auto persona = Verifier();
  int user = 0;
  const auto call = [&] {
    return Refusal(
        *persona, gateway->TokenFor("persona", FormatProcessIdentity({absl::StrCat("u", ++user)})));
  };
  const std::string old = gateway->TokenFor("persona", FormatProcessIdentity(Ada()));
  ASSERT_TRUE(keys_->New().ok());
  EXPECT_EQ(call(), "taken");
  EXPECT_TRUE(persona->Refresh().value());
  EXPECT_FALSE(persona->Refresh().value());
  EXPECT_EQ(persona->size(), 4);
  EXPECT_EQ(call(), "taken");
  ASSERT_TRUE(keys_->Switch().ok());
  EXPECT_TRUE(gateway->Refresh().value());
  EXPECT_EQ(gateway->kid(), "gateway-2");
  EXPECT_EQ(call(), "taken");
  EXPECT_EQ(Refusal(*persona, old), "taken");
  ASSERT_TRUE(keys_->Retire().ok());
  EXPECT_TRUE(persona->Refresh().value());
  EXPECT_EQ(call(), "taken");
  EXPECT_EQ(Refusal(*persona, old), "unknown_key");
}

TEST_F(ProgramIdentityTest, ANewKeyIsLookedUpByItself) {
  const auto persona = Verifier();
  ASSERT_TRUE(keys_->New().ok());
  ASSERT_TRUE(keys_->Switch().ok());
  // Nobody has called Refresh.
  EXPECT_EQ(Refusal(*persona, Signer()->TokenFor("persona", FormatProcessIdentity(Ada()))),
            "taken");
}

TEST_F(ProgramIdentityTest, ABrokenFileLeavesWhatWasThere) {
  const auto gateway = Signer();
  const auto persona = Verifier();
  WriteText(File("gateway.json"), "{");
  WriteText(File("keys.json"), R"({"keys":[]})");
  EXPECT_THAT(std::string(gateway->Refresh().status().message()), HasSubstr("gateway.json"));
  EXPECT_THAT(std::string(persona->Refresh().status().message()), HasSubstr("keys.json"));
  EXPECT_EQ(Refusal(*persona, gateway->TokenFor("persona", FormatProcessIdentity(Ada()))), "taken");
  std::filesystem::copy_file(File("memory.json"), File("gateway.json"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(std::string(gateway->Refresh().status().message()), HasSubstr("key of memory"));
  EXPECT_EQ(gateway->kid(), "gateway-1");
}

TEST_F(ProgramIdentityTest, FilesSayWhatIsWrongWithThem) {
  const std::string good = ReadText(File("gateway.json"));
  const std::string seed(
      absl::string_view(good).substr(good.find(R"("d":")") + 5, 43));  // never to be told
  struct Case {
    std::string from;
    std::string to;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"Ed25519", "X25519", "crv"},
      {"OKP", "oct", "kty"},
      {"gateway-1", "gateway", "kid"},
      {"gateway-1", "-1", "kid"},
      {"gateway-1", "gateway-0", "kid"},
      {R"("d":")", R"("d":"A)", "32"},
      {R"("d":")" + seed, R"("d":")" + std::string(42, 'B') + "A", "public half"},
  };
  for (const Case& c : cases) {
    std::string text = good;
    text.replace(text.find(c.from), c.from.size(), c.to);
    WriteText(File("broken.json"), text);
    const absl::Status status = FileProgramSigner::Open(File("broken.json"), clock_).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says));
    EXPECT_THAT(std::string(status.message()), HasSubstr("broken.json"));
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr(seed)));
  }
  EXPECT_THAT(std::string(FileProgramSigner::Open(File("none"), clock_).status().message()),
              HasSubstr("No such file"));
}

TEST_F(ProgramIdentityTest, TheFolderKeepsItsSteps) {
  EXPECT_THAT(std::string(keys_->Switch().status().message()), HasSubstr("identity new"));
  ASSERT_TRUE(keys_->New().ok());
  EXPECT_THAT(std::string(keys_->New().status().message()), HasSubstr("identity switch"));
  EXPECT_THAT(std::string(keys_->Retire().status().message()), HasSubstr("identity switch"));
  for (const char* name : {"gateway.json", "memory.json", "gateway.next.json"}) {
    EXPECT_EQ(std::filesystem::status(File(name)).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  EXPECT_THAT(ReadText(File("keys.json")), testing::Not(HasSubstr("\"d\"")));
}

}  // namespace
}  // namespace dramatis
