#include "services/cli/verbs_storage.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/output.h"
#include "services/cli/terminal.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;

constexpr size_t kPiece = size_t{1} << 20;

// machines/NAME, or one of its vCPUs with --cpu.
absl::StatusOr<std::string> TargetOf(const Invocation& invocation) {
  auto machine = invocation.Machine();
  if (!machine.ok() || !invocation.arguments().Has("cpu")) return machine;
  return absl::StrCat(*machine, "/vcpus/", invocation.arguments().Value("cpu"));
}

absl::StatusOr<uint64_t> SizeAt(const Invocation& invocation, size_t word, const char* what) {
  const std::string text = invocation.arguments().word(word);
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat("the ", what, " is missing"));
  return ParseSize(text);
}

absl::StatusOr<uint64_t> SizeOption(const Invocation& invocation, const char* option) {
  return ParseSize(invocation.arguments().Value(option, "0"));
}

absl::StatusOr<int> ListMemories(Invocation& invocation, Client& client) {
  Table table({"NAME", "SIZE", "STATE", "MACHINE", "AGE", "OWNER"});
  v1::ListMemoriesRequest request;
  request.set_page_size(1000);
  v1::ListMemoriesResponse all;
  do {
    const auto page = client.Call(request);
    if (!page.ok()) return page.status();
    all.MergeFrom(*page);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  if (invocation.format() == Format::kJson) {
    PrintJson(all, /*one_line=*/false);
    return 0;
  }
  for (const v1::Memory& memory : all.memories()) {
    if (invocation.format() == Format::kNames) {
      std::printf("%s\n", ShortName(memory.name()).c_str());
    }
    table.Add({ShortName(memory.name()), ShowBytes(memory.size_bytes()),
               WithoutPrefix(v1::MemoryState_Name(memory.state()), "MEMORY_STATE_"),
               ShortName(memory.machine()), ShowAge(memory.create_time()),
               Printable(memory.owner())});
  }
  if (invocation.format() == Format::kTable) table.Print();
  return 0;
}

absl::StatusOr<int> CreateMemory(const Invocation& invocation, Client& client) {
  const auto name = invocation.Memory(1);
  if (!name.ok()) return name.status();
  const auto size = SizeAt(invocation, 2, "size");
  if (!size.ok()) return size.status();
  v1::CreateMemoryRequest request;
  request.set_memory_id(ShortName(*name));
  request.mutable_memory()->set_size_bytes(static_cast<int64_t>(*size));
  const auto memory = client.Call(request);
  if (!memory.ok()) return memory.status();
  std::printf("%s\n", ShortName(memory->name()).c_str());
  return 0;
}

absl::StatusOr<int> RemoveMemory(const Invocation& invocation, Client& client) {
  const auto name = invocation.Memory(1);
  if (!name.ok()) return name.status();
  v1::DeleteMemoryRequest request;
  request.set_name(*name);
  const auto deleted = client.Call(request);
  if (!deleted.ok()) return deleted.status();
  std::printf("%s\n", ShortName(*name).c_str());
  return 0;
}

// A memory's name, or machines/NAME for a machine's storage.
std::string BytesName(const std::string& word) {
  return word.starts_with("machines/") ? word : MemoryName(word);
}

void PrintHex(uint64_t offset, const std::string& bytes) {
  for (size_t i = 0; i < bytes.size(); i += 16) {
    std::string line = absl::StrFormat("%012x ", offset + i);
    std::string text;
    for (size_t j = i; j < std::min(i + 16, bytes.size()); ++j) {
      const auto byte = static_cast<unsigned char>(bytes[j]);
      absl::StrAppendFormat(&line, "%s%02x", j % 4 == 0 ? " " : "", byte);
      text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    std::printf("%-50s |%s|\n", line.c_str(), text.c_str());
  }
}

absl::StatusOr<int> ReadMemory(const Invocation& invocation, Client& client) {
  if (invocation.arguments().word(1).empty()) {
    return absl::InvalidArgumentError("the memory is missing");
  }
  const auto offset = SizeOption(invocation, "offset");
  if (!offset.ok()) return offset.status();
  const auto length = SizeOption(invocation, "length");
  if (!length.ok()) return length.status();
  v1::ReadMemoryRequest request;
  request.set_name(BytesName(invocation.arguments().word(1)));
  request.set_offset(static_cast<int64_t>(*offset));
  request.set_length(static_cast<int64_t>(*length));
  const std::string path = invocation.arguments().Value("file");
  const bool hex = path.empty() && SizeOfTerminal().has_value();
  std::ofstream file;
  if (!path.empty()) {
    file.open(path, std::ios::binary | std::ios::trunc);
    if (!file) return absl::PermissionDeniedError(absl::StrCat(path, " can't be written"));
  }
  absl::Status status = client.Read(request, [&](const v1::ReadMemoryResponse& response) {
    if (hex || invocation.arguments().Has("hex")) {
      PrintHex(static_cast<uint64_t>(response.offset()), response.content());
    } else if (path.empty()) {
      WriteOut(response.content());
    } else {
      file << response.content();
    }
    return true;
  });
  if (!status.ok()) return status;
  file.flush();
  if (!path.empty() && !file) return absl::DataLossError(absl::StrCat(path, " isn't complete"));
  return 0;
}

absl::StatusOr<int> WriteMemory(const Invocation& invocation, Client& client) {
  if (invocation.arguments().word(1).empty()) {
    return absl::InvalidArgumentError("the memory is missing");
  }
  const auto offset = SizeOption(invocation, "offset");
  if (!offset.ok()) return offset.status();
  const std::string path = invocation.arguments().Value("file");
  std::ifstream file;
  uint64_t total = 0;
  if (!path.empty()) {
    file.open(path, std::ios::binary | std::ios::ate);
    if (!file) return absl::NotFoundError(absl::StrCat(path, " can't be read"));
    total = static_cast<uint64_t>(file.tellg());
    file.seekg(0);
  }
  std::istream& input = path.empty() ? std::cin : file;
  Progress progress(path, total);
  bool first = true;
  uint64_t sent = 0;
  const auto written = client.Write([&](v1::WriteMemoryRequest& request) {
    std::string& piece = *request.mutable_content();
    piece.resize(kPiece);
    input.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<size_t>(input.gcount()));
    if (piece.empty() && !first) return false;
    if (first) {
      request.set_name(BytesName(invocation.arguments().word(1)));
      request.set_offset(static_cast<int64_t>(*offset));
    }
    first = false;
    sent += piece.size();
    progress.Show(std::min(sent, total));
    return true;
  });
  if (!written.ok()) return written.status();
  std::printf("%lld\n", static_cast<long long>(written->committed_bytes()));
  return 0;
}

}  // namespace

