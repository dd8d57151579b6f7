// Latencies of many threads, and what is said of them.
#ifndef TESTS_BENCHMARKS_SERVICES_MEASURE_H_
#define TESTS_BENCHMARKS_SERVICES_MEASURE_H_

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace benchmark {

using Clock = std::chrono::steady_clock;

inline double SecondsSince(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// Runs `act(thread, round)` for `rounds` rounds on each of `threads` threads. A row of a table:
// calls a second, median, 99th percentile.
inline void Measure(const char* what, int threads, int rounds,
                    const std::function<void(int, int)>& act) {
  std::mutex mutex;
  std::vector<double> all;
  const auto began = Clock::now();
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      std::vector<double> own;
      for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        act(thread, round);
        own.push_back(SecondsSince(start));
      }
      const std::lock_guard lock(mutex);
      all.insert(all.end(), own.begin(), own.end());
    });
  }
  for (std::thread& thread : running) thread.join();
  const double seconds = SecondsSince(began);
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all[std::min(all.size() - 1, static_cast<size_t>(part * all.size()))] * 1e3;
  };
  std::printf("%-18s %7d %10.0f %10.2f %10.2f\n", what, threads, all.size() / seconds, at(0.5),
              at(0.99));
  std::fflush(stdout);
}

}  // namespace benchmark

#endif  // TESTS_BENCHMARKS_SERVICES_MEASURE_H_
