// An identity as claims, the same whether a call stays in this process or goes to another program:
//
//   {"sub":"ada","roles":["user"],"scopes":["chat","memory"],
//    "key":{"id":"...","personaIds":["..."],"monthlyBudgetMicros":5000000,"requestsPerMinute":60}}
//
// `scopes` is left out where the credentials allow all of them, `key` where there was none. Which
// program calls is not among them: the one who takes a token says so. Pure functions.
#pragma once

#include <optional>

#include <boost/json/object.hpp>

#include "shared/call/call.h"

namespace dramatis {

void AppendIdentityClaims(const Identity& identity, boost::json::object& claims);
// nullopt where a claim is missing or is not of this form. Other members are passed over.
std::optional<Identity> ReadIdentityClaims(const boost::json::object& claims);

}  // namespace dramatis
