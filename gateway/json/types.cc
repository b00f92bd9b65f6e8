#include "gateway/json/types.h"

#include "google/protobuf/type.pb.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/names.h"
#include "google/protobuf/util/type_resolver_util.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::util::TypeResolver;

constexpr char kUrlPrefix[] = "type.googleapis.com";

class LowerCaseEnums : public TypeResolver {
 public:
  explicit LowerCaseEnums(const DescriptorPool& pool)
      : pool_(pool),
        wrapped_(google::protobuf::util::NewTypeResolverForDescriptorPool(kUrlPrefix, &pool)) {}

  google::protobuf::util::Status ResolveMessageType(const std::string& type_url,
                                                    google::protobuf::Type* type) override {
    return wrapped_->ResolveMessageType(type_url, type);
  }

  google::protobuf::util::Status ResolveEnumType(const std::string& type_url,
                                                 google::protobuf::Enum* type) override {
    google::protobuf::util::Status status = wrapped_->ResolveEnumType(type_url, type);
    const EnumDescriptor* descriptor = pool_.FindEnumTypeByName(type->name());
    // NullValue belongs to the mapping of google.protobuf.Value itself.
    if (!status.ok() || descriptor == nullptr || absl::StartsWith(type->name(), "google.")) {
      return status;
    }
    for (google::protobuf::EnumValue& value : *type->mutable_enumvalue()) {
      if (const auto* known = descriptor->FindValueByName(value.name())) {
        value.set_name(EnumText(*known));
      }
    }
    return status;
  }

 private:
  const DescriptorPool& pool_;
  std::unique_ptr<TypeResolver> wrapped_;
};

}  // namespace

JsonTypes::JsonTypes(const DescriptorPool& pool)
    : resolver_(std::make_unique<LowerCaseEnums>(pool)) {}
JsonTypes::~JsonTypes() = default;

std::string JsonTypes::Url(const google::protobuf::Descriptor& message) {
  return absl::StrCat(kUrlPrefix, "/", message.full_name());
}

}  // namespace dramatis::gateway
