// The items of a JSON text that is too large to be read at once: the elements of its array, or its
// lines. What is kept is one item, at most kMostItemBytes of it.
//
//   JsonItems items(JsonItems::Kind::kArray, [](const JsonItem& item) {...});
//   items.Add(piece); ...; items.End();
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace dramatis {

inline constexpr size_t kMostItemBytes = size_t{16} << 20;

struct JsonItem {
  std::string_view text;   // empty where it is too large, or an array's item that is no object
  bool too_large = false;  // more than kMostItemBytes
};

// Not thread-safe.
class JsonItems {
 public:
  enum class Kind { kArray, kLines };
  // Takes the next item. An error ends the reading.
  using Taker = std::function<absl::Status(const JsonItem&)>;

  JsonItems(Kind kind, Taker taker) : kind_(kind), taker_(std::move(taker)) {}

  // INVALID_ARGUMENT, for people, where the text is no array; the taker's errors.
  absl::Status Add(std::string_view bytes);
  // INVALID_ARGUMENT where the array has no end.
  absl::Status End();

 private:
  absl::Status AddToArray(std::string_view bytes);
  absl::Status AddLines(std::string_view bytes);
  // Goes past a byte that is outside of every item; false where an array has none such there.
  bool PassOutside(char c);
  // Goes past a byte of an item; true where it is its last.
  bool EndsItem(char c);
  // Goes past a byte of an item that is no object; false where it has ended before.
  bool IsOfOther(char c);
  void Keep(std::string_view bytes);
  absl::Status Emit();

  const Kind kind_;
  const Taker taker_;
  std::string item_;
  bool too_large_ = false;
  enum class Place { kBegin, kBetween, kItem, kOther, kEnd } place_ = Place::kBegin;
  int depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
};

}  // namespace dramatis
