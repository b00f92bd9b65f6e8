// What every kind of source shares: how often it is looked at, and which texts a biography can be.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace dramatis::persona {

inline constexpr absl::Duration kSourceCheckInterval = absl::Seconds(5);
inline constexpr size_t kMostSourceBytes = 1 << 20;

// PERSONA_SOURCE_UNAVAILABLE; it leaves the process without its message.
absl::Status SourceUnavailable(const std::string& why);
// What that error's message begins with.
inline constexpr char kSourceUnavailable[] = "the persona's source cannot be used: ";

// That error where `text` is not UTF-8 of 1 to 200,000 code points.
absl::Status CheckSourceText(const std::string& text);

// Of `s3://bucket/key`; both empty where it is none.
struct ObjectUri {
  std::string bucket;
  std::string key;
};
ObjectUri SplitObjectUri(const std::string& uri);

}  // namespace dramatis::persona
