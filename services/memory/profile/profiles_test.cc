#include "services/memory/profile/profiles.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/fakes.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

class ProfilesTest : public testing::Test {
 protected:
  ProfilesTest() { call_.identity.user_id = "ada"; }

  absl::StatusOr<v1::Profile> Get() { return profiles_.Get(call_, {}); }

  static v1::UpdateProfileRequest Named(const std::string& name) {
    v1::UpdateProfileRequest request;
    request.mutable_profile()->set_display_name(name);
    return request;
  }

  static std::string ViolatedField(const absl::Status& status) {
    const auto bad_request = GetBadRequest(status);
    return bad_request.has_value() ? bad_request->field_violations(0).field() : "";
  }

  FakeStore store_;
  FakeClock clock_;
  Profiles profiles_{store_, clock_};
  CallContext call_;
};

TEST_F(ProfilesTest, GivesDefaultsBeforeTheFirstWrite) {
  const v1::Profile profile = Get().value();

  EXPECT_EQ(profile.display_name(), "");
  EXPECT_EQ(profile.timezone(), "UTC");
  EXPECT_EQ(profile.locale(), "en");
  EXPECT_EQ(profile.units(), v1::UNITS_METRIC);
  EXPECT_NE(profile.etag(), "");
  EXPECT_FALSE(profile.has_create_time());
  EXPECT_FALSE(profile.has_update_time());
}

TEST_F(ProfilesTest, KeepsWhatWasWritten) {
  v1::UpdateProfileRequest request = Named("  Ada ");
  request.mutable_profile()->set_timezone("Europe/Stockholm");
  (*request.mutable_profile()->mutable_preferences())["theme"] = "dark";

  const v1::Profile answer = profiles_.Update(call_, request).value();

  const v1::Profile profile = Get().value();
  EXPECT_EQ(profile.SerializeAsString(), answer.SerializeAsString());
  EXPECT_EQ(profile.display_name(), "Ada");
  EXPECT_EQ(profile.timezone(), "Europe/Stockholm");
  EXPECT_EQ(profile.preferences().at("theme"), "dark");
  EXPECT_EQ(profile.create_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(ProfilesTest, ChangesOnlyWhatTheMaskNames) {
  v1::UpdateProfileRequest first = Named("Ada");
  first.mutable_profile()->set_bio("mathematician");
  ASSERT_TRUE(profiles_.Update(call_, first).ok());
  clock_.Advance(absl::Seconds(5));
  v1::UpdateProfileRequest second = Named("ignored");
  second.mutable_update_mask()->add_paths("bio");

  const v1::Profile profile = profiles_.Update(call_, second).value();

  EXPECT_EQ(profile.display_name(), "Ada");
  EXPECT_EQ(profile.bio(), "");
  EXPECT_EQ(profile.update_time().seconds() - profile.create_time().seconds(), 5);
}

TEST_F(ProfilesTest, BelongsToOneUser) {
  ASSERT_TRUE(profiles_.Update(call_, Named("Ada")).ok());
  call_.identity.user_id = "bob";

  EXPECT_EQ(Get()->display_name(), "");
  EXPECT_EQ(Get()->user_id(), "bob");
}

TEST_F(ProfilesTest, MakesTheFirstWriteConditionalToo) {
  call_.if_match = Get()->etag();
  ASSERT_TRUE(profiles_.Update(call_, Named("Ada")).ok());

  const auto second = profiles_.Update(call_, Named("Eve"));

  EXPECT_EQ(GetReason(second.status()), "ETAG_MISMATCH");
  EXPECT_EQ(Get()->display_name(), "Ada");
}

TEST_F(ProfilesTest, ChangesItsEtagWithEveryChange) {
  const std::string before = Get()->etag();
  const std::string after = profiles_.Update(call_, Named("Ada"))->etag();

  EXPECT_NE(before, after);
  EXPECT_NE(after, profiles_.Update(call_, Named("Ada"))->etag());
}

TEST_F(ProfilesTest, MergesWithAnotherWriterThatCameFirst) {
  ASSERT_TRUE(profiles_.Update(call_, Named("Ada")).ok());
  store_.before_write = [this] {
    v1::UpdateProfileRequest other;
    other.mutable_profile()->set_bio("mathematician");
    ASSERT_TRUE(profiles_.Update(call_, other).ok());
  };

  const v1::Profile profile = profiles_.Update(call_, Named("Ada L.")).value();

  EXPECT_EQ(profile.display_name(), "Ada L.");
  EXPECT_EQ(profile.bio(), "mathematician");
}

TEST_F(ProfilesTest, RefusesAConditionalWriteWhenAnotherCameFirst) {
  call_.if_match = Get()->etag();
  store_.before_write = [this] {
    CallContext other = call_;
    other.if_match = "";
    ASSERT_TRUE(profiles_.Update(other, Named("Bob")).ok());
  };

  const auto result = profiles_.Update(call_, Named("Ada"));

  EXPECT_EQ(GetReason(result.status()), "ETAG_MISMATCH");
}

TEST_F(ProfilesTest, RefusesTimeZonesThatDoNotExist) {
  for (const std::string name : {"Mars/Olympus", "Europe", "Europe/", "/etc/localtime", "localtime",
                                 "../zoneinfo/Europe/Stockholm", "Europe//Stockholm", "file:UTC",
                                 "posix/Europe/Stockholm", "zone.tab", "tzdata.zi", "CEST"}) {
    v1::UpdateProfileRequest request;
    request.mutable_profile()->set_timezone(name);

    const auto result = profiles_.Update(call_, request);

    EXPECT_EQ(ViolatedField(result.status()), "profile.timezone") << name;
  }
  EXPECT_FALSE(Get()->has_create_time());
}

TEST_F(ProfilesTest, AcceptsTimeZonesThatExist) {
  for (const std::string name :
       {"UTC", "Europe/Stockholm", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "CET"}) {
    EXPECT_TRUE(IsTimeZone(name)) << name;
  }
}

TEST_F(ProfilesTest, PassesAFailedReadOn) {
  store_.error = UnavailableError("the database is away");

  EXPECT_EQ(Get().status().code(), absl::StatusCode::kUnavailable);
}

TEST(TimeZoneOfTest, IsTheProfilesOrUtc) {
  ProfileRow row;

  EXPECT_EQ(TimeZoneOf(std::nullopt), absl::UTCTimeZone());
  EXPECT_EQ(TimeZoneOf(row), absl::UTCTimeZone());
  row.definition.set_timezone("Europe/Stockholm");
  EXPECT_EQ(TimeZoneOf(row).name(), "Europe/Stockholm");
  row.definition.set_timezone("Mars/Olympus");
  EXPECT_EQ(TimeZoneOf(row), absl::UTCTimeZone());
}

}  // namespace
}  // namespace dramatis::memory
