// Where objects are, as settings say it: `s3://bucket`, `s3://bucket/prefix`, `file:/a/folder`.
//
//   const Place place = ReadPlace(settings, "DRAMATIS_OBJECTS", "file:./data/objects");
//   const OpenedObjects objects = OpenObjects(place, clock);
//   objects->Look("avatars/1.png");
//
// Of a bucket: AWS_REGION says the region, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL another server
// than Amazon's, SSL_CERT_FILE whom to trust; credentials are found as shared/aws/credentials.h
// says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "shared/aws/credentials.h"
#include "shared/aws/service_client.h"
#include "shared/config/environment.h"
#include "shared/objects/objects.h"
#include "shared/objects/s3.h"
#include "shared/time/clock.h"

namespace dramatis::objects {

struct Place {
  // One of the two.
  std::string folder = {};
  std::optional<S3Bucket> bucket = {};
  // Of a bucket.
  aws::CredentialSettings aws = {};
};

// A store, and what it works with.
class OpenedObjects {
 public:
  OpenedObjects(const Place& place, const Clock& clock, const WebClient& web);
  Objects& operator*() const { return *objects_; }
  Objects* operator->() const { return objects_.get(); }
  // Waits for a fetch of credentials under way; what is asked afterwards fails.
  void Stop();

 private:
  // Null for a folder.
  std::unique_ptr<aws::CredentialCache> credentials_;
  std::unique_ptr<aws::ServiceClient> client_;
  std::unique_ptr<Objects> objects_;
};

// The variable's, or `fallback`. Notes problems in `settings`.
Place ReadPlace(Settings& settings, const std::string& variable, const std::string& fallback);

// A bucket of this name, with region, server and credentials as the environment says. Notes
// problems under `variable`.
Place ReadBucket(Settings& settings,
                 const std::string& variable,
                 const std::string& bucket,
                 const std::string& prefix);

}  // namespace dramatis::objects
