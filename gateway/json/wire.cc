#include "gateway/json/wire.h"

namespace dramatis::gateway {

bool WireReader::TakeLongVarint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool WireReader::TakeFixed(std::string_view& bytes, size_t size, uint64_t& value) {
  if (bytes.size() < size) return false;
  value = 0;
  for (size_t i = 0; i < size; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  bytes.remove_prefix(size);
  return true;
}

bool WireReader::Next() {
  if (rest_.empty() || !ok_) return false;
  ok_ = false;
  uint64_t tag = 0;
  if (!TakeVarint(rest_, tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF) return false;
  number_ = static_cast<int>(tag >> 3);
  type_ = static_cast<WireType>(tag & 7);
  switch (type_) {
    case WireType::kVarint:
      return ok_ = TakeVarint(rest_, value_);
    case WireType::kFixed64:
      return ok_ = TakeFixed(rest_, 8, value_);
    case WireType::kFixed32:
      return ok_ = TakeFixed(rest_, 4, value_);
    case WireType::kLength:
      if (!TakeVarint(rest_, value_) || value_ > rest_.size()) return false;
      bytes_ = rest_.substr(0, value_);
      rest_.remove_prefix(value_);
      return ok_ = true;
  }
  return false;
}

}  // namespace dramatis::gateway
