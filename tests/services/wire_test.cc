#include "services/wire.h"

#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::util::MessageDifferencer;

v1::Interrupt RoundTrip(const v1::Interrupt& interrupt) {
  const auto irq = FromWire("interrupt", interrupt);
  EXPECT_TRUE(irq.ok()) << irq.status();
  return irq.ok() ? ToWire(*irq) : v1::Interrupt();
}

TEST(WireTest, EveryInterruptionComesBack) {
  std::vector<v1::Interrupt> all(14);
  auto& program = *all[0].mutable_program();
  program.set_code(0x90);
  program.set_translation_exception(0x1234000);
  program.set_exception_access_id(3);
  program.set_operand_access_id(4);
  program.set_data_exception_code(0xfe);
  program.set_monitor_class(7);
  program.set_monitor_code(8);
  program.set_per_code(0x80);
  program.set_per_address(0x9000);
  all[1].mutable_stop()->set_store_status(true);
  all[2].mutable_restart();
  all[3].mutable_set_prefix()->set_prefix(0x4000);
  all[4].mutable_machine_check()->set_control_register_14(0x10000000);
  all[4].mutable_machine_check()->set_fixed_logout("0123456789abcdef");
  all[5].mutable_clock_comparator();
  all[6].mutable_cpu_timer();
  all[7].mutable_emergency()->set_source_cpu_address(5);
  all[8].mutable_external_call()->set_source_cpu_address(6);
  all[9].mutable_service()->set_parameter(0x1001);
  all[10].mutable_virtio()->set_parameter(1);
  all[10].mutable_virtio()->set_parameter64(2);
  all[11].mutable_io()->set_subchannel_id(1);
  all[11].mutable_io()->set_subchannel_number(0xfffe);
  all[11].mutable_io()->set_parameter(3);
  all[11].mutable_io()->set_word(0x80000000 | 3 << 27);
  all[12].mutable_page_fault_init()->set_token(9);
  all[13].mutable_page_fault_done()->set_token(10);
  for (const v1::Interrupt& interrupt : all) {
    EXPECT_TRUE(MessageDifferencer::Equals(RoundTrip(interrupt), interrupt))
        << interrupt.DebugString() << RoundTrip(interrupt).DebugString();
  }
}

TEST(WireTest, AnAdapterInterruptionSaysSoInItsType) {
  v1::Interrupt interrupt;
  interrupt.mutable_io()->set_subchannel_id(0x0005);  // subchannel set 2
  interrupt.mutable_io()->set_subchannel_number(0x12);
  EXPECT_EQ(FromWire("i", interrupt)->type, 0x20012u);
  interrupt.mutable_io()->set_word(0x80000000);
  EXPECT_EQ(FromWire("i", interrupt)->type, 0x4020012u);
}

TEST(WireTest, RegistersComeBack) {
  v1::Registers registers;
  registers.mutable_psw()->set_mask(1);
  for (uint32_t i = 0; i < 16; ++i) {
    registers.add_general(i);
    registers.add_access(i + 100);
    registers.add_control(i + 200);
  }
  for (uint64_t i = 0; i < 32; ++i) {
    registers.add_vector()->set_high(i);
    registers.mutable_vector(static_cast<int>(i))->set_low(~i);
  }
  registers.set_floating_point_control(4);
  registers.set_prefix(0x2000);
  registers.set_tod_programmable(0xffff);
  registers.set_cpu_timer(5);
  registers.set_clock_comparator(6);
  registers.set_breaking_event_address(7);
  registers.set_program_parameter(8);
  const auto values = FromWire("registers", registers);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*ToWire(*values, {}), registers));
  google::protobuf::FieldMask mask;
  mask.add_paths("prefix");
  EXPECT_EQ(ToWire(*values, mask)->ByteSizeLong(), 5u);
  mask.add_paths("nothing");
  EXPECT_FALSE(ToWire(*values, mask).ok());
}

TEST(WireTest, RegistersAreCompleteOrAbsent) {
  v1::Registers registers;
  registers.add_general(1);
  EXPECT_FALSE(FromWire("registers", registers).ok());
  registers.Clear();
  registers.set_prefix(0x1000);
  EXPECT_FALSE(FromWire("registers", registers).ok());
  registers.set_prefix(0x80000000);
  EXPECT_FALSE(FromWire("registers", registers).ok());
}

TEST(WireTest, SegmentsAreAligned) {
  v1::Segments segments;
  segments.set_length(1 << 20);
  EXPECT_TRUE(RangeOf("", segments).ok());
  segments.set_vcpu_address(~uint64_t{0} - (1 << 20) + 1);
  EXPECT_TRUE(RangeOf("", segments).ok());
  segments.set_length(2 << 20);
  EXPECT_EQ(RangeOf("", segments).status().code(), absl::StatusCode::kOutOfRange);
  segments.set_length(-(1 << 20));
  EXPECT_FALSE(RangeOf("", segments).ok());
  segments.set_vcpu_address(4096);
  EXPECT_EQ(RangeOf("", segments).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(WireTest, MacAddresses) {
  EXPECT_EQ((*ParseMacAddress("02:1b:2C:3d:4e:ff"))[5], 0xff);
  for (const char* text : {"", "02:1b:2c:3d:4e", "02-1b-2c-3d-4e-5f", "02:1b:2c:3d:4e:5g"}) {
    EXPECT_FALSE(ParseMacAddress(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace services
