// What a provider says of a failure, in the shapes that servers of OpenAI's format use, and what
// follows from it. Pure functions.
//
//   Refusal refusal = ReadRefusal(404, body);       // {404, "model_not_found", ..., "The model
//   ..."} const ProviderFailure::Kind kind = KindOf(refusal); logger.Warning("...", {{"detail",
//   Printable(refusal, key)}});
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "services/inference/providers/provider.h"

namespace dramatis::inference {

// Reads the body of an answer whose HTTP status is `status`. Whatever it is, the message is what of
// it may be read.
Refusal ReadRefusal(int status, std::string_view body);

// Reads the error of an event of a stream, or of a whole answer; nullopt where it tells of none.
std::optional<Refusal> FindRefusal(const boost::json::object& event);

// What has to be done about it.
ProviderFailure::Kind KindOf(const Refusal& refusal);

// As it may be logged and shown to admins: one line of printable text, at most kRefusalBytes of the
// message, without `key` and whatever else looks like one.
inline constexpr size_t kRefusalBytes = 300;
Refusal Printable(Refusal refusal, std::string_view key);

}  // namespace dramatis::inference