absl::StatusOr<int> MapVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto target = TargetOf(invocation);
  if (!target.ok()) return target.status();
  const auto memory = invocation.Memory(1);
  if (!memory.ok()) return memory.status();
  const auto address = SizeAt(invocation, 2, "address");
  if (!address.ok()) return address.status();
  const auto length = SizeAt(invocation, 3, "length");
  if (!length.ok()) return length.status();
  const auto offset = SizeOption(invocation, "offset");
  if (!offset.ok()) return offset.status();
  v1::MapSegmentsRequest request;
  request.set_target(*target);
  request.set_memory(*memory);
  request.set_memory_offset(static_cast<int64_t>(*offset));
  request.set_vcpu_address(*address);
  request.set_length(static_cast<int64_t>(*length));
  const auto mapped = (*client)->Call(request);
  if (!mapped.ok()) return mapped.status();
  if (invocation.format() == Format::kJson) PrintJson(*mapped, /*one_line=*/false);
  if (invocation.format() != Format::kJson) {
    for (const v1::Mapping& mapping : mapped->mappings()) {
      std::printf("%s\n", mapping.name().c_str());
    }
  }
  return 0;
}

absl::StatusOr<int> UnmapVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto target = TargetOf(invocation);
  if (!target.ok()) return target.status();
  const auto address = SizeAt(invocation, 1, "address");
  if (!address.ok()) return address.status();
  const auto length = SizeAt(invocation, 2, "length");
  if (!length.ok()) return length.status();
  v1::UnmapSegmentsRequest request;
  request.set_target(*target);
  request.set_vcpu_address(*address);
  request.set_length(static_cast<int64_t>(*length));
  const auto unmapped = (*client)->Call(request);
  if (!unmapped.ok()) return unmapped.status();
  return 0;
}

absl::StatusOr<int> MappingsVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto machine = invocation.Machine();
  if (!machine.ok()) return machine.status();
  v1::ListMappingsRequest request;
  request.set_parent(absl::StrCat(*machine, "/vcpus/", invocation.arguments().Value("cpu", "0")));
  request.set_page_size(1000);
  v1::ListMappingsResponse all;
  do {
    const auto page = (*client)->Call(request);
    if (!page.ok()) return page.status();
    all.MergeFrom(*page);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  if (invocation.format() == Format::kJson) {
    PrintJson(all, /*one_line=*/false);
    return 0;
  }
  Table table({"ADDRESS", "LENGTH", "MEMORY", "OFFSET"});
  for (const v1::Mapping& mapping : all.mappings()) {
    table.Add({absl::StrFormat("0x%x", mapping.vcpu_address()), ShowBytes(mapping.length()),
               mapping.memory(), absl::StrFormat("0x%x", mapping.memory_offset())});
  }
  table.Print();
  return 0;
}

absl::StatusOr<int> MemoryVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const std::string what = invocation.arguments().word(0);
  if (what == "ls") return ListMemories(invocation, **client);
  if (what == "create") return CreateMemory(invocation, **client);
  if (what == "rm") return RemoveMemory(invocation, **client);
  if (what == "read") return ReadMemory(invocation, **client);
  if (what == "write") return WriteMemory(invocation, **client);
  return absl::InvalidArgumentError("mem is followed by ls, create, rm, read or write");
}

}  // namespace services::cli
