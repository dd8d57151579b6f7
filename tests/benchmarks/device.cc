// What the software device costs: KVM_RUN and back, a kick, mappings, an idle vCPU.
//
// Prints one line for each figure. Times are of the monotonic clock; a percentile is of all
// samples.
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <thread>
#include <vector>

#include "hypervisor/core/software_device.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kCode = 0x1000;

double Nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

void Print(const char* what, double value, const char* unit) {
  std::printf("%-58s %12.1f %s\n", what, value, unit);
  std::fflush(stdout);
}

// At `percent` of the sorted samples.
double Percentile(const std::vector<double>& sorted, double percent) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<size_t>(last * percent / 100)];
}

int64_t Check(int64_t result, const char* what) {
  if (result >= 0) return result;
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(static_cast<int>(-result)));
  std::exit(1);
}

// 1 MiB, aligned, that all guests here run in.
uint8_t* Storage() {
  static uint8_t* const storage = [] {
    auto* space = static_cast<uint8_t*>(
        mmap(nullptr, 2 * kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    const auto start = reinterpret_cast<uintptr_t>(space);
    return space + (kMiB - start % kMiB) % kMiB;
  }();
  return storage;
}

class Guest {
 public:
  Guest(Device& device, int vm, uint64_t id) : device_(device) {
    vcpu_ = static_cast<int>(Check(device.Ioctl(vm, uapi::kCreateVcpu, id), "KVM_CREATE_VCPU"));
    run_ = static_cast<uapi::Run*>(device.Mmap(vcpu_, 0));
    block_ = static_cast<uapi::SieBlock*>(device.Mmap(vcpu_, uapi::kSiePageOffset));
    block_->cpuflags &= ~uapi::kCpuStopped;
    run_->psw_mask = 0x0000000180000000;
    run_->psw_addr = kCode;
  }

  static void Load(std::initializer_list<uint8_t> program) {
    std::copy(program.begin(), program.end(), Storage() + kCode);
  }
  int64_t Map(uint64_t user, uint64_t vcpu_addr, uint64_t length) {
    uapi::UcasMapping mapping{user, vcpu_addr, length};
    return device_.Ioctl(vcpu_, uapi::kUcasMap, reinterpret_cast<uint64_t>(&mapping));
  }
  int64_t Unmap(uint64_t vcpu_addr, uint64_t length) {
    uapi::UcasMapping mapping{0, vcpu_addr, length};
    return device_.Ioctl(vcpu_, uapi::kUcasUnmap, reinterpret_cast<uint64_t>(&mapping));
  }
  void MapStorage() {
    Check(Map(reinterpret_cast<uint64_t>(Storage()), 0, kMiB), "KVM_S390_UCAS_MAP");
  }
  int64_t Run() { return device_.Ioctl(vcpu_, uapi::kRun, 0); }
  void Kick() { device_.Kick(vcpu_); }

 private:
  Device& device_;
  int vcpu_;
  uapi::Run* run_;
  uapi::SieBlock* block_;
};

int NewVm(Device& device, int system) {
  return static_cast<int>(Check(device.Ioctl(system, uapi::kCreateVm, uapi::kUcontrolVm), "VM"));
}

void RoundTrip(SoftwareDevice& device, int system, int rounds) {
  Guest guest(device, NewVm(device, system), 0);
  guest.MapStorage();
  Guest::Load({0x83, 0x00, 0x05, 0x00, 0xa7, 0xf4, 0xff, 0xfe});  // 0: diag 0,0,0x500; j 0b
  constexpr int kBatch = 500;  // so short that some are not interrupted
  std::vector<double> batches;
  for (int i = 0; i < rounds; ++i) {
    const double begun = Nanoseconds();
    for (int j = 0; j < kBatch; ++j) Check(guest.Run(), "KVM_RUN");
    batches.push_back((Nanoseconds() - begun) / kBatch);
  }
  std::sort(batches.begin(), batches.end());
  Print("KVM_RUN to user space and back, least of the batches", batches.front(), "ns");
  Print("KVM_RUN to user space and back, median of the batches", Percentile(batches, 50), "ns");
}

// From Kick to KVM_RUN's return on the looping guest's thread.
void KickLatency(SoftwareDevice& device, int system, int rounds) {
  Guest guest(device, NewVm(device, system), 0);
  guest.MapStorage();
  Guest::Load({0xa7, 0xf4, 0x00, 0x00});  // 0: j 0b
  std::atomic<int> entered = 0;
  std::atomic<double> returned = 0;
  std::thread runner([&] {
    for (int i = 0; i < rounds; ++i) {
      ++entered;
      if (guest.Run() != -EINTR) std::exit(1);
      returned.store(Nanoseconds());
    }
  });
  std::vector<double> samples;
  for (int i = 1; i <= rounds; ++i) {
    while (entered.load() < i) std::this_thread::yield();
    usleep(static_cast<useconds_t>(200 + i % 7 * 50));  // it is in the guest by then
    returned = 0;
    const double begun = Nanoseconds();
    guest.Kick();
    while (returned.load() == 0) usleep(50);
    samples.push_back((returned.load() - begun) / 1000);
  }
  runner.join();
  std::sort(samples.begin(), samples.end());
  Print("a kick until KVM_RUN has returned, median", Percentile(samples, 50), "us");
  Print("a kick until KVM_RUN has returned, 99 of 100", Percentile(samples, 99), "us");
  Print("a kick until KVM_RUN has returned, worst", samples.back(), "us");
}

void Mappings(SoftwareDevice& device, int system, int rounds) {
  Guest guest(device, NewVm(device, system), 0);
  const auto user = reinterpret_cast<uint64_t>(Storage());
  const struct {
    uint64_t length;
    const char* map;
    const char* unmap;
  } rows[] = {
      {kMiB, "KVM_S390_UCAS_MAP of 1 MiB", "KVM_S390_UCAS_UNMAP of 1 MiB"},
      {kGiB, "KVM_S390_UCAS_MAP of 1 GiB", "KVM_S390_UCAS_UNMAP of 1 GiB"},
  };
  for (const auto& row : rows) {
    std::vector<double> maps, unmaps;
    for (int i = 0; i < rounds; ++i) {
      const uint64_t at = static_cast<uint64_t>(i) % 512 * row.length;
      const double begun = Nanoseconds();
      Check(guest.Map(user, at, row.length), row.map);
      const double mapped = Nanoseconds();
      Check(guest.Unmap(at, row.length), row.unmap);
      maps.push_back(mapped - begun);
      unmaps.push_back(Nanoseconds() - mapped);
    }
    std::sort(maps.begin(), maps.end());
    std::sort(unmaps.begin(), unmaps.end());
    Print(row.map, Percentile(maps, 50), "ns");
    Print(row.unmap, Percentile(unmaps, 50), "ns");
  }
}

double ResidentBytes() {
  unsigned long size = 0, resident = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file || std::fscanf(file, "%lu %lu", &size, &resident) != 2) std::exit(1);
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// A vCPU that was created, and one that has run a loop of two instructions.
void IdleVcpus(int vms, int vcpus, const char* created, const char* ran) {
  SoftwareDevice device;
  const int system = device.Open();
  Guest::Load({0x83, 0x00, 0x05, 0x00, 0xa7, 0xf4, 0xff, 0xfe});
  std::vector<Guest> guests;
  guests.reserve(static_cast<size_t>(vms) * static_cast<size_t>(vcpus));
  const double before = ResidentBytes();
  for (int i = 0; i < vms; ++i) {
    const int vm = NewVm(device, system);
    for (int j = 0; j < vcpus; ++j) guests.emplace_back(device, vm, static_cast<uint64_t>(j));
  }
  const auto count = static_cast<double>(guests.size());
  Print(created, (ResidentBytes() - before) / count, "bytes");
  for (Guest& guest : guests) {
    guest.MapStorage();
    Check(guest.Run(), "KVM_RUN");
  }
  Print(ran, (ResidentBytes() - before) / count, "bytes");
}

}  // namespace
}  // namespace hypervisor

int main(int argc, char** argv) {
  const bool round_trip_only = argc > 1 && std::strcmp(argv[1], "round_trip") == 0;
  hypervisor::SoftwareDevice device;
  const int system = device.Open();
  hypervisor::RoundTrip(device, system, 4000);
  if (round_trip_only) return 0;
  hypervisor::KickLatency(device, system, 1000);
  hypervisor::Mappings(device, system, 10000);
  hypervisor::IdleVcpus(1, 250, "a vCPU, created: resident, 250 in a VM",
                        "... and after a KVM_RUN");
  hypervisor::IdleVcpus(250, 1, "a VM and its vCPU, created: resident", "... and after a KVM_RUN");
}
