// Runs an ELF file of compute kernels on SIE with nothing around it: the service calls that print,
// and the SIGP that stops the CPU, are all that leaves the guest.
//
//   run_kernels FILE     prints each line of the guest, how many instructions it took, and how many
//                        microseconds of CPU time
//   run_kernels FILE N   as many CPUs at once run it, each in storage of its own; prints how many
//                        microseconds that took, and how many of CPU time
//
// UCONTROL_ENGINE in the environment names the engine.
#include <sys/mman.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hypervisor/core/software_device.h"
#include "hypervisor/sie/sie.h"
#include "hypervisor/storage/byte_order.h"
#include "hypervisor/uapi/capability.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {
namespace {

constexpr uint64_t kStorage = uint64_t{64} << 20;
constexpr uint64_t kSegment = uint64_t{1} << 20;

template <typename T>
T At(const std::vector<char>& file, uint64_t offset) {
  if (offset + sizeof(T) > file.size()) return 0;
  return LoadStorage<T>(file.data() + offset);
}

// The entry point; 0 if the file is no ELF file for us.
uint64_t LoadElf(const char* path, uint8_t* storage) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> file{std::istreambuf_iterator<char>(stream), {}};
  if (file.size() < 64 || std::memcmp(file.data(),
                                      "\x7f"
                                      "ELF",
                                      4) != 0)
    return 0;
  const uint64_t headers = At<uint64_t>(file, 32);
  for (uint16_t i = 0; i < At<uint16_t>(file, 56); ++i) {
    const uint64_t header = headers + uint64_t{i} * 56;
    const auto from = At<uint64_t>(file, header + 8);
    const auto to = At<uint64_t>(file, header + 24);
    const auto size = At<uint64_t>(file, header + 32);
    if (At<uint32_t>(file, header) != 1 || size == 0) continue;  // PT_LOAD
    if (to > kStorage || size > kStorage - to || from + size > file.size()) return 0;
    std::memcpy(storage + to, file.data() + from, size);
  }
  return At<uint64_t>(file, 24);
}

// The text of a Write Event Data block, without its line end; empty for other blocks.
std::string Printed(const uint8_t* block) {
  constexpr int kHeader = 14;
  const auto length = LoadStorage<uint16_t>(block);
  if (length <= kHeader || block[10] != 0x1a) return {};
  std::string text(reinterpret_cast<const char*>(block) + kHeader, length - kHeader);
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

double Seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// CPUs of one machine, each with storage of its own.
class Kernels {
 public:
  Kernels() {
    vm_ = static_cast<int>(device_.Ioctl(device_.Open(), uapi::kCreateVm, 1));
    uapi::EnableCap vectors{};
    vectors.cap = uapi::kCapS390VectorRegisters;
    device_.Ioctl(vm_, uapi::kEnableCap, reinterpret_cast<uint64_t>(&vectors));
  }

  // A CPU about to run the file; false if that can't be.
  bool Add(const char* path) {
    auto* space = static_cast<uint8_t*>(mmap(nullptr, kStorage + kSegment, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    Cpu cpu;
    cpu.storage = space + (kSegment - reinterpret_cast<uintptr_t>(space) % kSegment) % kSegment;
    const uint64_t entry = LoadElf(path, cpu.storage);
    if (entry == 0) return false;
    cpu.file = static_cast<int>(device_.Ioctl(vm_, uapi::kCreateVcpu, cpus_.size()));
    cpu.sie = made_;
    uapi::UcasMapping mapping{reinterpret_cast<uint64_t>(cpu.storage), 0, kStorage};
    if (device_.Ioctl(cpu.file, uapi::kUcasMap, reinterpret_cast<uint64_t>(&mapping)) < 0)
      return false;
    cpu.run = static_cast<uapi::Run*>(device_.Mmap(cpu.file, 0));
    cpu.block = static_cast<uapi::SieBlock*>(device_.Mmap(cpu.file, uapi::kSiePageOffset));
    cpu.block->cpuflags &= ~uapi::kCpuStopped;
    cpu.run->psw_mask = 0x0000000180000000;
    cpu.run->psw_addr = entry;
    cpus_.push_back(cpu);
    return true;
  }

  // A CPU's kernels, to the end; whether that is reached.
  bool Run(size_t number, bool prints) {
    const Cpu& cpu = cpus_[number];
    uapi::Run& run = *cpu.run;
    const uapi::SieBlock& block = *cpu.block;
    uint64_t instructions = 0;
    double seconds = Seconds(CLOCK_THREAD_CPUTIME_ID);
    for (;;) {
      if (device_.Ioctl(cpu.file, uapi::kRun, 0) != 0) return false;
      if (run.exit_reason != static_cast<uint32_t>(uapi::ExitReason::kSieIntercept)) return false;
      if (block.ipa >> 8 == 0xae) return true;  // SIGP
      if (block.icptcode != 0x04 || block.ipa != 0xb220) {
        std::fprintf(stderr, "interception %02x %04x %08x at %llx\n", block.icptcode, block.ipa,
                     block.ipb, static_cast<unsigned long long>(run.psw_addr));
        return false;
      }
      const uint64_t address = run.s.regs.gprs[block.ipb >> 16 & 0xf] & 0x7fffffff;
      const std::string text = address < kStorage - 4096 ? Printed(cpu.storage + address) : "";
      run.psw_mask &= ~Psw::kConditionCode;
      if (text.empty() || !prints) continue;
      const double now = Seconds(CLOCK_THREAD_CPUTIME_ID);
      std::printf("%s %llu %.0f\n", text.c_str(),
                  static_cast<unsigned long long>(cpu.sie->instructions() - instructions),
                  (now - seconds) * 1e6);
      std::fflush(stdout);
      instructions = cpu.sie->instructions();
      seconds = Seconds(CLOCK_THREAD_CPUTIME_ID);
    }
  }

 private:
  struct Cpu {
    uint8_t* storage = nullptr;
    int file = 0;
    const Sie* sie = nullptr;
    uapi::Run* run = nullptr;
    uapi::SieBlock* block = nullptr;
  };

  const Sie* made_ = nullptr;  // the latest engine
  SoftwareDevice device_{{.engine = [this](const SieEnvironment& environment) {
    auto engine = MakeEngine(environment);
    made_ = engine.get();
    return engine;
  }}};
  int vm_ = 0;
  std::vector<Cpu> cpus_;
};

int RunOne(const char* path) {
  Kernels kernels;
  return kernels.Add(path) && kernels.Run(0, true) ? 0 : 1;
}

int RunMany(const char* path, size_t count) {
  Kernels kernels;
  for (size_t number = 0; number < count; ++number) {
    if (!kernels.Add(path)) return 1;
  }
  std::atomic<bool> all = true;
  const double begun = Seconds(CLOCK_MONOTONIC);
  const double used = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  std::vector<std::thread> threads;
  for (size_t number = 0; number < count; ++number) {
    threads.emplace_back([&kernels, &all, number] {
      if (!kernels.Run(number, false)) all = false;
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("%.0f %.0f\n", (Seconds(CLOCK_MONOTONIC) - begun) * 1e6,
              (Seconds(CLOCK_PROCESS_CPUTIME_ID) - used) * 1e6);
  return all ? 0 : 1;
}

}  // namespace
}  // namespace hypervisor

int main(int argc, char** argv) {
  const int cpus = argc == 3 ? std::atoi(argv[2]) : 0;
  if (cpus > 0) return hypervisor::RunMany(argv[1], static_cast<size_t>(cpus));
  return argc == 2 ? hypervisor::RunOne(argv[1]) : 2;
}
