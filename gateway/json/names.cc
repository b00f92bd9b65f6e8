#include "gateway/json/names.h"

#include <vector>

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
char ToLower(char c) {
  return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
char ToUpper(char c) {
  return IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

// `PersonaType` as `PERSONA_TYPE_`.
std::string EnumPrefix(const EnumDescriptor& type) {
  std::string prefix;
  const std::string& name = type.name();
  for (size_t i = 0; i < name.size(); ++i) {
    const bool word = i > 0 && IsUpper(name[i]) &&
                      (!IsUpper(name[i - 1]) || (i + 1 < name.size() && IsLower(name[i + 1])));
    if (word) prefix += '_';
    prefix += ToUpper(name[i]);
  }
  return prefix + '_';
}

}  // namespace

Names NamesOf(const options::v1::MethodRule& rule) {
  return rule.json_names() == options::v1::JSON_NAMES_SNAKE_CASE ? Names::kSnake : Names::kCamel;
}

const std::string& FieldName(const FieldDescriptor& field, Names names) {
  return names == Names::kSnake ? field.name() : field.json_name();
}

const FieldDescriptor* FindField(const Descriptor& message, std::string_view name) {
  const std::string key(name);
  if (const FieldDescriptor* field = message.FindFieldByName(key)) return field;
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->json_name() == key) return message.field(i);
  }
  return nullptr;
}

bool IsFieldPath(const Descriptor& message, std::string_view path) {
  const Descriptor* at = &message;
  while (!path.empty() && at != nullptr) {
    const std::string_view segment = path.substr(0, path.find('.'));
    const FieldDescriptor* field = FindField(*at, segment.substr(0, segment.find('[')));
    if (field == nullptr) return false;
    if (segment.size() == path.size()) return true;
    path.remove_prefix(segment.size() + 1);
    at = field->is_map() ? nullptr : field->message_type();
  }
  return false;
}

std::string RespellPath(const Descriptor& message,
                        std::string_view path,
                        Names names,
                        const GivenKeys& given) {
  std::string out;
  std::string place;  // in the proto's names
  const Descriptor* at = &message;
  while (!path.empty()) {
    const size_t end = path.find('.');
    const std::string_view segment = path.substr(0, end);
    const std::string_view name = segment.substr(0, segment.find('['));
    const FieldDescriptor* field = at != nullptr ? FindField(*at, name) : nullptr;
    if (!out.empty()) out += '.';
    if (!place.empty()) place += '.';
    place += field != nullptr ? field->name() : std::string(name);
    if (field == nullptr) {
      out += name;
    } else {
      const auto own = given.find(place);
      out += own != given.end() ? own->second : FieldName(*field, names);
    }
    out += segment.substr(name.size());
    at = field != nullptr && !field->is_map() ? field->message_type() : nullptr;
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return out;
}

std::string CamelCase(std::string_view snake) {
  std::string out;
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper ? ToUpper(c) : c;
    upper = false;
  }
  return out;
}

std::string SnakeCase(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (IsUpper(c)) out += '_';
    out += ToLower(c);
  }
  return out;
}

std::string EnumText(const EnumValueDescriptor& value) {
  std::string_view name = value.name();
  const std::string prefix = EnumPrefix(*value.type());
  if (name.size() > prefix.size() && name.starts_with(prefix)) {
    name.remove_prefix(prefix.size());
  }
  std::string text(name);
  for (char& c : text)
    c = ToLower(c);
  return text;
}

bool IsUnspecified(const EnumValueDescriptor& value) {
  return value.number() == 0 && EnumText(value) == "unspecified";
}

const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type, std::string_view text) {
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (EnumText(*value) == text) return IsUnspecified(*value) ? nullptr : value;
  }
  return nullptr;
}

std::string EnumChoices(const EnumDescriptor& type) {
  std::vector<std::string> texts;
  for (int i = 0; i < type.value_count(); ++i) {
    if (!IsUnspecified(*type.value(i))) texts.push_back(EnumText(*type.value(i)));
  }
  std::string out;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += i + 1 == texts.size() ? " or " : ", ";
    out += texts[i];
  }
  return out;
}

}  // namespace dramatis::gateway
