// The suite that every store of objects passes, on a bucket: DRAMATIS_OBJECTS=s3://..., with
// credentials and server as the environment says. Each test has a prefix of its own.
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "shared/objects/place.h"
#include "shared/objects/testing/conformance.h"

namespace dramatis::objects {
namespace {

constexpr char kVariable[] = "DRAMATIS_OBJECTS";

// Its store, and what that works with.
class BucketObjects : public Objects {
 public:
  explicit BucketObjects(const Place& place) : opened_(place, clock_, SendWebRequest) {}
  absl::Status Put(const std::string& key, const Pieces& next) override {
    return opened_->Put(key, next);
  }
  absl::StatusOr<ObjectInfo> Get(const std::string& key, const Sink& sink) override {
    return opened_->Get(key, sink);
  }
  absl::StatusOr<ObjectInfo> Look(const std::string& key) override { return opened_->Look(key); }
  absl::Status Delete(const std::string& key) override { return opened_->Delete(key); }
  absl::StatusOr<std::vector<ObjectInfo>> List(const std::string& prefix,
                                               const std::string& after,
                                               int most) override {
    return opened_->List(prefix, after, most);
  }

 private:
  const SystemClock clock_;
  const OpenedObjects opened_;
};

std::unique_ptr<Objects> NextBucket() {
  static std::atomic<int> number = 0;
  Settings settings(SystemEnvironment());
  Place place = ReadPlace(settings, kVariable, "");
  if (!place.bucket.has_value()) {
    std::fprintf(stderr, "%s must name a bucket\n", kVariable);
    std::_Exit(1);
  }
  place.bucket->prefix = absl::StrCat("test-", ++number, "/");
  return std::make_unique<BucketObjects>(place);
}

INSTANTIATE_TEST_SUITE_P(S3, ObjectsConformance, testing::Values(NextBucket));

}  // namespace
}  // namespace dramatis::objects
