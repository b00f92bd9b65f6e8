#include "shared/config/listen_problem.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "shared/status/system_message.h"

namespace dramatis {

std::string ListenProblem(const std::string& variable, const std::string& address, int error) {
  const std::string cannot = absl::StrCat("cannot listen on ", address, ": ");
  const std::string another = absl::StrCat("name another address with ", variable);
  switch (error) {
    case EADDRINUSE:
      return absl::StrCat(
          cannot, "another program uses that port (`ss -ltnp` tells which): end it, or ", another);
    case EACCES:
      return absl::StrCat(cannot, "this user may not use that port: ", another);
    case EADDRNOTAVAIL:
      return absl::StrCat(cannot, "this machine has no such address: ", another);
    default:
      return absl::StrCat(cannot,
                          error == 0 ? std::string("the address is refused") : SystemMessage(error),
                          ": ", another);
  }
}

}  // namespace dramatis
