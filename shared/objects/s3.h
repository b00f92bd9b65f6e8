// Objects in a bucket of Amazon S3, or of a server that speaks its API (MinIO, Ceph, Garage, R2).
//
//   S3Objects objects({.bucket = "my-bucket", .prefix = "dramatis/", .region = "eu-central-1"},
//                     client);
//
// A body of more than 8 MiB goes by parts of that size, one at a time; where it breaks off, what
// was sent is dropped (a bucket's rule AbortIncompleteMultipartUpload takes what a killed process
// left). The role needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on
// the prefix's keys, and s3:ListBucket on the bucket, without which a missing object is
// PERMISSION_DENIED.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/aws/service_client.h"
#include "shared/objects/objects.h"

namespace dramatis::objects {

struct S3Bucket {
  std::string bucket;
  // Before every key; empty, or with a slash at its end.
  std::string prefix = {};
  std::string region = {};
  // Of a server that is not Amazon's, without a slash at its end: `https://minio.example.org:9000`.
  std::string endpoint = {};
  // A PEM file of certificate authorities to trust instead of the system's.
  std::string ca_file = {};
};

class S3Objects : public Objects {
 public:
  // `client` is of the service `s3` in the bucket's region and outlives this.
  S3Objects(S3Bucket bucket, const aws::ServiceClient& client);

  absl::Status Put(const std::string& key, const Pieces& next) override;
  absl::StatusOr<ObjectInfo> Get(const std::string& key, const Sink& sink) override;
  absl::StatusOr<ObjectInfo> Look(const std::string& key) override;
  absl::Status Delete(const std::string& key) override;
  absl::StatusOr<std::vector<ObjectInfo>> List(const std::string& prefix,
                                               const std::string& after,
                                               int most) override;

 private:
  struct Upload;

  std::string UrlOf(const std::string& key, const std::string& query = "") const;
  // A request with the limits of time that every one has.
  WebRequest RequestOf(const std::string& method, const std::string& url) const;
  // Its answer where it is a 2xx; else an error that names the bucket.
  absl::StatusOr<WebAnswer> Send(const WebRequest& request) const;
  absl::Status ErrorOf(const WebAnswer& answer) const;
  absl::StatusOr<ObjectInfo> InfoOf(const std::string& key, const WebAnswer& answer) const;

  absl::Status PutParts(const std::string& key, std::string first, const Pieces& next) const;
  absl::Status SendPart(Upload& upload, std::string_view part) const;
  absl::Status Complete(const Upload& upload) const;

  const S3Bucket bucket_;
  const aws::ServiceClient& client_;
};

// Whether `name` can be a bucket's (3 to 63 of a-z, 0-9, dots and hyphens, letters and digits at
// the ends).
bool IsBucketName(std::string_view name);

// The objects in an answer of ListObjectsV2 that was asked for with `encoding-type=url`, keys
// decoded. UNAVAILABLE where it is none.
absl::StatusOr<std::vector<ObjectInfo>> ParseListing(std::string_view xml);
// The text of the first element of that name, entities resolved; empty where there is none.
std::string XmlElement(std::string_view xml, std::string_view name);

}  // namespace dramatis::objects
