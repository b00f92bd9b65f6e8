// A fresh database in a PostgreSQL cluster.
#pragma once

#include <string>

namespace dramatis::properties {

// Makes a database in the cluster of `url`; the URL of it. Throws where it cannot.
std::string CreateDatabase(const std::string& url);

}  // namespace dramatis::properties
