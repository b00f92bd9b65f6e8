// Room for thousands of connections.
#pragma once

#include <sys/resource.h>

namespace dramatis {

// Lets this process open as many files and sockets as it may at all; most shells let it open 1,024.
inline void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace dramatis
