// How a program finds out that the other side of a connection is gone although nothing says so: it
// was frozen, its machine is off, its network is down. Pings go out as long as a call is open, also
// where no data flow (a stream of events in a quiet room), and a connection whose ping is not
// answered is closed, with UNAVAILABLE for its calls: after `interval` + `timeout` at the latest.
//
// Channels and servers take their arguments from here, since each side must allow what the other
// one does (https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md).
#pragma once

#include <algorithm>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"

namespace dramatis {

struct Keepalive {
  // Between pings; at least kLeastInterval.
  absl::Duration interval = absl::Seconds(20);

  // For the answer to a ping.
  absl::Duration timeout() const { return std::min(interval / 2, absl::Seconds(10)); }
};

inline constexpr absl::Duration kLeastKeepalive = absl::Seconds(1);

// For both sides: `set(name, milliseconds or number)`.
template <class Set>
void SetKeepalive(const Keepalive& keepalive, const Set& set) {
  set(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(absl::ToInt64Milliseconds(keepalive.interval)));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
      static_cast<int>(absl::ToInt64Milliseconds(keepalive.timeout())));
  // Otherwise pings end after two without data, and with them all knowledge of an idle stream.
  set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Half of the least interval, whatever our own one is: programs of one deployment may differ
  // while it is changed. Whoever pings faster still is cut off.
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      static_cast<int>(absl::ToInt64Milliseconds(kLeastKeepalive / 2)));
}

}  // namespace dramatis
