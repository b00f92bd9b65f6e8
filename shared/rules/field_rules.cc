#include "shared/rules/field_rules.h"

#include <cmath>
#include <optional>
#include <set>
#include <string_view>

#include "google/protobuf/field_mask.pb.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/util/json_util.h"
#include "shared/rules/rule_plan.h"
#include "shared/status/errors.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

using ::dramatis::options::v1::FieldRule;
using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FieldMask;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

// What an update names. Paths are relative to the resource.
class UpdatedFields {
 public:
  explicit UpdatedFields(const FieldMask& mask)
      : paths_(mask.paths().begin(), mask.paths().end()) {}

  // Whether `required` is to be checked for the field at `path`. With no mask at all, every field
  // that is set counts as named.
  bool Names(const std::string& path, bool is_set) const {
    if (paths_.empty()) return is_set;
    for (const std::string& named : paths_) {
      if (named == path || absl::StartsWith(path, named + ".")) return true;
    }
    return false;
  }

 private:
  const std::vector<std::string> paths_;
};

std::string Range(const std::string& least, const std::string& most, const std::string& unit) {
  if (least.empty()) return absl::StrCat("must have at most ", most, unit);
  if (most.empty()) return absl::StrCat("must have at least ", least, unit);
  return absl::StrCat("must have ", least, " to ", most, unit);
}

std::string NumberRange(const FieldRule& rule) {
  if (!rule.has_min()) return absl::StrCat("must be at most ", rule.max());
  if (!rule.has_max()) return absl::StrCat("must be at least ", rule.min());
  return absl::StrCat("must be from ", rule.min(), " to ", rule.max());
}

// Bytes of the field's value in JSON; nullopt where JSON cannot say it.
std::optional<size_t> JsonBytes(const Message& message, const FieldDescriptor* field) {
  namespace util = google::protobuf::util;
  std::string json;
  if (!field->is_repeated() && field->message_type() != nullptr) {
    const Message& value = message.GetReflection()->GetMessage(message, field);
    if (!util::MessageToJsonString(value, &json).ok()) return std::nullopt;
    return json.size();
  }
  const std::unique_ptr<Message> alone(message.New());
  FieldMask mask;
  mask.add_paths(field->name());
  util::FieldMaskUtil::MergeMessageTo(message, mask, util::FieldMaskUtil::MergeOptions(),
                                      alone.get());
  if (!util::MessageToJsonString(*alone, &json).ok()) return std::nullopt;
  const size_t around = std::string_view("{\"\":}").size() + field->json_name().size();
  return json.size() - around;
}

class Checker {
 public:
  void CheckRequest(const Message& request) {
    const RulePlan& plan = PlanOf(*request.GetDescriptor());
    std::optional<UpdatedFields> updated;
    if (plan.update_mask != nullptr) {
      const auto& mask = static_cast<const FieldMask&>(
          request.GetReflection()->GetMessage(request, plan.update_mask));
      CheckMask(mask, *plan.resource->message_type());
      updated.emplace(mask);
      resource_ = plan.resource;
      updated_ = &*updated;
    }
    CheckMessage(request, plan, "", "", /*in_resource=*/false);
    updated_ = nullptr;
  }

  const std::vector<FieldViolation>& violations() const { return violations_; }

 private:
  void Add(const std::string& path, std::string description) {
    violations_.push_back({path, std::move(description)});
  }

  void CheckMask(const FieldMask& mask, const Descriptor& type) {
    constexpr size_t kLongestShown = 100;
    for (const std::string& path : mask.paths()) {
      if (IsPath(path, type)) continue;
      const std::string shown(IsValidUtf8(path) ? FirstCodePoints(path, kLongestShown) : "");
      Add("update_mask", absl::StrCat("names an unknown field: ", shown));
    }
  }

  static bool IsPath(const std::string& path, const Descriptor& type) {
    const Descriptor* message = &type;
    const std::vector<std::string> names = absl::StrSplit(path, '.');
    for (const std::string& name : names) {
      const FieldDescriptor* field = message == nullptr ? nullptr : message->FindFieldByName(name);
      if (field == nullptr) return false;
      message = field->is_repeated() || IsLeafMessage(*field) ? nullptr : field->message_type();
    }
    return true;
  }

