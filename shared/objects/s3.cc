#include "shared/objects/s3.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "shared/status/macros.h"

namespace dramatis::objects {
namespace {

constexpr size_t kPartBytes = size_t{8} * 1024 * 1024;
constexpr size_t kMostAnswerBytes = size_t{4} * 1024 * 1024;
constexpr int kMostParts = 10'000;
constexpr int kMostListedAtOnce = 1000;
constexpr absl::Duration kConnect = absl::Seconds(3);
constexpr absl::Duration kIdle = absl::Seconds(30);

absl::Status NoS3Key() {
  return absl::InvalidArgumentError("the object's key is malformed");
}

// Everything but RFC 3986's unreserved characters, and slashes where they are kept, as %XX.
std::string UrlEncoded(std::string_view text, bool keep_slashes) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain || (keep_slashes && c == '/')) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out;
}

// Reads pieces until there are as many bytes as a part has, or no more. `whole` says which.
absl::StatusOr<std::string> Gather(std::string rest, const Objects::Pieces& next, bool& whole) {
  while (rest.size() < kPartBytes) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::string piece, next());
    if (piece.empty()) {
      whole = true;
      break;
    }
    rest += piece;
  }
  return rest;
}

}  // namespace

// One body that goes by parts.
struct S3Objects::Upload {
  std::string key;
  std::string id;
  std::vector<std::string> etags = {};
};

S3Objects::S3Objects(S3Bucket bucket, const aws::ServiceClient& client)
    : bucket_(std::move(bucket)), client_(client) {}

std::string S3Objects::UrlOf(const std::string& key, const std::string& query) const {
  const std::string path = key.empty() ? "" : UrlEncoded(bucket_.prefix + key, true);
  const std::string tail = query.empty() ? "" : absl::StrCat("?", query);
  if (!bucket_.endpoint.empty()) {
    return absl::StrCat(bucket_.endpoint, "/", bucket_.bucket, "/", path, tail);
  }
  const std::string host = absl::StrCat("s3.", bucket_.region, ".amazonaws.com",
                                        bucket_.region.starts_with("cn-") ? ".cn" : "");
  // A certificate for `*.s3...` holds for names without dots.
  if (bucket_.bucket.find('.') != std::string::npos) {
    return absl::StrCat("https://", host, "/", bucket_.bucket, "/", path, tail);
  }
  return absl::StrCat("https://", bucket_.bucket, ".", host, "/", path, tail);
}

WebRequest S3Objects::RequestOf(const std::string& method, const std::string& url) const {
  return {.method = method,
          .url = url,
          .most_bytes = kMostAnswerBytes,
          .connect = kConnect,
          .total = absl::InfiniteDuration(),
          .idle = kIdle,
          .ca_file = bucket_.ca_file,
          .proxy = true};
}

absl::Status S3Objects::ErrorOf(const WebAnswer& answer) const {
  // A code of S3's, as `NoSuchBucket`; never its words, which may name keys.
  std::string code = XmlElement(answer.body, "Code");
  constexpr size_t kLongestCode = 64;
  const bool plain =
      code.size() <= kLongestCode &&
      std::all_of(code.begin(), code.end(), [](unsigned char c) { return absl::ascii_isalnum(c); });
  if (!plain) code.clear();
  const std::string text = absl::StrCat("the bucket ", bucket_.bucket, " answers ", answer.status,
                                        code.empty() ? "" : " ", code);
  constexpr int kNotFound = 404;
  constexpr int kUnauthorized = 401;
  constexpr int kForbidden = 403;
  if (answer.status == kNotFound && code != "NoSuchBucket") return absl::NotFoundError(text);
  if (answer.status == kForbidden || answer.status == kUnauthorized) {
    return absl::PermissionDeniedError(
        absl::StrCat(text, ": look at the role's rights on it, and at the machine's clock"));
  }
  return absl::UnavailableError(text);
}

absl::StatusOr<WebAnswer> S3Objects::Send(const WebRequest& request) const {
  DRAMATIS_ASSIGN_OR_RETURN(WebAnswer answer, client_.Send(request));
  constexpr int kGood = 200;
  constexpr int kNotGood = 300;
  if (answer.status >= kGood && answer.status < kNotGood) return answer;
  return ErrorOf(answer);
}

absl::StatusOr<ObjectInfo> S3Objects::InfoOf(const std::string& key,
                                             const WebAnswer& answer) const {
  ObjectInfo info = {.key = key, .version = std::string(answer.Header("etag"))};
  const std::string_view length = answer.Header("content-length");
  const std::string modified(answer.Header("last-modified"));
  std::string error;
  if (!absl::SimpleAtoi(absl::string_view(length.data(), length.size()), &info.bytes) ||
      !absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", modified, &info.modified, &error)) {
    return absl::UnavailableError(
        absl::StrCat("the bucket ", bucket_.bucket, " answers without a length and a time"));
  }
  return info;
}

absl::Status S3Objects::Put(const std::string& key, const Pieces& next) {
  if (!IsKey(key)) return NoS3Key();
  bool whole = false;
  DRAMATIS_ASSIGN_OR_RETURN(std::string body, Gather({}, next, whole));
  if (!whole) return PutParts(key, std::move(body), next);
  WebRequest request = RequestOf("PUT", UrlOf(key));
  request.headers = {"Content-Type: application/octet-stream"};
  request.body = body;
  return Send(request).status();
}

