#include "tests/contract/compatibility.h"

#include <set>

#include "google/api/annotations.pb.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// The names that a field's type has on the wire: kind, and full name where it has one.
std::string TypeOf(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

std::string BindingOf(const google::api::HttpRule& rule) {
  return absl::StrCat(rule.get(), rule.put(), rule.post(), rule.patch(), rule.delete_(), " ",
                      static_cast<int>(rule.pattern_case()));
}

// Every HTTP method and path of a method.
std::set<std::string> Bindings(const MethodDescriptor& method) {
  std::set<std::string> bindings;
  if (!method.options().HasExtension(google::api::http)) return bindings;
  const google::api::HttpRule& rule = method.options().GetExtension(google::api::http);
  bindings.insert(BindingOf(rule));
  for (const google::api::HttpRule& more : rule.additional_bindings()) {
    bindings.insert(BindingOf(more));
  }
  return bindings;
}

class Comparison {
 public:
  explicit Comparison(const DescriptorPool& current) : current_(current) {}

  void Compare(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i)
      Compare(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i)
      Compare(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i)
      Compare(*file.service(i));
    for (int i = 0; i < file.extension_count(); ++i) {
      const FieldDescriptor* now = current_.FindExtensionByName(file.extension(i)->full_name());
      Compare(*file.extension(i), now);
    }
  }

  std::vector<std::string> Take() { return std::move(breaks_); }

 private:
  void Note(const std::string& name, const std::string& what) {
    breaks_.push_back(absl::StrCat(name, ": ", what));
  }

  void Compare(const Descriptor& old) {
    const Descriptor* now = current_.FindMessageTypeByName(old.full_name());
    if (now == nullptr) return Note(old.full_name(), "the message is gone");
    for (int i = 0; i < old.field_count(); ++i) {
      Compare(*old.field(i), now->FindFieldByNumber(old.field(i)->number()));
    }
    for (int i = 0; i < old.nested_type_count(); ++i)
      Compare(*old.nested_type(i));
    for (int i = 0; i < old.enum_type_count(); ++i)
      Compare(*old.enum_type(i));
  }

  void Compare(const FieldDescriptor& old, const FieldDescriptor* now) {
    const std::string& name = old.full_name();
    if (now == nullptr) return Note(name, absl::StrCat("field ", old.number(), " is gone"));
    if (now->number() != old.number()) Note(name, "has another number");
    if (now->name() != old.name()) Note(name, absl::StrCat("is now called ", now->name()));
    if (now->json_name() != old.json_name()) Note(name, "has another JSON name");
    if (TypeOf(*now) != TypeOf(old)) {
      Note(name, absl::StrCat("was ", TypeOf(old), ", is ", TypeOf(*now)));
    }
    if (now->is_repeated() != old.is_repeated()) Note(name, "is a list in one version only");
    if (now->has_presence() != old.has_presence()) Note(name, "has presence in one version only");
    const bool was_in = old.real_containing_oneof() != nullptr;
    const bool is_in = now->real_containing_oneof() != nullptr;
    if (was_in != is_in) Note(name, "has moved in or out of a oneof");
  }

  void Compare(const EnumDescriptor& old) {
    const EnumDescriptor* now = current_.FindEnumTypeByName(old.full_name());
    if (now == nullptr) return Note(old.full_name(), "the enumeration is gone");
    for (int i = 0; i < old.value_count(); ++i) {
      const EnumValueDescriptor& value = *old.value(i);
      const EnumValueDescriptor* match = now->FindValueByName(value.name());
      if (match == nullptr) {
        Note(value.full_name(), "the enumerator is gone");
      } else if (match->number() != value.number()) {
        Note(value.full_name(), "has another number");
      }
    }
  }

  void Compare(const ServiceDescriptor& old) {
    const ServiceDescriptor* now = current_.FindServiceByName(old.full_name());
    if (now == nullptr) return Note(old.full_name(), "the service is gone");
    for (int i = 0; i < old.method_count(); ++i) {
      Compare(*old.method(i), now->FindMethodByName(old.method(i)->name()));
    }
  }

  void Compare(const MethodDescriptor& old, const MethodDescriptor* now) {
    const std::string& name = old.full_name();
    if (now == nullptr) return Note(name, "the method is gone");
    if (now->input_type()->full_name() != old.input_type()->full_name()) {
      Note(name, "takes another message");
    }
    if (now->output_type()->full_name() != old.output_type()->full_name()) {
      Note(name, "answers another message");
    }
    if (now->server_streaming() != old.server_streaming() ||
        now->client_streaming() != old.client_streaming()) {
      Note(name, "streams in one version only");
    }
    const std::set<std::string> bindings = Bindings(*now);
    for (const std::string& binding : Bindings(old)) {
      if (!bindings.contains(binding)) Note(name, absl::StrCat("has lost its route ", binding));
    }
  }

  const DescriptorPool& current_;
  std::vector<std::string> breaks_;
};

bool IsOurs(const std::string& file) {
  return file.starts_with("dramatis/");
}

}  // namespace

std::vector<std::string> BreakingChanges(const FileDescriptorSet& baseline,
                                         const FileDescriptorSet& current) {
  DescriptorPool old_pool;
  DescriptorPool new_pool;
  for (const auto& file : baseline.file())
    old_pool.BuildFile(file);
  for (const auto& file : current.file())
    new_pool.BuildFile(file);
  Comparison comparison(new_pool);
  for (const auto& file : baseline.file()) {
    if (IsOurs(file.name())) comparison.Compare(*old_pool.FindFileByName(file.name()));
  }
  return comparison.Take();
}

}  // namespace dramatis::contract
