#include "shared/aws/credential_cache.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace dramatis::aws {
namespace {

class CredentialCacheTest : public testing::Test {
 protected:
  // A new key each time, good for an hour.
  absl::StatusOr<Credentials> Next() {
    if (broken_) return absl::UnavailableError("nobody");
    return Credentials{absl::StrCat("k", ++fetched_), "s", "t", clock_.Now() + absl::Hours(1)};
  }
  void AwaitFetch() {
    absl::Notification done;
    cache_.Refetch([&] { done.Notify(); });
    done.WaitForNotification();
  }

  FakeClock clock_;
  std::atomic<int> fetched_ = 0;
  std::atomic<bool> broken_ = false;
  CredentialCache cache_{[this] { return Next(); }, clock_};
};

TEST_F(CredentialCacheTest, FetchesOnceAndKeepsWhatCame) {
  EXPECT_EQ(cache_.Get()->access_key_id, "k1");
  clock_.Advance(absl::Minutes(54));
  EXPECT_EQ(cache_.Get()->access_key_id, "k1");
  EXPECT_EQ(fetched_, 1);
}

TEST_F(CredentialCacheTest, FetchesFiveMinutesBeforeTheEndWithoutMakingAnybodyWait) {
  ASSERT_TRUE(cache_.Get().ok());
  clock_.Advance(absl::Minutes(55));
  EXPECT_EQ(cache_.Get()->access_key_id, "k1");
  while (fetched_ < 2)
    std::this_thread::yield();
  AwaitFetch();
  EXPECT_NE(cache_.Get()->access_key_id, "k1");
}

TEST_F(CredentialCacheTest, KeepsTheOldOnesUntilTheyHaveEndedWhereNoneCome) {
  ASSERT_TRUE(cache_.Get().ok());
  broken_ = true;
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(cache_.Get()->access_key_id, "k1");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(cache_.Get().status().code(), absl::StatusCode::kUnavailable);
  broken_ = false;
  EXPECT_EQ(cache_.Get()->access_key_id, "k2");
}

TEST_F(CredentialCacheTest, ManyWhoWaitMakeOneFetch) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] { good += cache_.Get().ok() ? 1 : 0; });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, 16);
  EXPECT_EQ(fetched_, 1);
}

TEST_F(CredentialCacheTest, IsFetchedAnewWhenToldTo) {
  ASSERT_TRUE(cache_.Get().ok());
  AwaitFetch();
  EXPECT_EQ(cache_.Get()->access_key_id, "k2");
}

}  // namespace
}  // namespace dramatis::aws
