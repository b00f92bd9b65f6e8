// Whatever the bytes are: no picture, or one with sides.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/persona/avatars/picture.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto picture = dramatis::persona::ReadPicture({reinterpret_cast<const char*>(data), size});
  if (picture.has_value() && (picture->width < 1 || picture->height < 1)) std::abort();
  return 0;
}
