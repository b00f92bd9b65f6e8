// Percent-encoding of URIs (RFC 3986, section 2.1), strict.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dramatis {

// What `text` stands for; nothing if an escape is broken, or the result holds a NUL or is not valid
// UTF-8. `plus_is_space` for form-encoded queries.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space = false);
// `text` as one path segment: everything but RFC 3986's unreserved characters is escaped.
std::string PercentEncode(std::string_view text);

}  // namespace dramatis
