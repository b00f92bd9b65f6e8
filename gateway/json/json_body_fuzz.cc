// Bodies of any bytes: what the check passes must be convertible, and print and read again.
#include <cstdint>
#include <cstdlib>

#include "gateway/json/reader.h"
#include "gateway/json/writer.h"
#include "gateway/routing/proto_files.h"
#include "gateway/routing/route_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dramatis::gateway;  // NOLINT(google-build-using-namespace)
  static const auto& routes = *RouteTable::Build(LinkedFiles().value()).value().release();
  static const auto& types = *new JsonTypes(*google::protobuf::DescriptorPool::generated_pool());
  static const auto& reader = *new JsonReader(types);
  static auto& writer = *new JsonWriter(types);
  if (size == 0) return 0;
  // The first byte says which message the rest is for.
  const auto& method = *routes.methods()[data[0] % routes.methods().size()];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);

  const auto body = reader.Read(text, method.input(), {});
  if (!body.ok()) return 0;
  std::string printed;
  if (!writer.Write(*writer.Plan(method.input()), Names::kSnake, body->wire, printed)) std::abort();
  if (!reader.Read(printed, method.input(), {}).ok()) std::abort();
  return 0;
}