absl::Status S3Objects::PutParts(const std::string& key,
                                 std::string first,
                                 const Pieces& next) const {
  WebRequest begin = RequestOf("POST", UrlOf(key, "uploads="));
  begin.headers = {"Content-Type: application/octet-stream"};
  DRAMATIS_ASSIGN_OR_RETURN(const WebAnswer begun, Send(begin));
  Upload upload = {.key = key, .id = XmlElement(begun.body, "UploadId")};
  if (upload.id.empty()) {
    return absl::UnavailableError(
        absl::StrCat("the bucket ", bucket_.bucket, " begins no upload by parts"));
  }
  const absl::Status sent = [&]() -> absl::Status {
    std::string rest = std::move(first);
    for (bool whole = false; !whole || !rest.empty();) {
      if (rest.size() < kPartBytes && !whole) {
        DRAMATIS_ASSIGN_OR_RETURN(rest, Gather(std::move(rest), next, whole));
        if (rest.empty()) break;
      }
      const size_t bytes = std::min(rest.size(), kPartBytes);
      DRAMATIS_RETURN_IF_ERROR(SendPart(upload, std::string_view(rest).substr(0, bytes)));
      rest.erase(0, bytes);
    }
    return Complete(upload);
  }();
  if (!sent.ok()) {
    // What fails here is left to the bucket's rule.
    Send(RequestOf("DELETE", UrlOf(key, absl::StrCat("uploadId=", UrlEncoded(upload.id, false)))))
        .status()
        .IgnoreError();
  }
  return sent;
}

absl::Status S3Objects::SendPart(Upload& upload, std::string_view part) const {
  if (upload.etags.size() == kMostParts) {
    return absl::ResourceExhaustedError("the body is larger than 80 GB");
  }
  WebRequest request =
      RequestOf("PUT", UrlOf(upload.key, absl::StrCat("partNumber=", upload.etags.size() + 1,
                                                      "&uploadId=", UrlEncoded(upload.id, false))));
  request.body = part;
  DRAMATIS_ASSIGN_OR_RETURN(const WebAnswer answer, Send(request));
  upload.etags.emplace_back(answer.Header("etag"));
  return absl::OkStatus();
}

absl::Status S3Objects::Complete(const Upload& upload) const {
  std::string body = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < upload.etags.size(); ++i) {
    absl::StrAppend(&body, "<Part><PartNumber>", i + 1, "</PartNumber><ETag>", upload.etags[i],
                    "</ETag></Part>");
  }
  body += "</CompleteMultipartUpload>";
  WebRequest request =
      RequestOf("POST", UrlOf(upload.key, absl::StrCat("uploadId=", UrlEncoded(upload.id, false))));
  request.headers = {"Content-Type: application/xml"};
  request.body = body;
  DRAMATIS_ASSIGN_OR_RETURN(const WebAnswer answer, Send(request));
  // It may say 200 first and fail afterwards.
  if (answer.body.find("<Error>") == std::string::npos) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the bucket ", bucket_.bucket, " did not put the parts together"));
}

absl::StatusOr<ObjectInfo> S3Objects::Get(const std::string& key, const Sink& sink) {
  if (!IsKey(key)) return NoS3Key();
  WebRequest request = RequestOf("GET", UrlOf(key));
  request.sink = sink;
  DRAMATIS_ASSIGN_OR_RETURN(const WebAnswer answer, Send(request));
  return InfoOf(key, answer);
}

absl::StatusOr<ObjectInfo> S3Objects::Look(const std::string& key) {
  if (!IsKey(key)) return NoS3Key();
  DRAMATIS_ASSIGN_OR_RETURN(const WebAnswer answer, Send(RequestOf("HEAD", UrlOf(key))));
  return InfoOf(key, answer);
}

absl::Status S3Objects::Delete(const std::string& key) {
  if (!IsKey(key)) return NoS3Key();
  const absl::Status deleted = Send(RequestOf("DELETE", UrlOf(key))).status();
  return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
}

absl::StatusOr<std::vector<ObjectInfo>> S3Objects::List(const std::string& prefix,
                                                        const std::string& after,
                                                        int most) {
  if (!IsPrefix(prefix)) {
    return absl::InvalidArgumentError("the prefix of the objects' keys is malformed");
  }
  const std::string query = absl::StrCat(
      "encoding-type=url&list-type=2&max-keys=", std::clamp(most, 1, kMostListedAtOnce),
      "&prefix=", UrlEncoded(bucket_.prefix + prefix, false), after.empty() ? "" : "&start-after=",
      after.empty() ? "" : UrlEncoded(bucket_.prefix + after, false));
  DRAMATIS_ASSIGN_OR_RETURN(const WebAnswer answer, Send(RequestOf("GET", UrlOf("", query))));
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<ObjectInfo> found, ParseListing(answer.body));
  for (ObjectInfo& info : found) {
    if (info.key.starts_with(bucket_.prefix)) info.key.erase(0, bucket_.prefix.size());
  }
  return found;
}

}  // namespace dramatis::objects
