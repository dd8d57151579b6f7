#include "tests/differential/qemu_user.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "hypervisor/storage/byte_order.h"

namespace hypervisor {
namespace {

constexpr char kRunner[] = "tests/differential/runner";

void Swap(auto& number) {
  number = StorageOrder(number);
}

Vector InFileOrder(Vector vector) {
  Swap(vector.fpc);
  Swap(vector.memory_seed);
  for (auto& r : vector.gpr) Swap(r);
  for (auto& r : vector.fpr) Swap(r);
  for (auto& r : vector.vr_low) Swap(r);
  for (auto& r : vector.vr_high) {
    Swap(r[0]);
    Swap(r[1]);
  }
  for (auto& r : vector.ar) Swap(r);
  return vector;
}

Answer FromFileOrder(Answer answer) {
  Swap(answer.signal);
  Swap(answer.signal_code);
  Swap(answer.address);
  Swap(answer.fpc);
  Swap(answer.memory_hash);
  for (auto& r : answer.gpr) Swap(r);
  for (auto& r : answer.fpr) Swap(r);
  for (auto& r : answer.vr_low) Swap(r);
  for (auto& r : answer.vr_high) {
    Swap(r[0]);
    Swap(r[1]);
  }
  for (auto& r : answer.ar) Swap(r);
  return answer;
}

// What the runner answers, byte by byte.
std::string Run(const std::vector<Vector>& vectors) {
  const char* temporary = std::getenv("TEST_TMPDIR");
  const std::string base =
      std::string(temporary ? temporary : "/tmp") + "/differential." + std::to_string(getpid());
  const std::string question = base + ".vectors";
  const std::string reply = base + ".answers";
  std::filesystem::remove(reply);
  {
    std::ofstream file(question, std::ios::binary);
    for (const Vector& vector : vectors) {
      const Vector ordered = InFileOrder(vector);
      file.write(reinterpret_cast<const char*>(&ordered), sizeof(ordered));
    }
  }
  const std::string command =
      "timeout 60 " + QemuUser() + " -cpu max " + kRunner + " " + question + " " + reply;
  std::string answers;
  if (std::system(command.c_str()) == 0) {
    std::ifstream file(reply, std::ios::binary);
    answers.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::filesystem::remove(question);
  std::filesystem::remove(reply);
  return answers;
}

}  // namespace

std::string QemuUser() {
  for (const char* path : {"/usr/bin/qemu-s390x-static", "/usr/bin/qemu-s390x"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

std::vector<Answer> AskQemu(const std::vector<Vector>& vectors) {
  const std::string bytes = Run(vectors);
  std::vector<Answer> answers(bytes.size() / sizeof(Answer));
  bytes.copy(reinterpret_cast<char*>(answers.data()), answers.size() * sizeof(Answer));
  for (Answer& answer : answers) answer = FromFileOrder(answer);
  return answers;
}

std::vector<uint8_t> WindowsOfQemu(const Vector& vector) {
  Vector dumped = vector;
  dumped.dump = 1;
  dumped.new_code = 1;
  const std::string bytes = Run({dumped});
  if (bytes.size() < sizeof(Answer)) return {};
  return {bytes.begin() + sizeof(Answer), bytes.end()};
}

}  // namespace hypervisor
