// From an HTTP request to the RPC it asks for.
//
//   absl::StatusOr<RequestCall> call = builder.Build(match, request, correlation);
//   // POST /api/things?dryRun=true {"name":"Ada"}
//   // -> method /dramatis.x.v1.XService/CreateThing, payload {thing {name: "Ada"} dry_run: true}
//
// Path, query, body, Last-Event-ID and the presence of fields (update_mask) all go into the
// payload; correlation and retry headers into the metadata. Thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/json/reader.h"
#include "gateway/routing/correlation.h"
#include "gateway/routing/route_table.h"
#include "shared/call/call_metadata.h"
#include "shared/http/message.h"

namespace dramatis::gateway {

struct RequestCall {
  const RpcMethod* method = nullptr;
  // The request message, as wire bytes.
  std::string payload;
  HeaderList metadata;
  // Who calls, as the gateway has found out.
  Identity caller;
};

class RequestCallBuilder {
 public:
  explicit RequestCallBuilder(const JsonReader& reader) : reader_(reader) {}

  // `match` was found. INVALID_ARGUMENT with the fields as the client spells them.
  absl::StatusOr<RequestCall> Build(const RouteMatch& match,
                                    const HttpRequest& request,
                                    const Correlation& correlation) const;

 private:
  absl::StatusOr<JsonBody> ReadBody(const Route& route, const HttpRequest& request) const;

  const JsonReader& reader_;
};

// What can be said before the body has come: a body where there must be none, or one that is not
// JSON. `has_body` is whether the head announces one.
absl::Status CheckHead(const Route& route, const HttpRequest& request, bool has_body);

}  // namespace dramatis::gateway
