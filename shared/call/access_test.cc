#include "shared/call/access.h"

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

Identity Caller(AccessRole role) {
  return {.user_id = "somebody", .role = role};
}

TEST(CheckAccessTest, LetsAdminsDoEverything) {
  for (const auto access :
       {options::v1::ACCESS_PUBLIC, options::v1::ACCESS_USER, options::v1::ACCESS_OWNER,
        options::v1::ACCESS_ADMIN, options::v1::ACCESS_INTERNAL}) {
    EXPECT_TRUE(CheckAccess(Caller(AccessRole::kAdmin), {access}).ok());
  }
}

TEST(CheckAccessTest, KeepsUsersFromWhatIsForAdminsAndServices) {
  const Identity user = Caller(AccessRole::kUser);
  EXPECT_TRUE(CheckAccess(user, {options::v1::ACCESS_OWNER}).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(user, {options::v1::ACCESS_ADMIN})));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(user, {options::v1::ACCESS_INTERNAL})));
}

TEST(CheckAccessTest, KeepsServicesFromWhatIsForAdmins) {
  const Identity service = Caller(AccessRole::kService);
  EXPECT_TRUE(CheckAccess(service, {options::v1::ACCESS_INTERNAL}).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(service, {options::v1::ACCESS_ADMIN})));
}

TEST(CheckAccessTest, NamesTheScopesThatTheCredentialsLack) {
  Identity user = Caller(AccessRole::kUser);
  user.scopes = *Scopes::Named("chat");
  const auto ask = [&](const char* scope) {
    return CheckAccess(user, {options::v1::ACCESS_USER, *Scopes::Needed(scope)});
  };
  EXPECT_TRUE(ask("chat").ok());
  EXPECT_TRUE(CheckAccess(user, {options::v1::ACCESS_PUBLIC}).ok());
  EXPECT_EQ(GetReason(ask("memory")), "INSUFFICIENT_SCOPE");
  EXPECT_EQ(GetFact(ask("memory"), "scope"), "memory");
  EXPECT_EQ(GetFact(ask("account"), "scope"), "personas_read personas_write memory");
  user.scopes = Scopes::All();
  EXPECT_TRUE(ask("account").ok());
}

TEST(CheckAccessTest, ARoleIsNoScope) {
  Identity admin = Caller(AccessRole::kAdmin);
  admin.scopes = *Scopes::Named("chat");
  const MethodAccess for_admins{options::v1::ACCESS_ADMIN, Scopes::Admin()};
  EXPECT_EQ(GetFact(CheckAccess(admin, for_admins), "scope"), "admin");
  EXPECT_EQ(GetReason(CheckAccess(Caller(AccessRole::kUser), for_admins)), "PERMISSION_DENIED");
}

TEST(CallerKeyTest, IsForThePersonasThatItNames) {
  Identity user = Caller(AccessRole::kUser);
  EXPECT_TRUE(user.MayUsePersona("p1"));
  user.key = std::make_shared<CallerKey>(CallerKey{"k1"});
  EXPECT_TRUE(user.MayUsePersona("p1"));
  user.key = std::make_shared<CallerKey>(CallerKey{"k1", {"p1", "p2"}});
  EXPECT_TRUE(user.MayUsePersona("p2"));
  EXPECT_FALSE(user.MayUsePersona("p3"));
}

TEST(CheckAccessTest, AProgramCallsWhatItMayCall) {
  const MethodAccess recall{options::v1::ACCESS_INTERNAL, {}, {"conversation", "gateway"}};
  Identity service = Caller(AccessRole::kService);
  EXPECT_TRUE(CheckAccess(service, recall).ok());  // of this process
  service.caller = "conversation";
  EXPECT_TRUE(CheckAccess(service, recall).ok());
  service.caller = "memory";
  EXPECT_EQ(GetReason(CheckAccess(service, recall)), "PERMISSION_DENIED");
  Identity admin = Caller(AccessRole::kAdmin);
  admin.caller = "memory";
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(admin, recall)));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckAccess(admin, {options::v1::ACCESS_PUBLIC})));
}

}  // namespace
}  // namespace dramatis
