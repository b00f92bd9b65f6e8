#include "gateway/routing/given_keys.h"

#include <algorithm>
#include <optional>
#include <string>

#include "gateway/json/check.h"
#include "shared/http/percent.h"

namespace dramatis::gateway {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

GivenKeys KeysOfBody(std::string_view body, const Descriptor& message) {
  GivenKeys keys;
  if (!body.empty()) CheckJson(body, message, {}, &keys).status().IgnoreError();
  return keys;
}

GivenKeys KeysOfQuery(std::string_view query, const Descriptor& message) {
  GivenKeys keys;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::optional<std::string> path = PercentDecode(pair.substr(0, pair.find('=')), true);
    std::string_view rest = path.has_value() ? std::string_view(*path) : std::string_view();
    std::string place;
    const Descriptor* at = &message;
    while (!rest.empty() && at != nullptr) {
      const std::string_view name = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      const FieldDescriptor* field = FindField(*at, name);
      if (field == nullptr) break;
      if (!place.empty()) place += '.';
      place += field->name();
      keys.emplace(place, name);
      at = field->message_type();
    }
  }
  return keys;
}

}  // namespace dramatis::gateway
