#include "shared/text/imported_json.h"

#include <string>
#include <utility>

#include "shared/text/surrogates.h"

namespace dramatis {

std::optional<boost::json::object> ReadImportedObject(std::string_view text, size_t most_depth) {
  boost::json::parse_options options;
  options.max_depth = most_depth;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error) {
    const std::string mended = WithoutHalfPairs(text);
    value = boost::json::parse({mended.data(), mended.size()}, error, {}, options);
  }
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

}  // namespace dramatis
