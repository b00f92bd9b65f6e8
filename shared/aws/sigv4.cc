#include "shared/aws/sigv4.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "shared/digest/sha256.h"

namespace dramatis::aws {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string Hmac(const std::string& key, const std::string& message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

// Everything but RFC 3986's unreserved characters, and those of `kept`, as %XX.
std::string Encoded(std::string_view text, std::string_view kept) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain || kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out;
}

std::string Decoded(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Url {
  std::string host;  // as in the header Host
  std::string path;  // `/` at least
  std::string query;
};

Url Split(const std::string& url) {
  const size_t scheme = url.find("://");
  const bool https = url.starts_with("https://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t end = std::min(url.find_first_of("/?", begin), url.size());
  const size_t question = std::min(url.find('?', end), url.size());
  Url parts = {.host = url.substr(begin, end - begin),
               .path = url.substr(end, question - end),
               .query = question < url.size() ? url.substr(question + 1) : ""};
  if (parts.path.empty()) parts.path = "/";
  const std::string_view standard_port = https ? ":443" : ":80";
  if (parts.host.ends_with(standard_port)) {
    parts.host.resize(parts.host.size() - standard_port.size());
  }
  return parts;
}

// RFC 3986, section 5.2.4, and without empty segments.
std::string Normalized(const std::string& path) {
  std::vector<std::string> kept;
  for (const auto& segment : absl::StrSplit(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else {
      kept.emplace_back(segment);
    }
  }
  std::string out = absl::StrCat("/", absl::StrJoin(kept, "/"));
  if (path.ends_with('/') && out.size() > 1) out += '/';
  return out;
}

std::string CanonicalPath(const std::string& path, const std::string& service) {
  // S3 takes it as it is written: `%2F` is part of a key's name.
  if (service == "s3") return Encoded(path, "/%");
  return Encoded(Normalized(path), "/");
}

std::string CanonicalQuery(const std::string& query) {
  if (query.empty()) return "";
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& parameter : absl::StrSplit(query, '&')) {
    if (parameter.empty()) continue;
    const std::string text(parameter);
    const size_t equals = text.find('=');
    parameters.emplace_back(
        Encoded(Decoded(text.substr(0, equals)), ""),
        equals == std::string::npos ? "" : Encoded(Decoded(text.substr(equals + 1)), ""));
  }
  std::sort(parameters.begin(), parameters.end());
  return absl::StrJoin(parameters, "&", [](std::string* out, const auto& parameter) {
    absl::StrAppend(out, parameter.first, "=", parameter.second);
  });
}

// Without white space at the ends, and one space for several.
std::string Trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += c;
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// By name in lower case; those of one name joined in their order.
using Headers = std::map<std::string, std::string>;

Headers CanonicalHeaders(const SigV4Request& request, const std::string& host) {
  Headers headers;
  for (const std::string& header : request.headers) {
    const size_t colon = std::min(header.find(':'), header.size());
    const std::string name = absl::AsciiStrToLower(header.substr(0, colon));
    const std::string value = Trimmed(header.substr(std::min(colon + 1, header.size())));
    const auto [found, added] = headers.emplace(name, value);
    if (!added) absl::StrAppend(&found->second, ",", value);
  }
  headers.emplace("host", host);
  return headers;
}

std::string Names(const Headers& headers) {
  return absl::StrJoin(headers, ";", [](std::string* out, const auto& header) {
    absl::StrAppend(out, header.first);
  });
}

}  // namespace

std::string CanonicalRequest(const SigV4Request& request,
                             const SigV4Scope& scope,
                             const std::string& payload_hash) {
  const Url url = Split(request.url);
  const Headers headers = CanonicalHeaders(request, url.host);
  std::string text = absl::StrCat(request.method, "\n", CanonicalPath(url.path, scope.service),
                                  "\n", CanonicalQuery(url.query), "\n");
  for (const auto& [name, value] : headers)
    absl::StrAppend(&text, name, ":", value, "\n");
  absl::StrAppend(&text, "\n", Names(headers), "\n", payload_hash);
  return text;
}

std::vector<std::string> SignSigV4(const SigV4Request& request,
                                   const SigV4Scope& scope,
                                   const Credentials& credentials,
                                   absl::Time now) {
  const std::string time = absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone());
  const std::string day = time.substr(0, 8);
  const std::string payload_hash = Sha256Hex(request.body);
  std::vector<std::string> added = {absl::StrCat("X-Amz-Date: ", time),
                                    absl::StrCat("X-Amz-Content-Sha256: ", payload_hash)};
  if (!credentials.session_token.empty()) {
    added.push_back(absl::StrCat("X-Amz-Security-Token: ", credentials.session_token));
  }
  SigV4Request whole = request;
  whole.headers.insert(whole.headers.end(), added.begin(), added.end());

  const std::string credential_scope =
      absl::StrCat(day, "/", scope.region, "/", scope.service, "/aws4_request");
  const std::string to_sign = absl::StrCat(kAlgorithm, "\n", time, "\n", credential_scope, "\n",
                                           Sha256Hex(CanonicalRequest(whole, scope, payload_hash)));
  std::string key = "AWS4" + credentials.secret_access_key;
  for (const std::string& part : {day, scope.region, scope.service, std::string("aws4_request")})
    key = Hmac(key, part);
  added.push_back(absl::StrCat(
      "Authorization: ", kAlgorithm, " Credential=", credentials.access_key_id, "/",
      credential_scope, ", SignedHeaders=", Names(CanonicalHeaders(whole, Split(request.url).host)),
      ", Signature=", absl::BytesToHexString(Hmac(key, to_sign))));
  return added;
}

}  // namespace dramatis::aws
