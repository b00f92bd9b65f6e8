#include "shared/config/default_ports.h"

#include "absl/strings/str_cat.h"

namespace dramatis {

DefaultPorts PortsOf(std::string_view program) {
  constexpr std::string_view kPrefix = "dramatis-";
  if (program.substr(0, kPrefix.size()) == kPrefix) program.remove_prefix(kPrefix.size());
  for (const DefaultPorts& ports : kDefaultPorts) {
    if (ports.program == program) return ports;
  }
  return {};
}

std::vector<std::string> ServiceNames() {
  std::vector<std::string> names;
  for (const DefaultPorts& ports : kDefaultPorts) {
    if (ports.http == 0) names.emplace_back(ports.program);
  }
  return names;
}

std::string LoopbackAddress(int port) {
  return absl::StrCat("127.0.0.1:", port);
}

}  // namespace dramatis
