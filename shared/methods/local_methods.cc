#include "shared/methods/local_methods.h"

namespace dramatis {

void LocalMethods::Add(const MethodTable& table) {
  const absl::MutexLock lock(&mutex_);
  for (const std::unique_ptr<Method>& method : table.methods()) {
    if (method != nullptr) methods_[method->facts.name] = method.get();
  }
}

const Method* LocalMethods::Find(std::string_view name) const {
  const absl::ReaderMutexLock lock(&mutex_);
  const auto found = methods_.find(absl::string_view(name.data(), name.size()));
  return found == methods_.end() ? nullptr : found->second;
}

}  // namespace dramatis
