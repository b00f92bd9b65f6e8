// Where each program listens unless a setting says otherwise: the one place that knows. Programs,
// their --help, docs/configuration.md and the addresses of neighbours come from here;
// tests/system/test_deployments.py holds compose.yaml and k8s/ against it by running them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dramatis {

// Of 127.0.0.1; 0 where the program serves no such thing.
struct DefaultPorts {
  std::string_view program;  // without `dramatis-`; "dramatis" for all in one
  int http = 0;
  int grpc = 0;
  int management = 0;
};

// The gateway's are those of all in one, in whose place it stands.
inline constexpr DefaultPorts kDefaultPorts[] = {
    {.program = "dramatis", .http = 8080, .grpc = 50051, .management = 9090},
    {.program = "gateway", .http = 8080, .grpc = 0, .management = 9090},
    {.program = "persona", .http = 0, .grpc = 50051, .management = 9091},
    {.program = "conversation", .http = 0, .grpc = 50052, .management = 9092},
    {.program = "memory", .http = 0, .grpc = 50053, .management = 9093},
    {.program = "inference", .http = 0, .grpc = 50054, .management = 9094},
};

// Of "dramatis-persona", "persona" or "dramatis"; all 0 for another name, so that one is picked.
DefaultPorts PortsOf(std::string_view program);

// The four services, which have neighbours.
std::vector<std::string> ServiceNames();

std::string LoopbackAddress(int port);

}  // namespace dramatis
