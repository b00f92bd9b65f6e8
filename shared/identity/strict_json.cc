#include "shared/identity/strict_json.h"

#include <exception>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

namespace dramatis {
namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;

constexpr size_t kDeepest = 16;

// Stops at the first member that its object has already. The names and signatures are Boost.JSON's
// Handler requirements.
class DuplicateFinder {
 public:
  // NOLINTBEGIN(readability-identifier-naming)
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);
  // NOLINTEND(readability-identifier-naming)

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) {
    open_.emplace_back();
    return true;
  }
  bool on_object_end(size_t, ErrorCode&) {
    open_.pop_back();
    return true;
  }
  bool on_array_begin(ErrorCode&) { return true; }
  bool on_array_end(size_t, ErrorCode&) { return true; }
  bool on_key_part(json::string_view part, size_t, ErrorCode&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, size_t, ErrorCode& error) {
    key_.append(part.data(), part.size());
    if (!open_.back().insert(std::exchange(key_, {})).second) {
      error = json::make_error_code(json::error::syntax);
      return false;
    }
    return true;
  }
  bool on_string_part(json::string_view, size_t, ErrorCode&) { return true; }
  bool on_string(json::string_view, size_t, ErrorCode&) { return true; }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(int64_t, json::string_view, ErrorCode&) { return true; }
  bool on_uint64(uint64_t, json::string_view, ErrorCode&) { return true; }
  bool on_double(double, json::string_view, ErrorCode&) { return true; }
  bool on_bool(bool, ErrorCode&) { return true; }
  bool on_null(ErrorCode&) { return true; }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string key_;
};

json::parse_options Options() {
  json::parse_options options;
  options.max_depth = kDeepest;
  return options;
}

bool HasDuplicates(std::string_view text) {
  json::basic_parser<DuplicateFinder> parser(Options());
  ErrorCode error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  return error.failed() || used != text.size();
}

}  // namespace

std::optional<json::object> ParseStrictObject(std::string_view text) {
  try {
    if (HasDuplicates(text)) return std::nullopt;
    ErrorCode error;
    json::value value =
        json::parse(json::string_view(text.data(), text.size()), error, {}, Options());
    if (error.failed() || !value.is_object()) return std::nullopt;
    return std::move(value).as_object();
  } catch (const std::exception&) {
    return std::nullopt;  // out of memory
  }
}

const json::string* TextMember(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(json::string_view(name.data(), name.size()));
  return value == nullptr ? nullptr : value->if_string();
}

}  // namespace dramatis
