// The token of an `Authorization` header (RFC 6750, section 2.1).
//
//   std::optional<std::string_view> token = BearerToken("Bearer abc");   // "abc"
//
// A pure function.
#pragma once

#include <optional>
#include <string_view>

namespace dramatis {

inline constexpr std::string_view kBearerScheme = "Bearer ";

// nullopt for another scheme; schemes are read without regard to case (RFC 9110, section 11.1).
// What it returns points into `authorization`.
std::optional<std::string_view> BearerToken(std::string_view authorization);

}  // namespace dramatis
