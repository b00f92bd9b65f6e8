// What the load programs are told, and read of an answer's head. An example:
//
//   Options options;
//   if (!ReadArguments({argv + 1, argv + argc},
//                      {{"--path", Text(options.path)}, {"--rate", Number(options.rate)}})) ...
#pragma once

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace dramatis::bench {

// Takes an argument's value; false where it is none.
using Argument = std::function<bool(std::string_view)>;

// Reads the whole of a text; false, with `number` as it was, where that is no number of its type.
template <class Type>
bool ReadNumber(std::string_view text, Type& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end;
}

// The number that a text begins with, blanks left out; 0 where there is none.
template <class Type>
Type LeadingNumber(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ')));
  Type number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

template <class Type>
Argument Number(Type& number) {
  return [&number](std::string_view value) { return ReadNumber(value, number); };
}

inline Argument Text(std::string& text) {
  return [&text](std::string_view value) {
    text = value;
    return true;
  };
}

// Of an argument that may be given more than once.
inline Argument Texts(std::vector<std::string>& texts) {
  return [&texts](std::string_view value) {
    texts.emplace_back(value);
    return true;
  };
}

// Takes names and values in turns; false where a name is unknown or a value is none.
inline bool ReadArguments(const std::vector<std::string>& arguments,
                          const std::map<std::string, Argument>& known) {
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const auto argument = known.find(arguments[i]);
    if (argument == known.end() || i + 1 == arguments.size()) return false;
    if (!argument->second(arguments[i + 1])) return false;
  }
  return true;
}

}  // namespace dramatis::bench
