// base64url as JOSE means it (RFC 7515, section 2), strictly: no padding, no character outside the
// alphabet, no bits left over. Of two texts for the same bytes only one is taken.
//
//   std::optional<std::string> bytes = DecodeBase64Url("Zm9v");   // "foo"
//
// A pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dramatis {

std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace dramatis
