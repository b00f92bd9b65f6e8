#include "shared/identity/discovery.h"

#include <optional>

#include "absl/strings/match.h"
#include "shared/identity/strict_json.h"

namespace dramatis {

std::string DiscoveryUrl(std::string issuer) {
  while (!issuer.empty() && issuer.back() == '/')
    issuer.pop_back();
  return issuer + "/.well-known/openid-configuration";
}

absl::StatusOr<boost::json::object> ParseDiscovery(std::string_view text, std::string_view issuer) {
  std::optional<boost::json::object> document = ParseStrictObject(text);
  if (!document.has_value()) return absl::InvalidArgumentError("the discovery document is no JSON");
  const boost::json::string* const name = TextMember(*document, "issuer");
  if (name == nullptr || std::string_view(name->data(), name->size()) != issuer) {
    return absl::InvalidArgumentError("the discovery document names another issuer");
  }
  return *std::move(document);
}

absl::StatusOr<std::string> DiscoveredUrl(const boost::json::object& document,
                                          const std::string& member) {
  const boost::json::string* const url = TextMember(document, member);
  if (url == nullptr) {
    return absl::InvalidArgumentError("the discovery document has no " + member);
  }
  std::string text(url->data(), url->size());
  if (!IsSafeUrl(text)) {
    return absl::InvalidArgumentError(member + " is no https address");
  }
  return text;
}

bool IsSafeUrl(const std::string& url) {
  if (absl::StartsWith(url, "https://") && url.size() > sizeof("https://") - 1) return true;
  constexpr char kHttp[] = "http://";
  if (!absl::StartsWith(url, kHttp)) return false;
  std::string_view host = std::string_view(url).substr(sizeof(kHttp) - 1);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos || host.find('\\') != std::string_view::npos) {
    return false;
  }
  if (const size_t colon = host.rfind(':');
      colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    host = host.substr(0, colon);
  }
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace dramatis
