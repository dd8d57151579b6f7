#include "services/filter.h"

#include <gtest/gtest.h>

#include "ucontrol/v1/machine.pb.h"

namespace services {
namespace {

using ucontrol::v1::Machine;

Machine Example() {
  Machine machine;
  machine.set_name("machines/web-1");
  machine.set_vcpu_count(4);
  machine.set_storage_bytes(int64_t{1} << 30);
  machine.set_state(ucontrol::v1::MACHINE_STATE_RUNNING);
  machine.set_delete_on_stop(true);
  (*machine.mutable_labels())["env"] = "ci";
  machine.mutable_create_time()->set_seconds(1'700'000'000);
  machine.add_devices()->mutable_disk()->set_image("a.img");
  machine.add_devices()->mutable_disk()->set_image("b.img");
  return machine;
}

bool Passes(absl::string_view text) {
  const absl::StatusOr<Filter> filter = ParseFilter(*Machine::descriptor(), text);
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() && (*filter)(Example());
}

TEST(FilterTest, ComparesByTheFieldsType) {
  EXPECT_TRUE(Passes("vcpu_count = 4"));
  EXPECT_TRUE(Passes("vcpu_count > 3"));
  EXPECT_FALSE(Passes("vcpu_count < 4"));
  EXPECT_TRUE(Passes("state = RUNNING"));
  EXPECT_TRUE(Passes("state != MACHINE_STATE_STOPPED"));
  EXPECT_TRUE(Passes("delete_on_stop = true"));
  EXPECT_TRUE(Passes("create_time >= 2023-11-14T22:13:20Z"));
  EXPECT_FALSE(Passes("create_time > 2023-11-14T22:13:20Z"));
}

TEST(FilterTest, AnOrBindsMoreThanAnAnd) {
  EXPECT_FALSE(Passes("vcpu_count = 4 OR vcpu_count = 5 AND state = STOPPED"));
  EXPECT_TRUE(Passes("vcpu_count = 4 OR (vcpu_count = 5 AND state = STOPPED)"));
}

TEST(FilterTest, WordsBesideEachOtherMustAllHold) {
  EXPECT_TRUE(Passes("vcpu_count = 4 state = RUNNING"));
  EXPECT_FALSE(Passes("vcpu_count = 4 state = STOPPED"));
}

TEST(FilterTest, MapsHaveKeys) {
  EXPECT_TRUE(Passes("labels:env"));
  EXPECT_TRUE(Passes("labels.env = ci"));
  EXPECT_FALSE(Passes("labels:team"));
  EXPECT_TRUE(Passes("labels.team != x"));
}

TEST(FilterTest, OneElementOfAListIsEnough) {
  EXPECT_TRUE(Passes("devices.disk.image = \"b.img\""));
  EXPECT_FALSE(Passes("devices.disk.image = \"c.img\""));
}

TEST(FilterTest, StarsStandForAnything) {
  EXPECT_TRUE(Passes("name = \"machines/web*\""));
  EXPECT_TRUE(Passes("name = \"*-1\""));
  EXPECT_FALSE(Passes("name = \"web*\""));
  EXPECT_TRUE(Passes("stop_report : * OR start_time : * OR create_time : *"));
  EXPECT_FALSE(Passes("stop_time : *"));
}

TEST(FilterTest, WhatIsNoFilterIsRefused) {
  for (const char* text : {"x = 1", "vcpu_count", "vcpu_count =", "= 4", "vcpu_count = four", "(",
                           "vcpu_count = 4)", "vcpu_count = 4 OR", "NOT", "labels = ci",
                           "state = FLYING", "\"open", "a\001b", "create_time = yesterday"}) {
    const auto filter = ParseFilter(*Machine::descriptor(), text);
    EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(ParseFilter(*Machine::descriptor(), std::string(5000, '(')).ok());
  EXPECT_FALSE(ParseFilter(*Machine::descriptor(), std::string(100, '(')).ok());
}

}  // namespace
}  // namespace services