  // `path` is from the request, `resource_path` from the resource of an update.
  void CheckMessage(const Message& message,
                    const RulePlan& plan,
                    const std::string& path,
                    const std::string& resource_path,
                    bool in_resource) {
    const Reflection& reflection = *message.GetReflection();
    for (const FieldRulePlan& field : plan.fields) {
      const bool is_set = field.field->is_repeated()
                              ? reflection.FieldSize(message, field.field) > 0
                              : reflection.HasField(message, field.field);
      const FieldRule& rule = field.limits.rule;
      if (!is_set && !rule.required() && !(in_resource && rule.immutable())) continue;
      const std::string field_path = Join(path, field.field->name());
      const std::string sub_path =
          in_resource ? Join(resource_path, field.field->name()) : std::string();
      const bool named = !in_resource || updated_->Names(sub_path, is_set);
      if (in_resource && named && rule.immutable()) {
        Add(field_path, "may only be set at creation");
        continue;
      }
      if (rule.required() && named && !Present(message, *field.field, is_set)) {
        Add(field_path, "is required");
        continue;
      }
      if (!is_set) continue;
      CheckField(message, field, field_path);
      if (field.sub_message == nullptr) continue;
      CheckSubMessages(message, field, field_path, sub_path,
                       in_resource || (updated_ != nullptr && field.field == resource_));
    }
  }

  void CheckSubMessages(const Message& message,
                        const FieldRulePlan& field,
                        const std::string& path,
                        const std::string& resource_path,
                        bool in_resource) {
    const Reflection& reflection = *message.GetReflection();
    if (!field.field->is_repeated()) {
      return CheckMessage(reflection.GetMessage(message, field.field), *field.sub_message, path,
                          resource_path, in_resource);
    }
    // Items of lists are written as a whole: every rule applies.
    for (int i = 0; i < reflection.FieldSize(message, field.field); ++i) {
      CheckMessage(reflection.GetRepeatedMessage(message, field.field, i), *field.sub_message,
                   field.field->is_map() ? path : absl::StrCat(path, "[", i, "]"), "",
                   /*in_resource=*/false);
    }
  }

  static std::string Join(const std::string& path, const std::string& name) {
    return path.empty() ? name : absl::StrCat(path, ".", name);
  }

  // Whether a required field holds something.
  static bool Present(const Message& message, const FieldDescriptor& field, bool is_set) {
    if (!is_set || field.is_repeated()) return is_set;
    const Reflection& reflection = *message.GetReflection();
    if (field.type() == FieldDescriptor::TYPE_STRING) {
      std::string scratch;
      const std::string& text = reflection.GetStringReference(message, &field, &scratch);
      return !IsValidUtf8(text) || !TrimSpace(text).empty();
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      return reflection.GetEnumValue(message, &field) != 0;
    }
    return true;
  }

  void CheckField(const Message& message, const FieldRulePlan& plan, const std::string& path) {
    const FieldDescriptor& field = *plan.field;
    const FieldRule& rule = plan.limits.rule;
    if (field.is_repeated()) {
      CheckList(message, plan, path);
    } else {
      CheckValue(message, field, /*index=*/-1, plan.limits, path);
    }
    if (rule.max_bytes() > 0 &&
        (field.is_repeated() || field.cpp_type() != FieldDescriptor::CPPTYPE_STRING)) {
      const std::optional<size_t> bytes = JsonBytes(message, &field);
      if (!bytes.has_value()) {
        Add(path, "cannot be written as JSON");
      } else if (*bytes > rule.max_bytes()) {
        Add(path,
            absl::StrCat("must have at most ", rule.max_bytes(), " bytes as JSON, has ", *bytes));
      }
    }
  }

  void CheckList(const Message& message, const FieldRulePlan& plan, const std::string& path) {
    const FieldDescriptor& field = *plan.field;
    const FieldRule& rule = plan.limits.rule;
    const uint32_t size = message.GetReflection()->FieldSize(message, &field);
    if (size < rule.min_items() || (rule.max_items() > 0 && size > rule.max_items())) {
      Add(path,
          absl::StrCat(Range(rule.min_items() > 0 ? absl::StrCat(rule.min_items()) : "",
                             rule.max_items() > 0 ? absl::StrCat(rule.max_items()) : "", " items"),
                       ", has ", size));
      return;
    }
    if (field.message_type() != nullptr) return;
    std::set<std::string> seen;
    for (uint32_t i = 0; i < size; ++i) {
      const int index = static_cast<int>(i);
      CheckValue(message, field, index, plan.items, absl::StrCat(path, "[", i, "]"));
      if (rule.unique() && !seen.insert(ItemText(message, field, index)).second) {
        Add(absl::StrCat(path, "[", i, "]"), "is in the list twice");
      }
    }
  }

