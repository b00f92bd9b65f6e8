#include "gateway/json/writer.h"

#include <forward_list>
#include <map>
#include <utility>

#include <re2/re2.h>

#include "dramatis/options/v1/options.pb.h"

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/scalars.h"
#include "gateway/json/text.h"
#include "google/protobuf/util/json_util.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Type = FieldDescriptor::Type;

// One value as it stands on the wire.
struct WireValue {
  uint64_t number = 0;
  std::string_view bytes;
};

std::unordered_map<int, std::string> EnumeratorsOf(const EnumDescriptor& type) {
  std::unordered_map<int, std::string> texts;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    texts.emplace(value.number(), IsUnspecified(value) ? "" : "\"" + EnumText(value) + "\"");
  }
  return texts;
}

}  // namespace

// Writes one message: first finds where each field stands, then prints in the proto's order.
class JsonMessageWriter {
 public:
  JsonMessageWriter(const JsonWriter& writer, const JsonPlan& plan, Names names, std::string& out)
      : writer_(writer), plan_(plan), names_(names), out_(out), found_(plan.fields.size()) {}

  bool Scan(std::string_view wire) {
    WireReader reader(wire);
    std::string_view from = wire;
    while (reader.Next()) {
      const int at = static_cast<size_t>(reader.number()) < plan_.index.size()
                         ? plan_.index[static_cast<size_t>(reader.number())]
                         : -1;
      if (at >= 0) Note(static_cast<size_t>(at), reader, from);
      from = reader.rest();
    }
    return reader.ok() && ok_;
  }

  bool Print() {
    out_ += '{';
    size_t comma = 1;  // none before the first
    for (size_t i = 0; i < found_.size(); ++i) {
      const JsonFieldPlan& field = plan_.fields[i];
      if (!Shown(field, found_[i])) continue;
      const std::string_view name = names_ == Names::kSnake ? field.snake : field.camel;
      out_ += name.substr(std::exchange(comma, 0));
      if (!PrintField(field, found_[i])) return false;
    }
    out_ += '}';
    return true;
  }

  // Of a map's entry: its key as a JSON string, and its value.
  std::string EntryKey() const {
    const JsonFieldPlan& key = plan_.fields[0];
    std::string text;
    if (key.type == Type::TYPE_STRING) {
      AppendJsonString(text, found_[0].value.bytes);
      return text;
    }
    AppendJsonScalar(text, key.type, found_[0].value.number);
    return text[0] == '"' ? text : "\"" + text + "\"";
  }
  bool PrintEntryValue() {
    const JsonFieldPlan& value = plan_.fields[1];
    if (value.type == Type::TYPE_ENUM) return PrintEnumerator(value, found_[1].value.number, true);
    return PrintValue(value, found_[1].value);
  }

 private:
  struct Found {
    bool seen = false;
    WireValue value;
    std::string_view from;  // repeated: from the first one on
  };

  void Note(size_t at, const WireReader& reader, std::string_view from) {
    const JsonFieldPlan& field = plan_.fields[at];
    Found& found = found_[at];
    if (field.repeated) {
      if (!found.seen) found.from = from;
      found.seen = true;
      return;
    }
    if (reader.type() != WireTypeOf(field.type)) {
      ok_ = false;
      return;
    }
    if (found.seen && field.message != nullptr) {
      // Messages of a field that comes twice are merged, which joining their bytes does.
      merged_.push_front(absl::StrCat(std::string(found.value.bytes), std::string(reader.bytes())));
      found.value.bytes = merged_.front();
      return;
    }
    if (const auto* oneof = plan_.descriptor->field(static_cast<int>(at))->containing_oneof()) {
      // The last one counts.
      for (int i = 0; i < oneof->field_count(); ++i) {
        found_[static_cast<size_t>(oneof->field(i)->index())].seen = false;
      }
    }
    found.seen = true;
    found.value.number = reader.type() == WireType::kLength ? 0 : reader.value();
    found.value.bytes = reader.type() == WireType::kLength ? reader.bytes() : std::string_view();
  }

