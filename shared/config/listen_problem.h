// Why an address cannot be listened on, for whoever runs the program. Pure function.
#pragma once

#include <string>

namespace dramatis {

// `variable` is the setting that names the address, `error` the errno, or 0 where nobody knows.
std::string ListenProblem(const std::string& variable, const std::string& address, int error);

}  // namespace dramatis
