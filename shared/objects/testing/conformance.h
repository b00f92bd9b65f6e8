// What every store of objects does, as one suite: instantiated with a factory of an empty store.
//
//   INSTANTIATE_TEST_SUITE_P(Folder, ObjectsConformance, testing::Values([] { return ...; }));
#pragma once

#include <functional>
#include <memory>

#include "gtest/gtest.h"
#include "shared/objects/objects.h"

namespace dramatis::objects {

using ObjectsFactory = std::function<std::unique_ptr<Objects>()>;

class ObjectsConformance : public testing::TestWithParam<ObjectsFactory> {
 protected:
  void SetUp() override { objects_ = GetParam()(); }
  std::vector<std::string> Keys(const std::string& prefix, const std::string& after, int most) {
    std::vector<std::string> keys;
    const auto list = objects_->List(prefix, after, most);
    EXPECT_TRUE(list.ok()) << list.status();
    if (!list.ok()) return keys;
    for (const ObjectInfo& info : *list)
      keys.push_back(info.key);
    return keys;
  }

  std::unique_ptr<Objects> objects_;
};

}  // namespace dramatis::objects
