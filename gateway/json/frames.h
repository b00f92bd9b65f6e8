// Where a JSON parser is in a message: the state of json/check.cc, kept apart from the rules of
// values. Not thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

// What a value at the present place must be.
struct Expected {
  enum Kind {
    kRoot,      // the body itself: an object for the message
    kField,     // a value of `field`: the whole list or map where it is one
    kElement,   // one item of the list or one value of the map `field`
    kAnything,  // inside google.protobuf.Struct and the like
    kUnknown,   // below a field that there is not: read, never checked
  };
  Kind kind = kUnknown;
  const google::protobuf::FieldDescriptor* field = nullptr;
};

// One open object or list.
struct JsonFrame {
  enum Kind { kMessage, kMap, kList, kFreeObject, kFreeList, kUnknownObject, kUnknownList };
  Kind kind = kUnknownObject;
  const google::protobuf::Descriptor* message = nullptr;     // kMessage
  const google::protobuf::FieldDescriptor* field = nullptr;  // kMap, kList: which; kMessage: the
                                                             // field of the key read last
  std::string key;                                           // the key read last, as it came
  size_t index = 0;                                          // lists: of the next item
  std::set<std::string> keys;                                // seen: proto names where known

  bool IsList() const { return kind == kList || kind == kFreeList || kind == kUnknownList; }
};

class JsonFrames {
 public:
  bool empty() const { return frames_.empty(); }
  JsonFrame& top() { return frames_.back(); }
  void Push(JsonFrame frame) { frames_.push_back(std::move(frame)); }
  void Pop() { frames_.pop_back(); }
  size_t size() const { return frames_.size(); }

  // What the next value must be.
  Expected Next() const;
  // The next value has ended.
  void Advance() {
    if (!frames_.empty() && top().IsList()) ++top().index;
  }
  // The place of the next value, in the client's spelling: `traits.wit`, `stop[2]`.
  std::string Path() const;
  // The same in the proto's names, without indexes.
  std::string FieldPath() const;
  // The same in the proto's names; empty inside lists, maps and unknown fields.
  std::string ProtoPath() const;

 private:
  std::vector<JsonFrame> frames_;
};

}  // namespace dramatis::gateway
