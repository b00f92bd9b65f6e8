// Messages and fields as JSON Schema (draft 2020-12, as OpenAPI 3.1 takes it), with their comments
// and field rules.
//
//   Schemas schemas(comments, {"persona_id"});
//   schemas.Reference(message, {Names::kCamel, Use::kAnswer});   // {"$ref": ...}
//   json::object components = schemas.Take();   // every message referred to, by name
//
// A message has a schema for each use: what an answer always has is `required` there and nothing is
// limited; a new resource leaves out what the server sets; an update leaves out what is fixed, and
// requires nothing. Not thread-safe.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "boost/json.hpp"
#include "gateway/json/names.h"
#include "gateway/tools/comments.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

enum class Use {
  kAnswer,  // what the server sends
  kInput,   // a request, or a new resource in it
  kUpdate,  // a resource of which only the fields given are changed
};

struct SchemaStyle {
  Names names = Names::kCamel;
  Use use = Use::kAnswer;
  bool open = false;  // a request may have fields that are not read

  auto operator<=>(const SchemaStyle&) const = default;
};

class Schemas {
 public:
  // `ids`: the names of fields that hold a UUID wherever a request has them.
  Schemas(const Comments& comments, std::set<std::string> ids)
      : comments_(comments), ids_(std::move(ids)) {}

  // A reference to the schema of a message, which is made on the first use.
  boost::json::object Reference(const google::protobuf::Descriptor& message, SchemaStyle style);
  // A reference to the schema of a request's body: all fields but those that stand elsewhere.
  boost::json::object Body(const google::protobuf::Descriptor& message,
                           SchemaStyle style,
                           const std::vector<const google::protobuf::FieldDescriptor*>& elsewhere);
  // A reference to the schema of the server-sent events that carry a message: one for each field
  // of its oneof, and `error`.
  boost::json::object Events(const google::protobuf::Descriptor& message, Names names);
  // The schema of a parameter in path or query.
  boost::json::object Parameter(const google::protobuf::FieldDescriptor& field, Names names);
  // A field's comment and its default.
  std::string Description(const google::protobuf::FieldDescriptor& field, Use use) const;
  // Every schema referred to so far.
  boost::json::object Take() { return std::move(schemas_); }

 private:
  using Fields = std::vector<const google::protobuf::FieldDescriptor*>;

  boost::json::object Message(const google::protobuf::Descriptor& message,
                              SchemaStyle style,
                              const Fields& elsewhere);
  boost::json::object Property(const google::protobuf::FieldDescriptor& field, SchemaStyle style);
  boost::json::object Field(const google::protobuf::FieldDescriptor& field, SchemaStyle style);
  boost::json::object Value(const google::protobuf::FieldDescriptor& field, SchemaStyle style);
  // Puts a schema under a name of its own; a reference to it.
  template <class Make>
  boost::json::object Named(const google::protobuf::Descriptor& message,
                            SchemaStyle style,
                            const std::string& suffix,
                            Make make);

  // The text's format, where it has one.
  std::string FormatOf(const google::protobuf::FieldDescriptor& field, Use use) const;

  const Comments& comments_;
  const std::set<std::string> ids_;
  // Names given so far.
  std::map<std::tuple<const google::protobuf::Descriptor*, SchemaStyle, std::string>, std::string>
      given_;
  boost::json::object schemas_;
};

}  // namespace dramatis::gateway
