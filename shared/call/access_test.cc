#include "shared/call/access.h"

#include "gtest/gtest.h"

namespace dramatis {
namespace {

Identity Caller(AccessRole role) {
  return {.user_id = "somebody", .role = role};
}

TEST(CheckAccessTest, LetsAdminsDoEverything) {
  for (const auto access :
       {options::v1::ACCESS_PUBLIC, options::v1::ACCESS_USER, options::v1::ACCESS_OWNER,
        options::v1::ACCESS_ADMIN, options::v1::ACCESS_INTERNAL}) {
    EXPECT_TRUE(CheckAccess(Caller(AccessRole::kAdmin), access).ok());
  }
}

TEST(CheckAccessTest, KeepsUsersFromWhatIsForAdminsAndServices) {
  const Identity user = Caller(AccessRole::kUser);
  EXPECT_TRUE(CheckAccess(user, options::v1::ACCESS_OWNER).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(user, options::v1::ACCESS_ADMIN)));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(user, options::v1::ACCESS_INTERNAL)));
}

TEST(CheckAccessTest, KeepsServicesFromWhatIsForAdmins) {
  const Identity service = Caller(AccessRole::kService);
  EXPECT_TRUE(CheckAccess(service, options::v1::ACCESS_INTERNAL).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(service, options::v1::ACCESS_ADMIN)));
}

}  // namespace
}  // namespace dramatis
