// JSON as a verifier must read it: RFC 8259, and an object that has a member twice is refused,
// since two readers could take different ones.
//
//   std::optional<boost::json::object> header = ParseStrictObject(text);
//
// Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

namespace dramatis {

// nullopt where the text is no object, has a member twice at any depth, or nests deeper than 16.
std::optional<boost::json::object> ParseStrictObject(std::string_view text);

// The member as text, or nullptr where it is absent or no text.
const boost::json::string* TextMember(const boost::json::object& object, std::string_view name);

}  // namespace dramatis
