#include "shared/identity/key_source.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "shared/identity/testing/test_keys.h"

namespace dramatis {
namespace {

constexpr char kIssuer[] = "https://id.example.org/realm/";
constexpr char kDiscovery[] = "https://id.example.org/realm/.well-known/openid-configuration";
constexpr char kKeys[] = "https://id.example.org/keys";

// An issuer's pages, which may be changed, and what was asked of it. A fetch waits while `open` is
// false.
class Pages {
 public:
  FetchUrl Fetch() {
    return [this](const std::string& url) -> absl::StatusOr<std::string> {
      const absl::MutexLock lock(&mutex_);
      asked_.push_back(url);
      mutex_.Await(absl::Condition(&open_));
      const auto page = pages_.find(url);
      if (page == pages_.end()) return absl::UnavailableError("the answer is 404");
      return page->second;
    };
  }
  void Put(const std::string& url, const std::string& text) {
    const absl::MutexLock lock(&mutex_);
    pages_[url] = text;
  }
  void Open(bool open) {
    const absl::MutexLock lock(&mutex_);
    open_ = open;
  }
  std::vector<std::string> asked() const {
    const absl::MutexLock lock(&mutex_);
    return asked_;
  }
  void AwaitAsked(size_t count) {
    const absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return asked_.size() >= count;
    };
    mutex_.Await(absl::Condition(&enough));
  }

 private:
  mutable absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_) = true;
  std::map<std::string, std::string> pages_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> asked_ ABSL_GUARDED_BY(mutex_);
};

class KeySourceTest : public testing::Test {
 protected:
  KeySourceTest() {
    pages_.Put(
        kDiscovery,
        R"({"issuer":"https://id.example.org/realm/","jwks_uri":"https://id.example.org/keys"})");
    pages_.Put(kKeys, KeySetText({SigningKey::Ed25519().Jwk("a")}));
  }
  void Start(KeySource::Options options = {.issuer = kIssuer}) {
    source_ =
        std::make_unique<KeySource>(std::move(options), pages_.Fetch(), clock_, *logger_, metrics_);
  }
  // Returns after the first fetch, and none other has been asked for.
  void StartAndFetch(KeySource::Options options = {.issuer = kIssuer}) {
    pages_.Open(false);
    Start(std::move(options));
    absl::Notification done;
    ASSERT_TRUE(source_->Await([&] { done.Notify(); }));
    pages_.Open(true);
    done.WaitForNotification();
  }
  // Whether it waited for a fetch; returns when that has ended.
  bool Await() {
    absl::Notification done;
    if (!source_->Await([&] { done.Notify(); })) return false;
    done.WaitForNotification();
    return true;
  }
  bool Has(const std::string& kid) {
    const auto keys = source_->keys();
    return keys != nullptr && keys->Find(kid, *FindJwsAlgorithm("EdDSA")) != nullptr;
  }

  Pages pages_;
  FakeClock clock_;
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  std::unique_ptr<KeySource> source_;
};

TEST_F(KeySourceTest, FindsTheKeysByDiscovery) {
  StartAndFetch();
  EXPECT_TRUE(Has("a"));
  EXPECT_EQ(pages_.asked(), (std::vector<std::string>{kDiscovery, kKeys}));
}

TEST_F(KeySourceTest, TakesAnAddressThatIsSet) {
  StartAndFetch({.issuer = "https://elsewhere", .jwks_url = kKeys});
  EXPECT_TRUE(Has("a"));
  EXPECT_EQ(pages_.asked(), std::vector<std::string>{kKeys});
}

TEST_F(KeySourceTest, TakesNoKeysOfAnotherIssuerNorWithoutHttps) {
  for (const char* document :
       {R"({"issuer":"https://id.example.org/realm","jwks_uri":"https://id.example.org/keys"})",
        R"({"issuer":"https://id.example.org/realm/","jwks_uri":"http://id.example.org/keys"})",
        R"({"issuer":"https://id.example.org/realm/"})", R"([])", ""}) {
    pages_.Put(kDiscovery, document);
    StartAndFetch();
    EXPECT_EQ(source_->keys(), nullptr) << document;
  }
}

TEST_F(KeySourceTest, KeepsTheLastGoodSet) {
  StartAndFetch();
  const uint64_t generation = source_->generation();
  for (const char* broken : {"", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"oct","k":"AAAA"}]})",
                             R"({"keys":[{"kid":"x"},{"kid":"x"}]})"}) {
    pages_.Put(kKeys, broken);
    clock_.Advance(absl::Seconds(10));
    ASSERT_TRUE(Await());
    EXPECT_TRUE(Has("a")) << broken;
  }
  EXPECT_EQ(source_->generation(), generation);
}

