// What Prometheus is told.
#ifndef SERVICES_METRICS_H_
#define SERVICES_METRICS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace services {

// One number among what is looked up only when somebody asks.
struct Sample {
  std::string name;
  std::string help;
  bool is_counter = false;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

// Any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // A call was answered. `method` is one of the API's, `code` a canonical code's name.
  void CountCall(const char* method, const std::string& code, double seconds);
  void AddOpenStreams(int change);
  void CountConsoleBytes(double bytes);

  // Adds what `look` finds to every answer.
  void SetSampler(std::function<std::vector<Sample>()> look);

  // At http://ADDRESS/metrics until the end.
  absl::Status Serve(const std::string& address);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace services

#endif  // SERVICES_METRICS_H_
