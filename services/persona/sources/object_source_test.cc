#include "services/persona/sources/object_source.h"

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"

namespace dramatis::persona {
namespace {

// One object in memory.
class OneObject : public objects::Objects {
 public:
  absl::Status Put(const std::string& /*key*/, const Pieces& /*next*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<objects::ObjectInfo> Get(const std::string& key, const Sink& sink) override {
    ++gets;
    absl::StatusOr<objects::ObjectInfo> info = Look(key);
    if (!info.ok()) return info;
    if (absl::Status taken = sink(text); !taken.ok()) return taken;
    return info;
  }
  absl::StatusOr<objects::ObjectInfo> Look(const std::string& key) override {
    if (gate != nullptr) gate->WaitForNotification();
    if (!error.ok()) return error;
    if (key != "twins/me.txt") return absl::NotFoundError("there is no object");
    return objects::ObjectInfo{.key = key,
                               .version = std::to_string(std::hash<std::string>()(text))};
  }
  absl::Status Delete(const std::string& /*key*/) override { return absl::UnimplementedError(""); }
  absl::StatusOr<std::vector<objects::ObjectInfo>> List(const std::string& /*prefix*/,
                                                        const std::string& /*after*/,
                                                        int /*most*/) override {
    return absl::UnimplementedError("");
  }

  std::string text = "I am Ada.";
  absl::Status error;
  std::atomic<int> gets = 0;
  absl::Notification* gate = nullptr;
};

class ObjectSourceTest : public testing::Test {
 protected:
  std::string ReadText(const std::string& uri) {
    const absl::StatusOr<SourceText> text = source_.Read(uri);
    return text.ok() ? **text : GetReason(text.status());
  }

  FakeClock clock_;
  absl::Notification gate_;
  OneObject object_;
  ObjectSource source_{{{"bucket", &object_}}, clock_};
};

constexpr char kUri[] = "s3://bucket/twins/me.txt";
constexpr char kUnavailable[] = "PERSONA_SOURCE_UNAVAILABLE";

TEST_F(ObjectSourceTest, ReadsAnObjectAndSeesAChangeWithinFiveSeconds) {
  EXPECT_EQ(ReadText(kUri), "I am Ada.");
  object_.text = "I am Bob.";
  clock_.Advance(absl::Milliseconds(4999));
  EXPECT_EQ(ReadText(kUri), "I am Ada.");
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(ReadText(kUri), "I am Bob.");
}

TEST_F(ObjectSourceTest, ReadsOnlyWhatHasChanged) {
  const SourceText first = *source_.Read(kUri);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(*source_.Read(kUri), first);
  EXPECT_EQ(object_.gets, 1);
}

TEST_F(ObjectSourceTest, IsUnavailableWhileThereIsNone) {
  object_.error = absl::PermissionDeniedError("the bucket bucket answers 403 AccessDenied");
  const absl::Status refused = source_.Read(kUri).status();
  EXPECT_EQ(GetReason(refused), kUnavailable);
  EXPECT_THAT(OperatorMessage(refused), testing::HasSubstr("403 AccessDenied"));
  object_.error = absl::OkStatus();
  EXPECT_EQ(ReadText(kUri), kUnavailable);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(ReadText(kUri), "I am Ada.");
  EXPECT_EQ(ReadText("s3://bucket/twins/none.txt"), kUnavailable);
}

TEST_F(ObjectSourceTest, RefusesTextsThatABiographyCannotBe) {
  for (const std::string& text : {std::string("caf\xe9"), std::string(" \n"),
                                  std::string(200'001, 'a'), std::string((1 << 20) + 1, 'a')}) {
    object_.text = text;
    clock_.Advance(absl::Seconds(5));
    EXPECT_EQ(ReadText(kUri), kUnavailable) << text.size();
  }
}

TEST_F(ObjectSourceTest, ABucketThatDoesNotAnswerHoldsNobodyUp) {
  EXPECT_EQ(ReadText(kUri), "I am Ada.");
  object_.gate = &gate_;
  object_.text = "I am Bob.";
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(ReadText(kUri), "I am Ada.");
  gate_.Notify();
}

TEST_F(ObjectSourceTest, AnotherBucketIsRefused) {
  EXPECT_THAT(source_.Problem("s3://other/me.txt"), testing::HasSubstr("must be in the bucket"));
  EXPECT_EQ(source_.Problem(kUri), "");
  EXPECT_EQ(ReadText("s3://other/me.txt"), kUnavailable);
}

}  // namespace
}  // namespace dramatis::persona
