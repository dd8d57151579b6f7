#include "ucontrol/service_call/line_mode_console.h"

#include <algorithm>
#include <optional>

#include "ucontrol/big_endian.h"
#include "ucontrol/ebcdic.h"

namespace ucontrol {
namespace {

// The block: length, type 1, tag "MDB " and revision; then objects, each with a length and a type.
constexpr size_t kBlockHeader = 12;
constexpr uint16_t kBlockType = 1;
constexpr uint32_t kBlockTag = 0xd4c4c240;
constexpr size_t kObjectHeader = 4;
constexpr uint16_t kTextObject = 4;
constexpr size_t kTextOffset = 10;  // behind line flags, alarm control and three reserved bytes

// Nested vectors of an operator command, each a length and an identifier.
constexpr uint16_t kMessageUnit = 0x1310;
constexpr uint16_t kControlPointUnit = 0x1212;
constexpr uint16_t kTextCommand = 0x1320;
constexpr size_t kVector = 4;
constexpr uint8_t kSelfDefiningText = 0x31;
constexpr uint8_t kTextMessage = 0x30;
constexpr size_t kSubvector = 2;

}  // namespace

std::string MessageText(std::span<const uint8_t> block) {
  std::string text;
  if (block.size() < kBlockHeader) return text;
  const size_t length = LoadBigEndian<uint16_t>(&block[0]);
  if (length < kBlockHeader || length > block.size()) return text;
  if (LoadBigEndian<uint16_t>(&block[2]) != kBlockType ||
      LoadBigEndian<uint32_t>(&block[4]) != kBlockTag) {
    return text;
  }
  block = block.first(length).subspan(kBlockHeader);
  while (block.size() >= kObjectHeader) {
    const size_t object = LoadBigEndian<uint16_t>(&block[0]);
    if (object < kObjectHeader || object > block.size()) break;
    if (LoadBigEndian<uint16_t>(&block[2]) == kTextObject && object >= kTextOffset) {
      const auto line = block.first(object).subspan(kTextOffset);
      std::ranges::transform(line, std::back_inserter(text), FromEbcdic);
      text += '\n';
    }
    block = block.subspan(object);
  }
  return text;
}

void OperatorMessage::Accept(std::span<const uint8_t> event) {
  console_.Write(MessageText(event));
}

size_t OperatorCommand::Take(std::span<uint8_t> room) {
  constexpr size_t kFrame = 3 * kVector + 2 * kSubvector;
  if (room.size() < kFrame + kLineLimit) return 0;
  const std::optional<std::string> line = console_.TakeInputLine(kLineLimit);
  if (!line) return 0;
  const size_t length = kFrame + line->size();
  size_t offset = 0;
  for (uint16_t id : {kMessageUnit, kControlPointUnit, kTextCommand}) {
    StoreBigEndian<uint16_t>(&room[offset], static_cast<uint16_t>(length - offset));
    StoreBigEndian<uint16_t>(&room[offset + 2], id);
    offset += kVector;
  }
  for (uint8_t key : {kSelfDefiningText, kTextMessage}) {
    room[offset] = static_cast<uint8_t>(length - offset);
    room[offset + 1] = key;
    offset += kSubvector;
  }
  std::ranges::transform(*line, room.begin() + offset, ToEbcdic);
  return length;
}

}  // namespace ucontrol
