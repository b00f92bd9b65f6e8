// Protobuf's wire format (https://protobuf.dev/programming-guides/encoding/): what the gateway
// writes of its own accord, and a cursor over what services answer. Nothing here allocates but the
// string that is appended to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dramatis::gateway {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

inline void AppendVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
inline void AppendTag(std::string& out, int number, WireType type) {
  AppendVarint(out, static_cast<uint64_t>(number) << 3 | static_cast<uint64_t>(type));
}
inline void AppendLengthField(std::string& out, int number, std::string_view bytes) {
  AppendTag(out, number, WireType::kLength);
  AppendVarint(out, bytes.size());
  out += bytes;
}
inline void AppendVarintField(std::string& out, int number, uint64_t value) {
  AppendTag(out, number, WireType::kVarint);
  AppendVarint(out, value);
}

// Reads one field after the other:
//
//   for (WireReader reader(bytes); reader.Next();) { reader.number(), reader.bytes() ... }
//
// Ends early, with ok() false, at bytes that are not a message. Groups are not: proto3 has none.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool Next();
  bool ok() const { return ok_; }

  int number() const { return number_; }
  WireType type() const { return type_; }
  // The value of a varint, fixed32 or fixed64 field.
  uint64_t value() const { return value_; }
  // The content of a length-delimited field.
  std::string_view bytes() const { return bytes_; }
  // What follows the field just read.
  std::string_view rest() const { return rest_; }

  // Takes one varint off the front; false if there is none.
  static bool TakeVarint(std::string_view& bytes, uint64_t& value) {
    if (!bytes.empty() && static_cast<unsigned char>(bytes[0]) < 0x80) {
      value = static_cast<unsigned char>(bytes[0]);
      bytes.remove_prefix(1);
      return true;
    }
    return TakeLongVarint(bytes, value);
  }
  // Takes a little-endian number of `size` bytes off the front.
  static bool TakeFixed(std::string_view& bytes, size_t size, uint64_t& value);

 private:
  static bool TakeLongVarint(std::string_view& bytes, uint64_t& value);

  std::string_view rest_;
  std::string_view bytes_;
  uint64_t value_ = 0;
  int number_ = 0;
  WireType type_ = WireType::kVarint;
  bool ok_ = true;
};

}  // namespace dramatis::gateway
