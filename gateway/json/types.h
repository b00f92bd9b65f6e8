// The library's view of our message types for its JSON conversion, with enumerators spelled
// lower_snake_case without their type's prefix.
//
//   JsonTypes types;
//   google::protobuf::util::JsonToBinaryString(&types.resolver(), JsonTypes::Url(descriptor), ...)
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/type_resolver.h"

namespace dramatis::gateway {

class JsonTypes {
 public:
  // Every message type that the pool has.
  explicit JsonTypes(const google::protobuf::DescriptorPool& pool);
  ~JsonTypes();

  // The library takes it by a pointer to non-const; its calls are const in effect.
  google::protobuf::util::TypeResolver& resolver() const { return *resolver_; }
  static std::string Url(const google::protobuf::Descriptor& message);

 private:
  std::unique_ptr<google::protobuf::util::TypeResolver> resolver_;
};

}  // namespace dramatis::gateway
