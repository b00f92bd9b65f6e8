// JSON as a verifier must read it: RFC 8259, and an object that has a member twice is refused,
// since two readers could take different ones.
//
//   std::optional<boost::json::object> header = ParseStrictObject(text);
//
// Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>

namespace dramatis {

// nullopt where the text is no object, has a member twice at any depth, or nests deeper than 16.
// What it holds is kept in `storage`, which outlives it.
std::optional<boost::json::object> ParseStrictObject(std::string_view text,
                                                     boost::json::storage_ptr storage = {});

// The member as text, or nullptr where it is absent or no text.
const boost::json::string* TextMember(const boost::json::object& object, std::string_view name);

// Memory for what is parsed and let go of again: first on the stack.
class ParseMemory {
 public:
  boost::json::storage_ptr storage() { return &resource_; }

 private:
  unsigned char first_[4096];
  boost::json::monotonic_resource resource_{first_, sizeof(first_)};
};

}  // namespace dramatis
