#include "shared/rules/field_rules.h"

#include <optional>
#include <set>
#include <utility>

#include "google/protobuf/field_mask.pb.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/text_format.h"
#include "shared/rules/rule_plan.h"
#include "shared/rules/value_rules.h"
#include "shared/status/errors.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

using ::dramatis::options::v1::FieldRule;
using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FieldMask;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

// Where a field is: a chain on the stack, since most requests are valid and need no text of it.
struct Path {
  const Path* parent = nullptr;
  const FieldDescriptor* field = nullptr;  // null: the request itself
  int index = -1;                          // of a list's item
  bool is_resource = false;                // the resource of an update

  // From the request, or from the resource of an update.
  std::string Text(bool from_resource = false) const {
    if (field == nullptr || (from_resource && is_resource)) return "";
    std::string text = parent->Text(from_resource);
    // The fields of a map's entry stand for the map: its keys are the caller's content.
    if (field->containing_type()->options().map_entry()) return text;
    if (!text.empty()) text += '.';
    text += field->name();
    if (index >= 0) absl::StrAppend(&text, "[", index, "]");
    return text;
  }
};

// Whether a required field holds something.
bool HoldsSomething(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
  if (!reflection.HasField(message, &field)) return false;
  if (field.type() == FieldDescriptor::TYPE_STRING) {
    std::string scratch;
    const std::string& text = reflection.GetStringReference(message, &field, &scratch);
    return !IsBlank(text);
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    return reflection.GetEnumValue(message, &field) != 0;
  }
  return true;
}

// Whether `path` names a field of `type`, or of its sub-messages.
bool IsPath(const std::string& path, const Descriptor& type) {
  const Descriptor* message = &type;
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (const std::string& name : names) {
    const FieldDescriptor* field = message == nullptr ? nullptr : message->FindFieldByName(name);
    if (field == nullptr) return false;
    message = field->is_repeated() || IsLeafMessage(*field) ? nullptr : field->message_type();
  }
  return true;
}

class Checker {
 public:
  std::vector<FieldViolation> Check(const Message& request) {
    const RulePlan& plan = PlanOf(*request.GetDescriptor());
    if (plan.update_mask != nullptr) {
      mask_ = &static_cast<const FieldMask&>(
          request.GetReflection()->GetMessage(request, plan.update_mask));
      resource_ = plan.resource;
      CheckMask();
    }
    CheckMessage(request, plan, Path(), /*in_resource=*/false);
    return std::move(violations_);
  }

 private:
  void Add(const std::string& field, std::string description) {
    violations_.push_back({field, std::move(description)});
  }
  void Add(const Path& path, Problem problem) {
    if (problem.has_value()) Add(path.Text(), *std::move(problem));
  }

  void CheckMask() {
    constexpr size_t kLongestShown = 100;
    for (const std::string& path : mask_->paths()) {
      if (IsPath(path, *resource_->message_type())) continue;
      const std::string shown(IsValidUtf8(path) ? FirstCodePoints(path, kLongestShown) : "");
      Add("update_mask", absl::StrCat("names an unknown field: ", shown));
    }
  }

  // Whether the update writes the field. Without a mask, every field that is set is written.
  bool Names(const Path& path, bool is_set) const {
    if (mask_->paths().empty()) return is_set;
    const std::string text = path.Text(/*from_resource=*/true);
    for (const std::string& named : mask_->paths()) {
      if (named == text || absl::StartsWith(text, absl::StrCat(named, "."))) return true;
    }
    return false;
  }

  void CheckMessage(const Message& message,
                    const RulePlan& plan,
                    const Path& parent,
                    bool in_resource) {
    const Reflection& reflection = *message.GetReflection();
    for (const FieldRulePlan& field_plan : plan.fields) {
      const FieldDescriptor& field = *field_plan.field;
      const FieldRule& rule = field_plan.limits.rule;
      const bool is_set = field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                                              : reflection.HasField(message, &field);
      if (!is_set && !rule.required() && !rule.immutable()) continue;
      const Path path{&parent, &field, -1, resource_ == &field};
      Problem problem = PresenceProblem(message, rule, path, is_set, in_resource);
      if (problem.has_value()) {
        Add(path, std::move(problem));
      } else if (is_set) {
        CheckField(message, field_plan, path, in_resource || path.is_resource);
      }
    }
  }

  Problem PresenceProblem(const Message& message,
                          const FieldRule& rule,
                          const Path& path,
                          bool is_set,
                          bool in_resource) const {
    const bool immutable = in_resource && rule.immutable();
    if (!immutable && !rule.required()) return std::nullopt;
    if (in_resource && !Names(path, is_set)) return std::nullopt;
    if (immutable) return "may only be set at creation";
    if (HoldsSomething(message, *path.field)) return std::nullopt;
    return "is required";
  }

  void CheckField(const Message& message,
                  const FieldRulePlan& plan,
                  const Path& path,
                  bool in_resource) {
    const FieldDescriptor& field = *plan.field;
    if (field.is_repeated()) {
      CheckList(message, plan, path);
    } else if (plan.sub_message != nullptr) {
      CheckMessage(message.GetReflection()->GetMessage(message, &field), *plan.sub_message, path,
                   in_resource);
    } else {
      Add(path, ValueProblem(message, field, /*index=*/-1, plan.limits));
    }
    Add(path, JsonProblem(message, field, plan.limits.rule));
  }

  void CheckList(const Message& message, const FieldRulePlan& plan, const Path& list) {
    const FieldDescriptor& field = *plan.field;
    const int size = message.GetReflection()->FieldSize(message, &field);
    Problem problem = SizeProblem(size, plan.limits.rule);
    if (problem.has_value()) return Add(list, std::move(problem));
    std::set<std::string> seen;
    for (int i = 0; i < size; ++i) {
      const Path path{list.parent, &field, field.is_map() ? -1 : i};
      if (plan.sub_message != nullptr) {
        // Items are written as a whole: every rule applies, in updates too.
        CheckMessage(message.GetReflection()->GetRepeatedMessage(message, &field, i),
                     *plan.sub_message, path, /*in_resource=*/false);
        continue;
      }
      Add(path, ValueProblem(message, field, i, plan.items));
      if (!plan.limits.rule.unique()) continue;
      std::string text;
      google::protobuf::TextFormat::PrintFieldValueToString(message, &field, i, &text);
      if (!seen.insert(std::move(text)).second) Add(path, "is in the list twice");
    }
  }

  // Of updates; null in other requests.
  const FieldMask* mask_ = nullptr;
  const FieldDescriptor* resource_ = nullptr;
  std::vector<FieldViolation> violations_;
};

}  // namespace

absl::Status CheckFieldRules(const Message& request) {
  const std::vector<FieldViolation> violations = Checker().Check(request);
  return violations.empty() ? absl::OkStatus() : FieldErrors(violations);
}

}  // namespace dramatis