  // An item of a list of scalars as a text that differs where the items do.
  static std::string ItemText(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      return reflection.GetRepeatedString(message, &field, index);
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      return absl::StrCat(reflection.GetRepeatedEnumValue(message, &field, index));
    }
    return absl::StrCat(Number(message, field, index).value_or(0));
  }

  // One value: an item of a list, or with index -1 the field's own.
  void CheckValue(const Message& message,
                  const FieldDescriptor& field,
                  int index,
                  const ValueRule& limits,
                  const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      std::string scratch;
      const std::string& text =
          index < 0 ? reflection.GetStringReference(message, &field, &scratch)
                    : reflection.GetRepeatedStringReference(message, &field, index, &scratch);
      CheckText(text, field, limits, path, /*is_item=*/index >= 0);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      const int number = index < 0 ? reflection.GetEnumValue(message, &field)
                                   : reflection.GetRepeatedEnumValue(message, &field, index);
      if (field.enum_type()->FindValueByNumber(number) == nullptr) {
        Add(path, "is not a known value");
      }
    } else if (limits.rule.has_min() || limits.rule.has_max()) {
      const std::optional<double> number = Number(message, field, index);
      if (!number.has_value()) return;
      if (!std::isfinite(*number) || (limits.rule.has_min() && *number < limits.rule.min()) ||
          (limits.rule.has_max() && *number > limits.rule.max())) {
        Add(path, NumberRange(limits.rule));
      }
    }
  }

  void CheckText(const std::string& text,
                 const FieldDescriptor& field,
                 const ValueRule& limits,
                 const std::string& path,
                 bool is_item) {
    const FieldRule& rule = limits.rule;
    const bool is_text = field.type() == FieldDescriptor::TYPE_STRING;
    if (is_text && !IsValidUtf8(text)) return Add(path, "must be valid UTF-8");
    if (!rule.or_value().empty() && text == rule.or_value()) return;
    if (rule.max_bytes() > 0 && text.size() > rule.max_bytes()) {
      Add(path, absl::StrCat("must have at most ", rule.max_bytes(), " bytes, has ", text.size()));
    }
    if (!is_text) return;
    if (rule.min_length() > 0 || rule.max_length() > 0) {
      const size_t length = CodePoints(TrimSpace(text));
      const bool short_of = length < rule.min_length() && (is_item || !text.empty());
      if (short_of || (rule.max_length() > 0 && length > rule.max_length())) {
        Add(path, absl::StrCat(Range(rule.min_length() > 0 ? absl::StrCat(rule.min_length()) : "",
                                     rule.max_length() > 0 ? absl::StrCat(rule.max_length()) : "",
                                     " characters"),
                               ", has ", length));
        return;
      }
    }
    if (limits.pattern != nullptr && !RE2::FullMatch(text, *limits.pattern)) {
      Add(path, absl::StrCat("must match ", rule.pattern()));
    }
  }

  static std::optional<double> Number(const Message& message,
                                      const FieldDescriptor& field,
                                      int index) {
    const Reflection& r = *message.GetReflection();
    const bool one = index < 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index);
      case FieldDescriptor::CPPTYPE_INT64:
        return static_cast<double>(one ? r.GetInt64(message, &field)
                                       : r.GetRepeatedInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_UINT32:
        return one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index);
      case FieldDescriptor::CPPTYPE_UINT64:
        return static_cast<double>(one ? r.GetUInt64(message, &field)
                                       : r.GetRepeatedUInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return one ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return one ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, index);
      default:
        return std::nullopt;
    }
  }

  const FieldDescriptor* resource_ = nullptr;
  const UpdatedFields* updated_ = nullptr;
  std::vector<FieldViolation> violations_;
};

}  // namespace

absl::Status CheckFieldRules(const Message& request) {
  Checker checker;
  checker.CheckRequest(request);
  return checker.violations().empty() ? absl::OkStatus() : FieldErrors(checker.violations());
}

}  // namespace dramatis
