// The limits of one value, as JSON Schema's keywords, from its field rule. Exactly what the
// services check (shared/rules), as far as the keywords can say it: lengths count code points,
// white space at the ends does not count, and an empty text that is not required is as good as
// none. Pure functions.
#pragma once

#include "dramatis/options/v1/options.pb.h"

#include "boost/json.hpp"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

// Adds the limits of `rule` to the schema of one value of `field`, which is an item of a list or
// stands alone.
void AddLimits(const google::protobuf::FieldDescriptor& field,
               const options::v1::FieldRule& rule,
               bool is_item,
               boost::json::object& schema);

// Adds the limits of `rule` to the schema of a list or map.
void AddSizeLimits(const options::v1::FieldRule& rule,
                   bool required,
                   bool is_map,
                   boost::json::object& schema);

}  // namespace dramatis::gateway
