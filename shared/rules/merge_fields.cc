#include <string_view>

#include "google/protobuf/descriptor.h"
#include "shared/rules/field_rules.h"
#include "shared/rules/rule_plan.h"

namespace dramatis {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

enum class Unset { kKeep, kClear };

void CopyFields(const Message& from, Unset unset, Message& to);

void CopyScalar(const Message& from, const FieldDescriptor* field, Message& to) {
  const Reflection& read = *from.GetReflection();
  const Reflection& write = *to.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return write.SetInt32(&to, field, read.GetInt32(from, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return write.SetInt64(&to, field, read.GetInt64(from, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return write.SetUInt32(&to, field, read.GetUInt32(from, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return write.SetUInt64(&to, field, read.GetUInt64(from, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return write.SetDouble(&to, field, read.GetDouble(from, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return write.SetFloat(&to, field, read.GetFloat(from, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return write.SetBool(&to, field, read.GetBool(from, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return write.SetEnumValue(&to, field, read.GetEnumValue(from, field));
    case FieldDescriptor::CPPTYPE_STRING:
      return write.SetString(&to, field, read.GetString(from, field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

// A list or map as a whole. A swap copies it whatever its type is.
void CopyList(const Message& from, const FieldDescriptor* field, Message& to) {
  const std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  to.GetReflection()->SwapFields(copy.get(), &to, {field});
}

void CopyField(const Message& from, const FieldDescriptor* field, Unset unset, Message& to) {
  if (RuleOf(*field).output_only()) return;
  const Reflection& read = *from.GetReflection();
  const bool is_set =
      field->is_repeated() ? read.FieldSize(from, field) > 0 : read.HasField(from, field);
  if (!is_set) {
    if (unset == Unset::kClear) to.GetReflection()->ClearField(&to, field);
  } else if (field->is_repeated()) {
    CopyList(from, field, to);
  } else if (field->message_type() == nullptr) {
    CopyScalar(from, field, to);
  } else if (IsLeafMessage(*field)) {
    to.GetReflection()->MutableMessage(&to, field)->CopyFrom(read.GetMessage(from, field));
  } else {
    CopyFields(read.GetMessage(from, field), unset,
               *to.GetReflection()->MutableMessage(&to, field));
  }
}

void CopyFields(const Message& from, Unset unset, Message& to) {
  const Descriptor& type = *from.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i)
    CopyField(from, type.field(i), unset, to);
}

// Unknown paths are refused by CheckFieldRules before; here they name nothing.
void CopyPath(const Message& from, const std::string& path, Message& to) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field = from.GetDescriptor()->FindFieldByName(path.substr(0, dot));
  if (field == nullptr) return;
  if (dot == std::string::npos) return CopyField(from, field, Unset::kClear, to);
  if (field->message_type() == nullptr || field->is_repeated() || RuleOf(*field).output_only()) {
    return;
  }
  const std::string rest = path.substr(dot + 1);
  const bool anything =
      from.GetReflection()->HasField(from, field) || to.GetReflection()->HasField(to, field);
  if (!anything) return;
  CopyPath(from.GetReflection()->GetMessage(from, field), rest,
           *to.GetReflection()->MutableMessage(&to, field));
}

}  // namespace

void MergeFields(const Message& from, const std::vector<std::string>& mask, Message& to) {
  if (mask.empty()) return CopyFields(from, Unset::kKeep, to);
  for (const std::string& path : mask)
    CopyPath(from, path, to);
}

}  // namespace dramatis
