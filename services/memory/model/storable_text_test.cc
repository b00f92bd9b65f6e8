#include "services/memory/model/storable_text.h"

#include <string>
#include <vector>

#include "dramatis/memory/v1/memory.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;

const std::string& TextWithNul() {
  static const std::string text("a\0b", 3);
  return text;
}

std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  const auto bad_request = GetBadRequest(status);
  if (!bad_request.has_value()) return fields;
  for (const auto& violation : bad_request->field_violations())
    fields.push_back(violation.field());
  return fields;
}

TEST(StorableTextTest, AcceptsEverythingElse) {
  v1::CreateMemoryRequest request;
  request.mutable_memory()->set_content("\x01 tea \U0001F375 \xef\xbf\xbf");

  EXPECT_TRUE(CheckStorable(request).ok());
}

TEST(StorableTextTest, NamesEveryFieldThatHoldsNul) {
  v1::CreateMemoryRequest request;
  request.mutable_memory()->set_content(TextWithNul());
  request.mutable_memory()->set_persona_id(TextWithNul());

  const absl::Status status = CheckStorable(request);

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Fields(status), ElementsAre("memory.content", "memory.persona_id"));
}

TEST(StorableTextTest, LooksIntoKeysAndValuesOfMaps) {
  v1::UpdateProfileRequest keys;
  (*keys.mutable_profile()->mutable_preferences())[TextWithNul()] = "x";
  v1::UpdateProfileRequest values;
  (*values.mutable_profile()->mutable_preferences())["x"] = TextWithNul();

  EXPECT_THAT(Fields(CheckStorable(keys)), ElementsAre("profile.preferences.key"));
  EXPECT_THAT(Fields(CheckStorable(values)), ElementsAre("profile.preferences.value"));
}

}  // namespace
}  // namespace dramatis::memory
