// The storage that one command transfers to or from: the areas of its CCW and of those chained to
// it by data chaining, indirect addressing included.
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_TRANSFER_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_TRANSFER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "ucontrol/absolute_storage.h"
#include "ucontrol/channel_subsystem/ccw.h"
#include "ucontrol/channel_subsystem/subchannel_status.h"

namespace ucontrol {

class Transfer {
 public:
  Transfer(AbsoluteStorage& storage, const Orb& orb) : storage_(storage), orb_(orb) {}

  // `end` is the address behind the CCW.
  void Add(const Ccw& ccw, uint32_t end);

  // Bytes of all areas.
  uint32_t count() const { return count_; }
  bool suppress_length() const { return areas_.back().ccw.Has(Ccw::kSuppressLength); }

  // Copies from or to the areas, from their byte `offset` on. False: the areas are too small, or
  // one is no storage; Ending::kProgramCheck is the answer to that. Store honours the skip flag.
  bool Fetch(uint32_t offset, void* bytes, uint32_t length);
  bool Store(uint32_t offset, const void* bytes, uint32_t length);

  // How many bytes the device took or gave, from the first one on.
  void set_used(uint32_t used) { used_ = used; }
  uint32_t used() const { return used_; }

  // Where the transfer ended: the CCW's end and how much of its count remained.
  uint32_t ccw_end() const;
  uint16_t residual_count() const;

 private:
  struct Area {
    Ccw ccw;
    uint32_t end;    // address behind the CCW
    uint32_t start;  // of its first byte among all areas
  };
  struct Piece {
    hypervisor::GuestAbsolute address;
    uint32_t length;
  };

  template <typename Move>
  bool ForEachPiece(uint32_t offset, uint32_t length, Move move);
  std::optional<Piece> Locate(const Ccw& ccw, uint32_t offset, uint32_t length);
  std::optional<Piece> LocateIndirect(const Ccw& ccw, uint32_t offset, uint32_t length);
  std::optional<uint64_t> FetchIdaw(uint32_t list, uint32_t index);
  const Area& Last() const;

  AbsoluteStorage& storage_;
  const Orb& orb_;
  std::vector<Area> areas_;
  uint32_t count_ = 0;
  uint32_t used_ = 0;
};

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_TRANSFER_H_
