#include "services/memory/model/storable_text.h"

#include <string>
#include <vector>

#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

bool HoldsNul(const Message& message, const FieldDescriptor& field, int index) {
  std::string scratch;
  const Reflection& reflection = *message.GetReflection();
  const std::string& text =
      field.is_repeated() ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                          : reflection.GetStringReference(message, &field, &scratch);
  return text.find('\0') != std::string::npos;
}

void Collect(const Message& message,
             const std::string& prefix,
             std::vector<FieldViolation>& violations) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = prefix + field->name();
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->type() == FieldDescriptor::TYPE_STRING && HoldsNul(message, *field, i)) {
        violations.push_back({path, "must not hold the character U+0000"});
      } else if (field->message_type() != nullptr) {
        Collect(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                     : reflection.GetMessage(message, field),
                path + ".", violations);
      }
    }
  }
}

}  // namespace

absl::Status CheckStorable(const Message& request) {
  std::vector<FieldViolation> violations;
  Collect(request, "", violations);
  return violations.empty() ? absl::OkStatus() : FieldErrors(violations);
}

}  // namespace dramatis::memory
