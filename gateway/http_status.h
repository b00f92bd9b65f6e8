// Status lines of HTTP/1.1.
#pragma once

#include <string>

namespace dramatis::gateway {

// Appends `HTTP/1.1 404 Not Found\r\n`.
void AppendStatusLine(std::string& head, int status);

}  // namespace dramatis::gateway
