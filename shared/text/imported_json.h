// JSON that another program wrote and somebody brings: a character card, a line of an export.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <boost/json.hpp>

namespace dramatis {

// The object that the text is; nullopt where it is none, or is nested deeper than `most_depth`.
// Programs that cut texts leave half an emoji, which becomes U+FFFD.
std::optional<boost::json::object> ReadImportedObject(std::string_view text, size_t most_depth);

}  // namespace dramatis