  static bool Shown(const JsonFieldPlan& field, const Found& found) {
    if (field.repeated) return true;
    if (field.presence && !found.seen) return false;
    if (field.needs_text && found.value.bytes.empty()) return false;
    if (field.type != Type::TYPE_ENUM) return true;
    const auto known = field.enumerators.find(static_cast<int>(found.value.number));
    return known == field.enumerators.end() || !known->second.empty();
  }

  bool PrintField(const JsonFieldPlan& field, const Found& found) {
    if (!field.repeated) return PrintValue(field, found.value);
    if (field.map) return PrintMap(field, found);
    out_ += '[';
    if (found.seen && !PrintItems(field, found.from)) return false;
    out_ += ']';
    return true;
  }

  // In order of the keys: on the wire they have none, and equal answers should be equal. Of entries
  // with one key the last counts.
  bool PrintMap(const JsonFieldPlan& field, const Found& found) {
    std::map<std::string, std::string> entries;
    WireReader reader(found.seen ? found.from : std::string_view());
    while (reader.Next()) {
      if (reader.number() != field.number) continue;
      if (reader.type() != WireType::kLength) return false;
      std::string value;
      JsonMessageWriter entry(writer_, *field.message, names_, value);
      if (!entry.Scan(reader.bytes()) || !entry.PrintEntryValue()) return false;
      entries[entry.EntryKey()] = std::move(value);
    }
    out_ += '{';
    bool first = true;
    for (const auto& [key, value] : entries) {
      if (!std::exchange(first, false)) out_ += ',';
      out_ += key;
      out_ += ':';
      out_ += value;
    }
    out_ += '}';
    return reader.ok();
  }

  bool PrintItems(const JsonFieldPlan& field, std::string_view from) {
    bool first = true;
    WireReader reader(from);
    while (reader.Next()) {
      if (reader.number() != field.number) continue;
      const bool packed =
          reader.type() == WireType::kLength && WireTypeOf(field.type) != WireType::kLength;
      if (packed) {
        if (!PrintPacked(field, reader.bytes(), first)) return false;
        continue;
      }
      if (reader.type() != WireTypeOf(field.type)) return false;
      if (!first) out_ += ',';
      first = false;
      const WireValue value = reader.type() == WireType::kLength ? WireValue{0, reader.bytes()}
                                                                 : WireValue{reader.value(), {}};
      if (!PrintItem(field, value)) return false;
    }
    return reader.ok();
  }

  bool PrintPacked(const JsonFieldPlan& field, std::string_view bytes, bool& first) {
    const WireType type = WireTypeOf(field.type);
    while (!bytes.empty()) {
      WireValue value;
      const bool taken =
          type == WireType::kVarint
              ? WireReader::TakeVarint(bytes, value.number)
              : WireReader::TakeFixed(bytes, type == WireType::kFixed32 ? 4 : 8, value.number);
      if (!taken) return false;
      if (!first) out_ += ',';
      first = false;
      if (!PrintItem(field, value)) return false;
    }
    return true;
  }

  bool PrintItem(const JsonFieldPlan& field, const WireValue& value) {
    if (field.type == Type::TYPE_ENUM) return PrintEnumerator(field, value.number, true);
    return PrintValue(field, value);
  }

  bool PrintValue(const JsonFieldPlan& field, const WireValue& value) {
    switch (field.type) {
      case Type::TYPE_STRING:
        AppendJsonString(out_, value.bytes);
        return true;
      case Type::TYPE_BYTES:
        AppendJsonBytes(out_, value.bytes);
        return true;
      case Type::TYPE_MESSAGE:
        return writer_.WriteMessage(*field.message, names_, value.bytes, out_);
      case Type::TYPE_ENUM:
        return PrintEnumerator(field, value.number, false);
      default:
        AppendJsonScalar(out_, field.type, value.number);
        return true;
    }
  }

