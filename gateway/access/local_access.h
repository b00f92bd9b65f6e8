// Who may come in `local`, where everybody is the admin: no page of the web. A browser says whose
// page it runs (Origin) and whom it thinks it talks to (Host): by DNS rebinding that is the name of
// the page's own server, with our address. Pure functions.
#pragma once

#include "absl/status/status.h"
#include "gateway/access/cors.h"
#include "shared/http/message.h"

namespace dramatis::gateway {

// PERMISSION_DENIED: HOST_NOT_ALLOWED where Host, or the target's authority, is no name of this
// machine's loopback (`localhost`, 127.0.0.0/8, `[::1]`; any port), ORIGIN_NOT_ALLOWED where a
// method that changes something comes from an origin that is neither in `cors` nor at our own
// loopback address. A request without Host, which HTTP/1.0 allows, is no browser's.
absl::Status CheckLocalAccess(const HttpRequest& request, const Cors& cors);

}  // namespace dramatis::gateway
