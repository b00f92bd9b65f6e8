#include "shared/rules/rule_plan.h"

#include <string>

#include "google/protobuf/field_mask.pb.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"

namespace dramatis {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

ValueRule Compile(const options::v1::FieldRule& rule) {
  ValueRule compiled{rule, nullptr};
  if (!rule.pattern().empty()) compiled.pattern = std::make_unique<RE2>(rule.pattern(), RE2::Quiet);
  return compiled;
}

class PlanCache {
 public:
  const RulePlan& Get(const Descriptor& type) {
    {
      const absl::ReaderMutexLock lock(&mutex_);
      if (const auto found = plans_.find(&type); found != plans_.end()) return *found->second;
    }
    const absl::MutexLock lock(&mutex_);
    return Make(type);
  }

 private:
  const RulePlan& Make(const Descriptor& type) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto [entry, is_new] = plans_.try_emplace(&type, nullptr);
    if (!is_new) return *entry->second;
    entry->second = std::make_unique<RulePlan>();
    // Known before its fields are looked at: a type may contain itself.
    RulePlan& plan = *entry->second;
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const options::v1::FieldRule& rule = RuleOf(field);
      if (rule.output_only()) continue;
      FieldRulePlan field_plan{&field, Compile(rule), Compile(rule.items()), nullptr};
      if (field.message_type() != nullptr && !IsLeafMessage(field)) {
        field_plan.sub_message = &Make(*field.message_type());
      }
      plan.fields.push_back(std::move(field_plan));
    }
    FindResource(type, plan);
    return plan;
  }

  static void FindResource(const Descriptor& type, RulePlan& plan) {
    const FieldDescriptor* mask = type.FindFieldByName("update_mask");
    if (mask == nullptr || mask->message_type() != google::protobuf::FieldMask::descriptor()) {
      return;
    }
    for (const FieldRulePlan& field : plan.fields) {
      if (field.sub_message == nullptr || field.field->is_repeated()) continue;
      if (!field.limits.rule.required()) continue;
      plan.update_mask = mask;
      plan.resource = field.field;
      return;
    }
  }

  absl::Mutex mutex_;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<RulePlan>> plans_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

const RulePlan& PlanOf(const Descriptor& type) {
  static auto& cache = *new PlanCache;
  return cache.Get(type);
}

bool IsLeafMessage(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         absl::StartsWith(field.message_type()->full_name(), "google.protobuf.");
}

const options::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::rule);
}

}  // namespace dramatis
