// How a client spelled the names of fields in a request, so that an error names them the same way.
// Only asked where a request failed. Pure functions.
//
//   KeysOfBody(R"({"target":{"target_date":"x"}})", goal)   {"target": "target",
//                                                           "target.target_date": "target_date"}
#pragma once

#include <string_view>

#include "gateway/json/names.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

// Of a JSON body for `message`; what is not JSON has none from there on.
GivenKeys KeysOfBody(std::string_view body, const google::protobuf::Descriptor& message);
// Of a query string for the request `message`.
GivenKeys KeysOfQuery(std::string_view query, const google::protobuf::Descriptor& message);

}  // namespace dramatis::gateway
