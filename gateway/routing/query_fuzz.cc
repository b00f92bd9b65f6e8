// Queries of any bytes: what is read must be a message.
#include <cstdint>
#include <cstdlib>

#include "gateway/json/wire.h"
#include "gateway/routing/proto_files.h"
#include "gateway/routing/query.h"
#include "gateway/routing/route_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dramatis::gateway;  // NOLINT(google-build-using-namespace)
  static const auto& routes = *RouteTable::Build(LinkedFiles().value()).value().release();
  if (size == 0) return 0;
  const auto& method = *routes.methods()[data[0] % routes.methods().size()];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto fields = ReadQuery(text, &method.input(), {});
  if (!fields.ok()) return 0;
  WireReader reader(fields->wire);
  while (reader.Next()) {
    if (method.input().FindFieldByNumber(reader.number()) == nullptr) std::abort();
  }
  if (!reader.ok()) std::abort();
  return 0;
}