TEST_F(KeySourceTest, AsksForAnUnknownKeyOnceIn10Seconds) {
  StartAndFetch();
  pages_.Put(kKeys, KeySetText({SigningKey::Ed25519().Jwk("b")}));
  ASSERT_TRUE(Await());  // the fetch at the start was not for an unknown key
  EXPECT_TRUE(Has("b"));
  EXPECT_FALSE(Has("a"));
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(Await());
  EXPECT_EQ(pages_.asked().size(), 4);
  clock_.Advance(absl::Seconds(9.9));
  EXPECT_FALSE(Await());
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_TRUE(Await());
}

TEST_F(KeySourceTest, ManyWaitForOneFetch) {
  StartAndFetch();
  pages_.Open(false);
  absl::BlockingCounter waiting(100);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(source_->Await([&] { waiting.DecrementCount(); }));
  pages_.AwaitAsked(3);
  ASSERT_TRUE(source_->keys() != nullptr);  // which others use meanwhile
  pages_.Open(true);
  waiting.Wait();
  EXPECT_EQ(pages_.asked().size(), 4);
}

TEST_F(KeySourceTest, TooManyDoNotWait) {
  pages_.Open(false);
  Start({.issuer = kIssuer, .most_waiting = 2});
  EXPECT_TRUE(source_->Await([] {}));
  EXPECT_TRUE(source_->Await([] {}));
  EXPECT_FALSE(source_->MayAwait());
  EXPECT_FALSE(source_->Await([] {}));
  pages_.Open(true);
}

TEST_F(KeySourceTest, FetchesAgainEveryNowAndThen) {
  Start({.issuer = kIssuer, .refresh = absl::Milliseconds(1)});
  pages_.AwaitAsked(8);
}

TEST_F(KeySourceTest, TriesAgainWhereTheIssuerIsAway) {
  pages_.Put(kKeys, "");
  Start({.issuer = kIssuer, .retry = absl::Milliseconds(1)});
  pages_.AwaitAsked(6);
  pages_.Put(kKeys, KeySetText({SigningKey::Ed25519().Jwk("a")}));
  const size_t asked = pages_.asked().size();
  pages_.AwaitAsked(asked + 2);
  ASSERT_TRUE(Await());
  EXPECT_TRUE(Has("a"));
}

TEST_F(KeySourceTest, CallsWhatWaitsWhenItEnds) {
  pages_.Open(false);
  Start();
  bool called = false;
  ASSERT_TRUE(source_->Await([&] { called = true; }));
  pages_.Open(true);
  source_ = nullptr;
  EXPECT_TRUE(called);
}

TEST(IsSafeUrlTest, HttpIsForLoopbackOnly) {
  for (const char* url :
       {"https://id.example.org", "https://id.example.org:8443/x", "http://127.0.0.1:8080/x",
        "http://localhost", "http://[::1]:80/x", "http://127.1.2.3?q"}) {
    EXPECT_TRUE(IsSafeUrl(url)) << url;
  }
  for (const char* url :
       {"http://id.example.org", "https://", "ftp://127.0.0.1", "http://127.0.0.1.example.org/",
        "http://127.0.0.1@example.org/", "http://localhost.example.org", "http://10.0.0.1/",
        "file:///etc/passwd", "", "HTTP://127.0.0.1", "http://localhost\\@example.org"}) {
    EXPECT_FALSE(IsSafeUrl(url)) << url;
  }
}

}  // namespace
}  // namespace dramatis
