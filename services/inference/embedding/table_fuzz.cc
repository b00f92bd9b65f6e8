// Fuzzes the reader of table files and the cutting of texts into pieces: whatever the bytes, what
// is no table is refused, and a text's vector has the table's size and is finite. The first byte
// says how much of the rest is the text.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/inference/embedding/table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t length = data[0] < bytes.size() ? data[0] : bytes.size();
  const std::string_view text = bytes.substr(0, length);
  const auto table = dramatis::inference::Table::Parse(bytes.substr(length));
  if (!table.ok()) return 0;
  const dramatis::inference::Vector vector = table->Embed(text);
  if (vector.size() != static_cast<size_t>(table->dimensions())) std::abort();
  for (const float component : vector) {
    if (!std::isfinite(component)) std::abort();
  }
  return 0;
}
