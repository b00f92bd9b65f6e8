#include "services/inference/embedding/model_embedder.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/testing/scripted_server.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

constexpr char kTwo[] =
    R"({"object":"list","data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}],)"
    R"("usage":{"prompt_tokens":7,"total_tokens":7}})";

TEST(ReadEmbeddingsTest, PutsVectorsInTheOrderOfTheirTextsAtLengthOne) {
  const auto embedded = ReadEmbeddings(kTwo, 2);
  ASSERT_TRUE(embedded.ok()) << embedded.status();
  EXPECT_THAT(
      embedded->vectors,
      ElementsAre(ElementsAre(FloatNear(0.6F, 1e-6), FloatNear(0.8F, 1e-6)), ElementsAre(0, 1)));
  EXPECT_EQ(embedded->tokens->input_tokens, 7);
}

TEST(ReadEmbeddingsTest, RefusesWhatIsNotAVectorForEachText) {
  for (const char* const body :
       {"", "[]", "{}", R"({"data":{}})", R"({"data":[]})", R"({"data":[{"embedding":[]}]})",
        R"({"data":[{"embedding":["1"]}]})", R"({"data":[{"index":9,"embedding":[1]}]})",
        R"({"data":[{"embedding":[1]},{"embedding":[1]}]})"}) {
    EXPECT_FALSE(ReadEmbeddings(body, 1).ok()) << body;
  }
  EXPECT_FALSE(ReadEmbeddings(R"({"data":[{"embedding":[1]},{"embedding":[1,2]}]})", 2).ok());
  EXPECT_FALSE(
      ReadEmbeddings(R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})", 2)
          .ok());
}

class ModelEmbedderTest : public testing::Test {
 protected:
  absl::StatusOr<Embedded> Embed(const std::string& status, const std::string& body) {
    ScriptedServer server([&](const ScriptedServer::Request& request) {
      request_ = request;
      return ScriptedServer::Reply{
          .pieces = {absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", body.size(),
                                  "\r\n\r\n", body)}};
    });
    CurlLoop loop({});
    SystemClock clock;
    ModelEmbedder embedder({.name = "mine", .base_url = server.url(), .key = {.value = "sk"}},
                           "small", {}, clock, loop);
    EXPECT_EQ(embedder.name(), "mine/small");
    absl::Notification done;
    absl::StatusOr<Embedded> result = absl::UnknownError("not called");
    embedder.Embed({"a", "b"}, clock.Now() + absl::Seconds(20),
                   [&](absl::StatusOr<Embedded> embedded) {
                     result = std::move(embedded);
                     done.Notify();
                   });
    done.WaitForNotification();
    return result;
  }
  ScriptedServer::Request request_;
};

TEST_F(ModelEmbedderTest, AsksForAVectorOfEachText) {
  const auto embedded = Embed("200 OK", kTwo);
  ASSERT_TRUE(embedded.ok()) << embedded.status();
  EXPECT_EQ(embedded->vectors.size(), 2U);
  EXPECT_EQ(request_.body, R"({"model":"small","input":["a","b"],"encoding_format":"float"})");
  EXPECT_THAT(request_.head, HasSubstr("POST /v1/embeddings"));
  EXPECT_THAT(request_.head, HasSubstr("Authorization: Bearer sk"));
}

TEST_F(ModelEmbedderTest, SaysHowItFailed) {
  EXPECT_EQ(GetReason(Embed("401 Unauthorized", "{}").status()), "PROVIDER_UNAUTHORIZED");
  EXPECT_EQ(GetReason(Embed("500 Broken", "{}").status()), "PROVIDER_FAILED");
  EXPECT_EQ(GetReason(Embed("200 OK", "{}").status()), "PROVIDER_FAILED");
}

}  // namespace
}  // namespace dramatis::inference
