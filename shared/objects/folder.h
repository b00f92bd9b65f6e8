// Objects as files under one folder, for a deployment on one machine. A key is the file's path.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/objects/objects.h"

namespace dramatis::objects {

class FolderObjects : public Objects {
 public:
  // The folder is made with the first object.
  explicit FolderObjects(std::filesystem::path folder);

  absl::Status Put(const std::string& key, const Pieces& next) override;
  absl::StatusOr<ObjectInfo> Get(const std::string& key, const Sink& sink) override;
  absl::StatusOr<ObjectInfo> Look(const std::string& key) override;
  absl::Status Delete(const std::string& key) override;
  // Reads the names of all files whose key begins with `prefix`.
  absl::StatusOr<std::vector<ObjectInfo>> List(const std::string& prefix,
                                               const std::string& after,
                                               int most) override;

 private:
  // Where bodies are written before they get their name; what a killed process left there goes with
  // the first Put a day later.
  std::filesystem::path Unfinished() const { return folder_ / ".unfinished"; }
  absl::Status Publish(const std::filesystem::path& written, const std::string& key) const;
  void RemoveLeftovers() const;
  absl::StatusOr<std::vector<std::string>> Keys(const std::string& prefix,
                                                const std::string& after) const;

  const std::filesystem::path folder_;
};

}  // namespace dramatis::objects
