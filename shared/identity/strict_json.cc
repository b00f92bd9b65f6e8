#include "shared/identity/strict_json.h"

#include <exception>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

namespace dramatis {
namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;

constexpr size_t kDeepest = 16;

// Builds the value as Boost.JSON's own parser does, and counts the members of all objects, with
// those that are named twice. The names and signatures are Boost.JSON's Handler requirements.
class CountingBuilder {
 public:
  // NOLINTBEGIN(readability-identifier-naming)
  static constexpr size_t max_object_size = json::object::max_size();
  static constexpr size_t max_array_size = json::array::max_size();
  static constexpr size_t max_key_size = json::string::max_size();
  static constexpr size_t max_string_size = json::string::max_size();
  // NOLINTEND(readability-identifier-naming)

  explicit CountingBuilder(json::storage_ptr storage) : values_({}, first_, sizeof(first_)) {
    values_.reset(std::move(storage));
  }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) { return true; }
  bool on_object_end(size_t members, ErrorCode&) {
    members_ += members;
    values_.push_object(members);
    return true;
  }
  bool on_array_begin(ErrorCode&) { return true; }
  bool on_array_end(size_t items, ErrorCode&) {
    values_.push_array(items);
    return true;
  }
  bool on_key_part(json::string_view part, size_t, ErrorCode&) {
    values_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view end, size_t, ErrorCode&) {
    values_.push_key(end);
    return true;
  }
  bool on_string_part(json::string_view part, size_t, ErrorCode&) {
    values_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view end, size_t, ErrorCode&) {
    values_.push_string(end);
    return true;
  }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(int64_t number, json::string_view, ErrorCode&) {
    values_.push_int64(number);
    return true;
  }
  bool on_uint64(uint64_t number, json::string_view, ErrorCode&) {
    values_.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view, ErrorCode&) {
    values_.push_double(number);
    return true;
  }
  bool on_bool(bool value, ErrorCode&) {
    values_.push_bool(value);
    return true;
  }
  bool on_null(ErrorCode&) {
    values_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }

  // Once the document is whole.
  json::value Release() { return values_.release(); }
  // Written, in all objects.
  size_t members() const { return members_; }

 private:
  unsigned char first_[1024];
  json::value_stack values_;
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

}  // namespace

std::optional<json::object> ParseStrictObject(std::string_view text, json::storage_ptr storage) {
  try {
    json::basic_parser<CountingBuilder> parser(Options(), std::move(storage));
    ErrorCode error;
    const size_t used = parser.write_some(false, text.data(), text.size(), error);
    if (error.failed() || used != text.size()) return std::nullopt;
    json::value value = parser.handler().Release();
    // Of members with the same name the object keeps one.
    if (!value.is_object() || parser.handler().members() != MembersOf(value)) return std::nullopt;
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