  // In lists and maps even "not said" must be printed: the place is there.
  bool PrintEnumerator(const JsonFieldPlan& field, uint64_t wire, bool unspecified) {
    const auto number = static_cast<int32_t>(wire);
    const auto known = field.enumerators.find(number);
    if (known == field.enumerators.end()) {
      AppendJsonInteger(out_, number);
    } else {
      out_ += known->second.empty() && unspecified ? "\"unspecified\"" : known->second;
    }
    return true;
  }

  const JsonWriter& writer_;
  const JsonPlan& plan_;
  const Names names_;
  std::string& out_;
  absl::InlinedVector<Found, 24> found_;
  std::forward_list<std::string> merged_;  // what found_ points to must not move
  bool ok_ = true;
};

bool LeftOutWhenEmpty(const FieldDescriptor& field) {
  if (field.type() != Type::TYPE_STRING || field.is_repeated() || field.has_presence())
    return false;
  if (field.containing_type()->options().map_entry()) return false;
  const options::v1::FieldRule& rule = field.options().GetExtension(options::v1::rule);
  if (rule.empty_is_unset() || (rule.min_length() > 0 && !rule.required())) return true;
  return !rule.pattern().empty() && !RE2::FullMatch("", rule.pattern());
}

const JsonPlan* JsonWriter::Plan(const Descriptor& message) {
  std::unique_ptr<JsonPlan>& slot = plans_[&message];
  if (slot != nullptr) return slot.get();
  slot = std::make_unique<JsonPlan>();
  JsonPlan& plan = *slot;  // filled below: a type may hold itself
  plan.descriptor = &message;
  plan.shape = ShapeOf(message);
  if (plan.shape != JsonShape::kMessage) return &plan;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    JsonFieldPlan entry;
    entry.number = field.number();
    entry.type = field.type();
    entry.repeated = field.is_repeated();
    entry.map = field.is_map();
    entry.presence = field.has_presence();
    entry.needs_text = LeftOutWhenEmpty(field);
    entry.camel = absl::StrCat(",\"", field.json_name(), "\":");
    entry.snake = absl::StrCat(",\"", field.name(), "\":");
    if (field.enum_type() != nullptr) entry.enumerators = EnumeratorsOf(*field.enum_type());
    if (field.message_type() != nullptr) entry.message = Plan(*field.message_type());
    const auto number = static_cast<size_t>(entry.number);
    if (plan.index.size() <= number) plan.index.resize(number + 1, -1);
    plan.index[number] = i;
    plan.fields.push_back(std::move(entry));
  }
  return &plan;
}

bool JsonWriter::Write(const JsonPlan& plan,
                       Names names,
                       std::string_view wire,
                       std::string& out) const {
  return WriteMessage(plan, names, wire, out);
}

bool JsonWriter::WriteMessage(const JsonPlan& plan,
                              Names names,
                              std::string_view wire,
                              std::string& out) const {
  switch (plan.shape) {
    case JsonShape::kTimestamp:
      return AppendJsonTimestamp(out, wire);
    case JsonShape::kFieldMask:
      return AppendJsonFieldMask(out, wire);
    case JsonShape::kObject:
    case JsonShape::kList:
    case JsonShape::kValue:
    case JsonShape::kOther:
      return WriteByLibrary(plan, wire, out);
    case JsonShape::kMessage:
      break;
  }
  JsonMessageWriter writer(*this, plan, names, out);
  return writer.Scan(wire) && writer.Print();
}

bool JsonWriter::WriteByLibrary(const JsonPlan& plan,
                                std::string_view wire,
                                std::string& out) const {
  std::string text;
  const auto status = google::protobuf::util::BinaryToJsonString(
      &types_.resolver(), JsonTypes::Url(*plan.descriptor), std::string(wire), &text);
  if (!status.ok()) return false;
  out += text;
  return true;
}

}  // namespace dramatis::gateway
