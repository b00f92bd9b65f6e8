// What of a published contract another version of it breaks, by its descriptors: anything a client
// built against the old one would stumble over, on the wire or in JSON.
//
//   for (const std::string& line : BreakingChanges(baseline, current)) ...
//   // "dramatis.persona.v1.Persona.name: field 2 is gone"
//
// Adding is never breaking. Pure function.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.pb.h"

namespace dramatis::contract {

// One line for each break, in the order of the old files; empty where there is none. Files that the
// new set lacks count as emptied. Only files below `dramatis/` are compared.
std::vector<std::string> BreakingChanges(const google::protobuf::FileDescriptorSet& baseline,
                                         const google::protobuf::FileDescriptorSet& current);

}  // namespace dramatis::contract
