// The setting that says where a deployment keeps its objects (place.h), for the parts that read it.
#pragma once

#include "shared/config/variables.h"

namespace dramatis::objects {

inline Variable ObjectsVariable() {
  return {"DRAMATIS_OBJECTS", "file: and objects/ in the data folder",
          "where archives are that users bring or take, and, where it is set, pictures: "
          "s3://bucket/prefix, or file: and a folder; what is named s3:// elsewhere may be in the "
          "bucket"};
}

}  // namespace dramatis::objects
