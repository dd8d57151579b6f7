#include "services/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <exception>
#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"

namespace services {
namespace {

class Sampler final : public prometheus::Collectable {
 public:
  void Set(std::function<std::vector<Sample>()> look) {
    std::lock_guard lock(mutex_);
    look_ = std::move(look);
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::lock_guard lock(mutex_);
    if (!look_) return {};
    std::map<std::string, prometheus::MetricFamily> families;
    for (const Sample& sample : look_()) {
      prometheus::MetricFamily& family = families[sample.name];
      family.name = sample.name;
      family.help = sample.help;
      family.type =
          sample.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
      prometheus::ClientMetric metric;
      for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
      (sample.is_counter ? metric.counter.value : metric.gauge.value) = sample.value;
      family.metric.push_back(std::move(metric));
    }
    std::vector<prometheus::MetricFamily> result;
    for (auto& [name, family] : families) result.push_back(std::move(family));
    return result;
  }

 private:
  mutable std::mutex mutex_;
  std::function<std::vector<Sample>()> look_;
};

const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10};

}  // namespace

struct Metrics::Parts {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::shared_ptr<Sampler> sampler = std::make_shared<Sampler>();
  prometheus::Family<prometheus::Counter>& calls =
      prometheus::BuildCounter()
          .Name("ucontrol_calls_total")
          .Help("Calls that were answered, by method and code")
          .Register(*registry);
  prometheus::Family<prometheus::Histogram>& seconds = prometheus::BuildHistogram()
                                                           .Name("ucontrol_call_seconds")
                                                           .Help("How long unary calls took")
                                                           .Register(*registry);
  prometheus::Gauge& streams = prometheus::BuildGauge()
                                   .Name("ucontrol_open_streams")
                                   .Help("Streams that are open")
                                   .Register(*registry)
                                   .Add({});
  prometheus::Counter& console_bytes = prometheus::BuildCounter()
                                           .Name("ucontrol_console_bytes_total")
                                           .Help("Bytes that guests wrote to their consoles")
                                           .Register(*registry)
                                           .Add({});
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics() : parts_(std::make_unique<Parts>()) {}

Metrics::~Metrics() = default;

void Metrics::CountCall(const char* method, const std::string& code, double seconds) {
  parts_->calls.Add({{"method", method}, {"code", code}}).Increment();
  if (seconds >= 0) parts_->seconds.Add({{"method", method}}, kSeconds).Observe(seconds);
}

void Metrics::AddOpenStreams(int change) {
  parts_->streams.Increment(change);
}

void Metrics::CountConsoleBytes(double bytes) {
  parts_->console_bytes.Increment(bytes);
}

void Metrics::SetSampler(std::function<std::vector<Sample>()> look) {
  parts_->sampler->Set(std::move(look));
}

absl::Status Metrics::Serve(const std::string& address) {
  // The library throws if it can't listen.
  try {
    parts_->exposer = std::make_unique<prometheus::Exposer>(address, 1);
  } catch (const std::exception& failure) {
    return absl::UnavailableError(absl::StrCat("metrics at ", address, ": ", failure.what()));
  }
  parts_->exposer->RegisterCollectable(parts_->registry);
  parts_->exposer->RegisterCollectable(parts_->sampler);
  return absl::OkStatus();
}

}  // namespace services
