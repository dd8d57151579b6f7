#include "ucontrol/channel_subsystem/transfer.h"

#include <algorithm>
#include <array>

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;

constexpr uint64_t kLimitFormat0 = uint64_t{1} << 24;
constexpr uint64_t kLimitFormat1 = uint64_t{1} << 31;

}  // namespace

void Transfer::Add(const Ccw& ccw, uint32_t end) {
  areas_.push_back({ccw, end, count_});
  count_ += ccw.count;
}

template <typename Move>
bool Transfer::ForEachPiece(uint32_t offset, uint32_t length, Move move) {
  if (offset > count_ || length > count_ - offset) return false;
  for (const Area& area : areas_) {
    const uint32_t end = area.start + area.ccw.count;
    while (length && offset >= area.start && offset < end) {
      const auto piece =
          Locate(area.ccw, offset - area.start, std::min<uint32_t>(length, end - offset));
      if (!piece || !move(area.ccw, *piece)) return false;
      offset += piece->length;
      length -= piece->length;
    }
  }
  return length == 0;
}

bool Transfer::Fetch(uint32_t offset, void* bytes, uint32_t length) {
  auto* to = static_cast<uint8_t*>(bytes);
  return ForEachPiece(offset, length, [&](const Ccw&, const Piece& piece) {
    if (!storage_.Read(piece.address, to, piece.length)) return false;
    to += piece.length;
    return true;
  });
}

bool Transfer::Store(uint32_t offset, const void* bytes, uint32_t length) {
  const auto* from = static_cast<const uint8_t*>(bytes);
  return ForEachPiece(offset, length, [&](const Ccw& ccw, const Piece& piece) {
    if (!ccw.Has(Ccw::kSkip) && !storage_.Write(piece.address, from, piece.length)) return false;
    from += piece.length;
    return true;
  });
}

std::optional<Transfer::Piece> Transfer::Locate(const Ccw& ccw, uint32_t offset, uint32_t length) {
  if (ccw.Has(Ccw::kIndirectAddress)) return LocateIndirect(ccw, offset, length);
  const uint64_t limit = orb_.control & Orb::kFormat1 ? kLimitFormat1 : kLimitFormat0;
  const uint64_t address = uint64_t{ccw.address} + offset;
  if (address + length > limit) return std::nullopt;
  return Piece{GuestAbsolute(address), length};
}

// The first indirect-data-address word may point into a block; all others name whole blocks.
std::optional<Transfer::Piece> Transfer::LocateIndirect(const Ccw& ccw, uint32_t offset,
                                                        uint32_t length) {
  const bool format_2 = (orb_.control & Orb::kFormat2Idaw) != 0;
  const uint32_t block = format_2 && !(orb_.control & Orb::kIdawBlock2K) ? 4096 : 2048;
  if (ccw.address % (format_2 ? 8 : 4)) return std::nullopt;
  const auto first = FetchIdaw(ccw.address, 0);
  if (!first) return std::nullopt;
  const uint32_t skipped = static_cast<uint32_t>(*first % block);
  const uint32_t index = (skipped + offset) / block;
  const uint32_t in_block = (skipped + offset) % block;
  uint64_t start = *first - skipped;
  if (index) {
    const auto idaw = FetchIdaw(ccw.address, index);
    if (!idaw || *idaw % block) return std::nullopt;
    start = *idaw;
  }
  return Piece{GuestAbsolute(start + in_block), std::min(length, block - in_block)};
}

std::optional<uint64_t> Transfer::FetchIdaw(uint32_t list, uint32_t index) {
  const bool format_2 = (orb_.control & Orb::kFormat2Idaw) != 0;
  const uint32_t size = format_2 ? 8 : 4;
  const GuestAbsolute address(uint64_t{list} + uint64_t{index} * size);
  std::array<uint8_t, 8> bytes;
  if (!storage_.Read(address, bytes.data(), size)) return std::nullopt;
  if (format_2) return LoadBigEndian<uint64_t>(bytes.data());
  const uint32_t idaw = LoadBigEndian<uint32_t>(bytes.data());
  if (idaw >> 31) return std::nullopt;
  return idaw;
}

const Transfer::Area& Transfer::Last() const {
  size_t last = 0;
  while (last + 1 < areas_.size() && used_ >= areas_[last + 1].start) ++last;
  return areas_[last];
}

uint32_t Transfer::ccw_end() const {
  return Last().end;
}

uint16_t Transfer::residual_count() const {
  const Area& last = Last();
  const uint32_t end = last.start + last.ccw.count;
  return static_cast<uint16_t>(used_ >= end ? 0 : end - used_);
}

}  // namespace ucontrol
