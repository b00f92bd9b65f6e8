// Messages and fields as JSON Schema (draft 2020-12, as OpenAPI 3.1 takes it), with their comments
// and field rules.
//
//   Schemas schemas(comments);
//   json::object reference = schemas.Reference(message, Names::kCamel);   // {"$ref": ...}
//   json::object components = schemas.Take();   // every message referred to, by name
//
// Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "boost/json.hpp"
#include "gateway/spelling.h"
#include "gateway/tools/comments.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

class Schemas {
 public:
  explicit Schemas(const Comments& comments) : comments_(comments) {}

  // A reference to the schema of a message, which is made on the first use.
  boost::json::object Reference(const google::protobuf::Descriptor& message, Names names);
  // The schema of a field's value, list or map included.
  boost::json::object Field(const google::protobuf::FieldDescriptor& field, Names names);
  // Every schema referred to so far.
  boost::json::object Take() { return std::move(schemas_); }

 private:
  boost::json::object Message(const google::protobuf::Descriptor& message, Names names);
  boost::json::object Value(const google::protobuf::FieldDescriptor& field, Names names);

  const Comments& comments_;
  // Names given so far, by message and spelling.
  std::map<std::pair<const google::protobuf::Descriptor*, Names>, std::string> given_;
  boost::json::object schemas_;
};

}  // namespace dramatis::gateway
