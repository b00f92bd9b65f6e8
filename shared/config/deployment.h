// The programs of a deployment as each of them knows them: where they listen unless a setting says
// otherwise, who calls whom, and every setting there is. Each part brings its own; the check for
// unknown variables, `--help` and docs/configuration.md are made from them.
//
//   const Deployment& deployment = AllPrograms();   // services/deployment/deployment.h
//   deployment.PortsOf("dramatis-persona").grpc     // 50051
//   deployment.Suggest("DRAMATIS_LOG_LEVLE")        // "DRAMATIS_LOG_LEVEL"
//
// Immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/config/variables.h"

namespace dramatis {

// Of 127.0.0.1; 0 where the program serves no such thing.
struct DefaultPorts {
  int http = 0;
  int grpc = 0;
  int management = 0;
};

// What a service or the gateway brings.
struct DeploymentPart {
  std::string name;  // without `dramatis-`
  DefaultPorts ports = {};
  // The services that it calls; a part with HTTP calls all of them.
  std::vector<std::string> calls = {};
  // The settings that not every part has. Where several parts read the same one, all list it.
  std::vector<Variable> variables = {};
};

class Deployment {
 public:
  // Of no part: only the settings that every program has.
  // NOLINTNEXTLINE(modernize-use-equals-default): those come from the other constructor
  Deployment() : Deployment(std::vector<DeploymentPart>{}) {}
  // In the order in which they are to be shown.
  explicit Deployment(std::vector<DeploymentPart> parts);

  // Of "dramatis-persona" or "persona"; of "dramatis", which is all in one, those of the part with
  // HTTP and of the first service. All 0 for another name, so that one is picked.
  DefaultPorts PortsOf(std::string_view program) const;
  // The parts with a gRPC address, which others may call.
  std::vector<std::string> Services() const;
  // The parts that call services.
  std::vector<std::string> Callers() const;

  bool Knows(std::string_view variable) const;
  // The variable that `name` was probably meant to be, or empty.
  std::string Suggest(std::string_view name) const;
  // The variables that `program` ("dramatis-persona", or "dramatis" for everything) reads, as the
  // lines of a `--help`.
  std::string Help(std::string_view program) const;
  // A Markdown table of all of them.
  std::string Markdown() const;

 private:
  struct Setting {
    Variable variable;
    bool all = false;                  // programs read it
    std::vector<std::string> readers;  // else these parts
  };

  // "127.0.0.1:9090 (dramatis, gateway), 127.0.0.1:9091 (persona), ...": the ports in order.
  std::string AddressesOf(int DefaultPorts::* port) const;
  std::vector<std::string> Are(Readers readers) const;
  void Add(const Variable& variable, const std::vector<std::string>& readers);

  const std::vector<DeploymentPart> parts_;
  std::vector<Setting> settings_;
};

// The variable that says where a service is: DRAMATIS_PERSONA_ADDRESS.
std::string AddressVariable(std::string_view service);

std::string LoopbackAddress(int port);

}  // namespace dramatis
