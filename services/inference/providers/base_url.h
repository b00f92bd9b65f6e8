// The address of a provider's server. Pure function.
#pragma once

#include <optional>
#include <string>

namespace dramatis::inference {

// Without a slash at the end; nullopt where `url` is not http or https, names no host, or has
// credentials, a query or a fragment.
std::optional<std::string> NormalBaseUrl(const std::string& url);

}  // namespace dramatis::inference
