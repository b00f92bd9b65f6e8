// The field rules of a message type, read from its descriptor once and kept for ever.
//
//   const RulePlan& plan = PlanOf(*request.GetDescriptor());
//
// For generated types only, whose descriptors never go away. Thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "dramatis/options/v1/options.pb.h"

#include "google/protobuf/descriptor.h"
#include "re2/re2.h"

namespace dramatis {

struct RulePlan;

// Limits of one value, with their expression compiled.
struct ValueRule {
  options::v1::FieldRule rule;
  std::unique_ptr<RE2> pattern;  // null where there is none
};

struct FieldRulePlan {
  const google::protobuf::FieldDescriptor* field;
  ValueRule limits;
  ValueRule items;                        // of a list's items
  const RulePlan* sub_message = nullptr;  // of messages whose fields have rules of their own
};

struct RulePlan {
  std::vector<FieldRulePlan> fields;  // without those that are output_only
  // Of update requests: the mask, and the resource that its paths are relative to.
  const google::protobuf::FieldDescriptor* update_mask = nullptr;
  const google::protobuf::FieldDescriptor* resource = nullptr;
};

const RulePlan& PlanOf(const google::protobuf::Descriptor& type);

// Whether `field` holds messages that count as one value: Google's own types such as Timestamp,
// Struct, FieldMask.
bool IsLeafMessage(const google::protobuf::FieldDescriptor& field);

// The rule in the field's options; the default one where there is none.
const options::v1::FieldRule& RuleOf(const google::protobuf::FieldDescriptor& field);

}  // namespace dramatis
