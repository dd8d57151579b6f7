#include "services/cli/definition_options.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/cli/terminal.h"
#include "services/cli/verb.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;

constexpr uint64_t kSegment = uint64_t{1} << 20;
constexpr uint64_t kUsualStorage = uint64_t{512} << 20;
constexpr size_t kPiece = size_t{1} << 20;

uint64_t WholeSegments(uint64_t bytes) {
  return (bytes + kSegment - 1) / kSegment * kSegment;
}

absl::StatusOr<uint64_t> LengthOf(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " isn't a file"));
  }
  if (status.st_size == 0) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  return static_cast<uint64_t>(status.st_size);
}

absl::StatusOr<v1::Image> AddImage(Definition& definition, const std::string& path,
                                   const std::string& purpose) {
  const absl::StatusOr<uint64_t> length = LengthOf(path);
  if (!length.ok()) return length.status();
  std::string id = absl::StrCat(definition.machine_id, "-", purpose);
  // Ids have at most 63 characters.
  if (id.size() > 63) id = absl::StrCat(RandomName(), "-", purpose);
  definition.uploads.push_back({path, id, *length});
  v1::Image image;
  image.set_memory("memories/" + id);
  image.set_length(static_cast<int64_t>(*length));
  return image;
}

bool IsElf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> magic{};
  file.read(magic.data(), magic.size());
  return std::string(magic.data(), magic.size()) == "\177ELF";
}

absl::Status AddBoot(const Arguments& arguments, Definition& definition) {
  const std::string kernel = arguments.Value("kernel");
  if (kernel.empty()) {
    if (!arguments.Has("initrd") && !arguments.Has("append")) return absl::OkStatus();
    return absl::InvalidArgumentError("--initrd and --append need a --kernel");
  }
  absl::StatusOr<v1::Image> image = AddImage(definition, kernel, "kernel");
  if (!image.ok()) return image.status();
  v1::Boot& boot = *definition.machine.mutable_boot();
  // An ELF file may be Linux as well; only a kernel takes an initial RAM disk.
  if (IsElf(kernel) && !arguments.Has("initrd")) {
    *boot.mutable_elf()->mutable_image() = *image;
    boot.mutable_elf()->set_command_line(arguments.Value("append"));
    return absl::OkStatus();
  }
  *boot.mutable_linux()->mutable_kernel() = *image;
  boot.mutable_linux()->set_command_line(arguments.Value("append"));
  if (!arguments.Has("initrd")) return absl::OkStatus();
  absl::StatusOr<v1::Image> initrd = AddImage(definition, arguments.Value("initrd"), "initrd");
  if (!initrd.ok()) return initrd.status();
  *boot.mutable_linux()->mutable_initrd() = *initrd;
  return absl::OkStatus();
}

// FILE or image:NAME, each perhaps with ,ro behind it.
absl::Status AddDisk(const std::string& text, int number, Definition& definition) {
  std::string backing = text;
  v1::Disk& disk = *definition.machine.add_devices()->mutable_disk();
  if (backing.ends_with(",ro")) {
    disk.set_read_only(true);
    backing.resize(backing.size() - 3);
  }
  if (backing.starts_with("image:")) {
    disk.set_image(backing.substr(6));
    return absl::OkStatus();
  }
  absl::StatusOr<v1::Image> image = AddImage(definition, backing, absl::StrCat("disk", number));
  if (!image.ok()) return image.status();
  disk.set_memory(image->memory());
  return absl::OkStatus();
}

// [udp:]HOST:GUEST.
absl::Status AddPort(const std::string& text, v1::Network& network) {
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  v1::PortForward& forward = *network.add_port_forwards();
  if (parts.size() == 3 && (parts[0] == "tcp" || parts[0] == "udp")) {
    forward.set_protocol(parts[0] == "udp" ? v1::PortForward::PROTOCOL_UDP
                                           : v1::PortForward::PROTOCOL_TCP);
    parts.erase(parts.begin());
  }
  int32_t host = 0;
  int32_t guest = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &host) ||
      !absl::SimpleAtoi(parts[1], &guest)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--port is [udp:]HOSTPORT:GUESTPORT, not '", text, "'"));
  }
  forward.set_host_port(host);
  forward.set_guest_port(guest);
  return absl::OkStatus();
}

}  // namespace

