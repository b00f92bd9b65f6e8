// What the operating system means by an errno, thread-safe unlike strerror.
//
//   if (fd < 0) return absl::UnavailableError(absl::StrCat("cannot open ", path, ": ",
//                                                          SystemMessage(errno)));
#pragma once

#include <string>
#include <system_error>

namespace dramatis {

// As in "No such file or directory".
inline std::string SystemMessage(int error) {
  return std::generic_category().message(error);
}

}  // namespace dramatis
