#include "ucontrol/channel_subsystem/subsystem_call.h"

#include <algorithm>

#include "ucontrol/big_endian.h"

namespace ucontrol {
namespace {

enum class Command : uint16_t {
  kStoreChannelPathDescription = 0x0002,
  kStoreEvent = 0x000e,
  kStoreCharacteristics = 0x0010,
  kSetDomainAttributes = 0x0031,
};

enum class Response : uint16_t {
  kSuccess = 0x0001,
  kInvalidRequest = 0x0003,
  kNotAvailable = 0x0004,
  kNoEvent = 0x0005,
  kFormat = 0x0007,
  kSubsystem = 0x0008,
  kOperationNotAvailable = 0x0101,
};

// What virtual channel paths call their type.
constexpr uint32_t kVirtualPathType = 0x32;

using Bytes = std::span<uint8_t>;

// `content` is how many bytes follow the eight of the response's header.
void Respond(Bytes response, Response code, uint16_t content) {
  StoreBigEndian<uint16_t>(response.data(), static_cast<uint16_t>(8 + content));
  StoreBigEndian<uint16_t>(response.data() + 2, static_cast<uint16_t>(code));
}

void StoreChannelPathDescription(Bytes request, Bytes response, bool installed) {
  const uint32_t select = LoadBigEndian<uint32_t>(request.data() + 4);
  const uint32_t last = LoadBigEndian<uint32_t>(request.data() + 8);
  const uint32_t zero = LoadBigEndian<uint32_t>(request.data() + 12);
  const uint8_t format = (select >> 8) & 0xf;
  const uint8_t first_path = select & 0xff;
  if (request.size() != 0x10) return Respond(response, Response::kInvalidRequest, 0);
  // Bit 2 asks for another subsystem's paths, bit 3 for characteristics that no path here has.
  if ((select & 0xc000f000) || (last & 0xffffff00) || zero || format > 1 || (select & 0x0f000000)) {
    return Respond(response, Response::kInvalidRequest, 0);
  }
  if ((select & 0x20000000) || (select & 0x00ff0000)) {
    return Respond(response, Response::kSubsystem, 0);
  }
  if (first_path > (last & 0xff)) return Respond(response, Response::kInvalidRequest, 0);
  StoreBigEndian<uint32_t>(response.data() + 4, format);
  if (!installed || first_path != 0) return Respond(response, Response::kSuccess, 0);
  StoreBigEndian<uint32_t>(response.data() + 8, 0x80000000 | kVirtualPathType << 8);
  return Respond(response, Response::kSuccess, format == 0 ? 8 : 32);
}

void StoreCharacteristics(Bytes request, Bytes response) {
  if (request.size() != 0x10 ||
      std::any_of(request.begin() + 4, request.end(), [](uint8_t byte) { return byte != 0; })) {
    return Respond(response, Response::kInvalidRequest, 0);
  }
  uint8_t* general = response.data() + 8;
  uint8_t* commands = general + 2040;
  StoreBigEndian<uint32_t>(general, 0x03000000);
  StoreBigEndian<uint32_t>(general + 4, 0x00079000);
  StoreBigEndian<uint32_t>(general + 12, 0x00080000);
  StoreBigEndian<uint32_t>(commands, 0x40000000);
  StoreBigEndian<uint32_t>(commands + 12, 0x00040000);
  return Respond(response, Response::kSuccess, 4072);
}

void SetDomainAttributes(Bytes request, Bytes response, bool& multiple_subchannel_sets) {
  constexpr uint16_t kEnableSubchannelSets = 2;
  if (request.size() != 0x400) return Respond(response, Response::kInvalidRequest, 0);
  if (request[4] & 0x0f) return Respond(response, Response::kFormat, 0);
  if (LoadBigEndian<uint16_t>(request.data() + 6) != kEnableSubchannelSets) {
    return Respond(response, Response::kOperationNotAvailable, 0);
  }
  multiple_subchannel_sets = true;
  return Respond(response, Response::kSuccess, 0);
}

}  // namespace

IoOutcome AnswerSubsystemCall(std::span<uint8_t, 4096> block, bool channel_path_installed,
                              bool& multiple_subchannel_sets) {
  const uint16_t length = LoadBigEndian<uint16_t>(block.data());
  if (length < 16 || length > 4088 || length % 8) {
    return IoOutcome::Interrupt(hypervisor::PgmCode::kOperand);
  }
  const Bytes request = Bytes(block).first(length);
  const Bytes response = Bytes(block).subspan(length);
  std::fill(response.begin(), response.end(), uint8_t{0});
  switch (static_cast<Command>(LoadBigEndian<uint16_t>(request.data() + 2))) {
    case Command::kStoreChannelPathDescription:
      StoreChannelPathDescription(request, response, channel_path_installed);
      break;
    case Command::kStoreCharacteristics:
      StoreCharacteristics(request, response);
      break;
    case Command::kSetDomainAttributes:
      SetDomainAttributes(request, response, multiple_subchannel_sets);
      break;
    case Command::kStoreEvent:
      Respond(response, Response::kNoEvent, 0);
      break;
    default:
      Respond(response, Response::kNotAvailable, 0);
      break;
  }
  return IoOutcome::Cc(0);
}

}  // namespace ucontrol