std::string RandomName() {
  std::array<unsigned char, 8> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) < 0) bytes.fill(7);
  constexpr char kCharacters[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string name = "vm-";
  for (const unsigned char byte : bytes) name += kCharacters[byte % 32];
  return name;
}

absl::StatusOr<Definition> DefinitionOf(const Arguments& arguments, const std::string& machine_id) {
  Definition definition;
  definition.machine_id = machine_id.empty() ? RandomName() : ShortName(machine_id);
  v1::Machine& machine = definition.machine;
  const absl::StatusOr<uint64_t> storage =
      ParseSize(arguments.Value("memory", absl::StrCat(kUsualStorage)));
  if (!storage.ok()) return storage.status();
  machine.set_storage_bytes(static_cast<int64_t>(WholeSegments(*storage)));
  const absl::StatusOr<int64_t> cpus = arguments.Number("cpus", 1, 1, 248);
  if (!cpus.ok()) return cpus.status();
  machine.set_vcpu_count(static_cast<int32_t>(*cpus));
  machine.set_display_name(arguments.Value("title"));
  if (arguments.Has("ttl")) {
    const absl::StatusOr<int64_t> ttl = ParseSeconds(arguments.Value("ttl"));
    if (!ttl.ok()) return ttl.status();
    machine.mutable_ttl()->set_seconds(*ttl);
  }
  if (arguments.Has("client-monitor")) machine.set_monitor(v1::MONITOR_CLIENT);
  for (const std::string& label : arguments.Values("label")) {
    const size_t equals = label.find('=');
    if (equals == label.npos) {
      return absl::InvalidArgumentError(absl::StrCat("--label is KEY=VALUE, not '", label, "'"));
    }
    (*machine.mutable_labels())[label.substr(0, equals)] = label.substr(equals + 1);
  }
  if (absl::Status status = AddBoot(arguments, definition); !status.ok()) return status;
  int disks = 0;
  for (const std::string& disk : arguments.Values("disk")) {
    if (absl::Status status = AddDisk(disk, disks++, definition); !status.ok()) return status;
  }
  if (arguments.Has("net") || arguments.Has("port")) {
    v1::Network& network = *machine.add_devices()->mutable_network();
    for (const std::string& port : arguments.Values("port")) {
      if (absl::Status status = AddPort(port, network); !status.ok()) return status;
    }
  }
  machine.add_devices()->mutable_random_source();
  return definition;
}

absl::Status SendUploads(Client& client, const Definition& definition) {
  for (const Upload& upload : definition.uploads) {
    v1::CreateMemoryRequest create;
    create.set_memory_id(upload.memory_id);
    create.mutable_memory()->set_size_bytes(static_cast<int64_t>(WholeSegments(upload.length)));
    create.mutable_memory()->set_machine("machines/" + definition.machine_id);
    const auto memory = client.Call(create);
    if (!memory.ok()) return memory.status();
    std::ifstream file(upload.path, std::ios::binary);
    if (!file) return absl::NotFoundError(absl::StrCat(upload.path, " can't be read"));
    Progress progress(upload.memory_id.substr(upload.memory_id.rfind('-') + 1), upload.length);
    uint64_t sent = 0;
    const auto written = client.Write([&](v1::WriteMemoryRequest& request) {
      if (sent == 0) request.set_name(memory->name());
      std::string& piece = *request.mutable_content();
      piece.resize(kPiece);
      file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      piece.resize(static_cast<size_t>(file.gcount()));
      sent += piece.size();
      progress.Show(std::min(sent, upload.length));
      return !piece.empty();
    });
    if (!written.ok()) return written.status();
    if (static_cast<uint64_t>(written->committed_bytes()) != upload.length) {
      return absl::DataLossError(absl::StrCat(upload.path, " changed while it was read"));
    }
  }
  return absl::OkStatus();
}

}  // namespace services::cli
