// A ucontrold of one's own, and clients of it.
#ifndef TESTS_BENCHMARKS_SERVICES_DAEMON_H_
#define TESTS_BENCHMARKS_SERVICES_DAEMON_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "ucontrol/v1/address_space.grpc.pb.h"
#include "ucontrol/v1/console.grpc.pb.h"
#include "ucontrol/v1/event.grpc.pb.h"
#include "ucontrol/v1/interrupt.grpc.pb.h"
#include "ucontrol/v1/machine.grpc.pb.h"
#include "ucontrol/v1/memory.grpc.pb.h"

namespace benchmark {

namespace v1 = ucontrol::v1;

// With a connection of its own. What is refused ends the program.
class Client {
 public:
  explicit Client(const std::string& address);

  void Create(const std::string& name, uint64_t storage_bytes, const v1::Image* image = nullptr);
  void Start(const std::string& name);
  void Delete(const std::string& name);
  void Get(const std::string& name);
  void Label(const std::string& name, const std::string& value);
  // A memory with the file's bytes.
  v1::Image Upload(const std::string& memory, const std::string& path);
  void Map(const std::string& machine, const std::string& memory, uint64_t vcpu_address);
  void Inject(const std::string& machine);

  v1::Consoles::Stub& consoles() { return consoles_; }
  v1::Events::Stub& events() { return events_; }

 private:
  explicit Client(const std::shared_ptr<grpc::Channel>& channel);

  v1::Machines::Stub machines_;
  v1::Memories::Stub memories_;
  v1::AddressSpaces::Stub address_spaces_;
  v1::Interrupts::Stub interrupts_;
  v1::Consoles::Stub consoles_;
  v1::Events::Stub events_;
};

// A console that is written to and read from.
class Typist {
 public:
  Typist(Client& client, const std::string& machine);
  ~Typist();

  // Until the output has this text, which nothing before had.
  void Await(const std::string& text);
  void Type(const std::string& text);

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AttachConsoleRequest, v1::AttachConsoleResponse>>
      stream_;
  std::string output_;
};

class Daemon {
 public:
  explicit Daemon(const std::string& program);
  ~Daemon();

  const std::string& address() const { return address_; }

  // VmRSS, in bytes, memfds that are touched included.
  uint64_t ResidentBytes() const;
  // Of all its threads so far.
  double CpuSeconds() const;

 private:
  std::string directory_;
  std::string address_;
  pid_t pid_ = -1;
};

}  // namespace benchmark

#endif  // TESTS_BENCHMARKS_SERVICES_DAEMON_H_
