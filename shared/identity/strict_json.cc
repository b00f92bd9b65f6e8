#include "shared/identity/strict_json.h"

#include <exception>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

namespace dramatis {
namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;

constexpr size_t kDeepest = 16;

// Counts the members of all objects, with those that are named twice. The names and signatures are
// Boost.JSON's Handler requirements.
class MemberCounter {
 public:
  // NOLINTBEGIN(readability-identifier-naming)
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);
  // NOLINTEND(readability-identifier-naming)

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) { return true; }
  bool on_object_end(size_t members, ErrorCode&) {
    members_ += members;
    return true;
  }
  bool on_array_begin(ErrorCode&) { return true; }
  bool on_array_end(size_t, ErrorCode&) { return true; }
  bool on_key_part(json::string_view, size_t, ErrorCode&) { return true; }
  bool on_key(json::string_view, size_t, ErrorCode&) { return true; }
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

  size_t members() const { return members_; }

 private:
  size_t members_ = 0;
};

json::parse_options Options() {
  json::parse_options options;
  options.max_depth = kDeepest;
  return options;
}

// How many members its objects have, each name once.
size_t MembersOf(const json::value& value) {
  size_t members = 0;
  if (const json::object* const object = value.if_object()) {
    members = object->size();
    for (const json::key_value_pair& member : *object)
      members += MembersOf(member.value());
  } else if (const json::array* const array = value.if_array()) {
    for (const json::value& item : *array)
      members += MembersOf(item);
  }
  return members;
}

// Whether the text, which was parsed to `value`, names a member of an object twice: of those the
// parser keeps one.
bool HasDuplicates(std::string_view text, const json::value& value) {
  json::basic_parser<MemberCounter> parser(Options());
  ErrorCode error;
  const size_t used = parser.write_some(false, text.data(), text.size(), error);
  return error.failed() || used != text.size() || parser.handler().members() != MembersOf(value);
}

}  // namespace

std::optional<json::object> ParseStrictObject(std::string_view text, json::storage_ptr storage) {
  try {
    ErrorCode error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error,
                                    std::move(storage), Options());
    if (error.failed() || !value.is_object() || HasDuplicates(text, value)) return std::nullopt;
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
