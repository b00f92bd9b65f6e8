// Reads JSON as liberally as a stream of strangers needs: bytes that are no UTF-8, half a surrogate
// pair in an escape and control characters within a text spoil what they stand in, never the rest.
// Texts come out as WTF-8: TextJoiner makes UTF-8 of them. Pure function.
#pragma once

#include <optional>
#include <string_view>

#include <boost/json.hpp>

namespace dramatis::inference {

// nullopt where `text` is not JSON even so. The value lives in `storage`.
std::optional<boost::json::value> ParseLooseJson(std::string_view text,
                                                 const boost::json::storage_ptr& storage);

}  // namespace dramatis::inference
