// The settings that programs have whatever their parts are. What a part reads besides stands in its
// settings/variables.cc; deployment.h puts them together.
#pragma once

#include <string>
#include <vector>

namespace dramatis {

struct Variable {
  std::string name;
  std::string fallback;  // the value where unset, in words where it is computed
  std::string meaning;   // one line
};

// Which programs read a variable.
enum class Readers {
  kAll,
  kServices,   // those with a gRPC address
  kCallers,    // those that call others
  kFrontends,  // those with an HTTP address
};

struct CommonVariable {
  Variable variable;
  Readers readers = Readers::kAll;
};

// In the order in which they are to be shown. The texts are the default addresses of all programs.
std::vector<CommonVariable> CommonVariables(const std::string& grpc_addresses,
                                            const std::string& management_addresses);

}  // namespace dramatis
