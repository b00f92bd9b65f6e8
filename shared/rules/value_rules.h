// The field rules for one value, without the walk through messages. Each function says what is
// wrong with the value, or nothing. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "google/protobuf/message.h"
#include "shared/rules/rule_plan.h"

namespace dramatis {

using Problem = std::optional<std::string>;

// Of a singular field's value, or with an index of one item of a list. Of messages,
// Google's own only (Struct): that no text in them holds U+0000.
Problem ValueProblem(const google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor& field,
                     int index,
                     const ValueRule& limits);

// Of the number of items of a list or map.
Problem SizeProblem(int size, const options::v1::FieldRule& rule);

// Of the field's size as JSON. Text is measured as it is, by ValueProblem.
Problem JsonProblem(const google::protobuf::Message& message,
                    const google::protobuf::FieldDescriptor& field,
                    const options::v1::FieldRule& rule);

}  // namespace dramatis
