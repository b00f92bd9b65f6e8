// Answers as JSON: protobuf's mapping (https://protobuf.dev/programming-guides/json/), written
// straight from wire bytes by a plan made once for each message type.
//
//   JsonWriter writer(types);
//   const JsonPlan* plan = writer.Plan(method.output());          // at start
//   writer.Write(*plan, Names::kCamel, response_bytes, out);      // per answer
//
// As the library writes with always_print_primitive_fields (json/writer_test.cc compares the two on
// random messages), but: enumerators are lower_snake_case, "not said" ones are left out, and it
// takes a tenth of the time: the library resolves types anew for every message. What the plan does
// not know (google.protobuf.Struct and the like) it hands to the library.
// Plan() while single-threaded; Write is thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/json/names.h"
#include "gateway/json/types.h"
#include "gateway/json/values.h"
#include "gateway/json/wire.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

struct JsonPlan;

// How one field is written.
struct JsonFieldPlan {
  int number = 0;
  google::protobuf::FieldDescriptor::Type type = google::protobuf::FieldDescriptor::TYPE_MESSAGE;
  bool repeated = false;
  bool map = false;
  bool presence = false;    // left out where unset
  bool needs_text = false;  // left out where empty
  std::string camel;        // `,"pageSize":`
  std::string snake;        // `,"page_size":`
  // Enumerators by number, quoted; the unspecified zero is empty.
  std::unordered_map<int, std::string> enumerators;
  const JsonPlan* message = nullptr;  // messages; maps: the entry
};

struct JsonPlan {
  const google::protobuf::Descriptor* descriptor = nullptr;
  JsonShape shape = JsonShape::kMessage;
  std::vector<JsonFieldPlan> fields;  // in the order of the proto
  std::vector<int> index;             // from field number to place in `fields`, or -1
};

// Whether a text of this field is left out of an answer where it is empty: no empty one can be
// given, or its rule says that it means "unset".
bool LeftOutWhenEmpty(const google::protobuf::FieldDescriptor& field);

class JsonWriter {
 public:
  explicit JsonWriter(const JsonTypes& types) : types_(types) {}

  // The plan of a type and of everything below it.
  const JsonPlan* Plan(const google::protobuf::Descriptor& message);
  // Appends the message as JSON; false if the bytes are not such a message.
  bool Write(const JsonPlan& plan, Names names, std::string_view wire, std::string& out) const;

 private:
  bool WriteMessage(const JsonPlan& plan,
                    Names names,
                    std::string_view wire,
                    std::string& out) const;
  bool WriteByLibrary(const JsonPlan& plan, std::string_view wire, std::string& out) const;

  const JsonTypes& types_;
  std::unordered_map<const google::protobuf::Descriptor*, std::unique_ptr<JsonPlan>> plans_;

  friend class JsonMessageWriter;
};

}  // namespace dramatis::gateway
