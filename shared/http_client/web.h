// One HTTP request at a time, for what a program asks of others apart from models: keys of an
// issuer, credentials, secrets, objects. Over libcurl, which is loaded with the first request: it
// and the thirty libraries behind it are a megabyte of every program, and most programs never ask
// anybody.
//
//   absl::StatusOr<WebAnswer> answer = SendWebRequest({.url = "https://example.org/keys"});
//   if (answer.ok() && answer->status == 200) Use(answer->body);
//
// Certificates are verified; redirects are not followed. Blocks. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dramatis {

struct WebRequest {
  std::string method = "GET";
  std::string url = {};
  std::vector<std::string> headers = {};  // `Name: value`
  // For every method but GET, HEAD and DELETE.
  std::string_view body = {};
  // Takes the body of a 2xx as it comes, instead of WebAnswer::body; an error ends the request and
  // is its result.
  std::function<absl::Status(std::string_view)> sink = {};
  // Of WebAnswer::body: what is larger is UNAVAILABLE.
  size_t most_bytes = size_t{64} * 1024;
  absl::Duration connect = absl::Seconds(1);
  absl::Duration total = absl::Seconds(5);
  // Without a byte either way for so long, it is given up; to the second.
  absl::Duration idle = absl::InfiniteDuration();
  // A PEM file of certificate authorities to trust instead of the system's.
  std::string ca_file = {};
  // Whether http_proxy, https_proxy and no_proxy count.
  bool proxy = false;
};

struct WebAnswer {
  int status = 0;
  // Names in lower case, as they came.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};

  // Of the first header of that name; empty where there is none.
  std::string_view Header(std::string_view lower_case_name) const;
};

// Whatever answer came. UNAVAILABLE, with the host and curl's words, where none did.
absl::StatusOr<WebAnswer> SendWebRequest(const WebRequest& request);

// SendWebRequest, or what stands in for it in tests.
using WebClient = std::function<absl::StatusOr<WebAnswer>(const WebRequest&)>;

}  // namespace dramatis
