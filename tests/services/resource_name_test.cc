#include "services/resource_name.h"

#include <gtest/gtest.h>

namespace services {
namespace {

TEST(ResourceNameTest, IdsArePlain) {
  for (const char* id : {"a", "web", "web-1", "a1", "x--y"}) EXPECT_TRUE(IsResourceId(id)) << id;
  EXPECT_TRUE(IsResourceId(std::string(63, 'a')));
  EXPECT_FALSE(IsResourceId(std::string(64, 'a')));
  for (const char* id : {"", "1a", "-a", "a-", "A", "a_b", "a.b", "a/b", "a b", "\xc3\xa4", ".."}) {
    EXPECT_FALSE(IsResourceId(id)) << id;
  }
}

TEST(ResourceNameTest, VcpusHaveDecimalAddresses) {
  const auto name = ParseVcpuName("vcpu", "machines/web/vcpus/12");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->machine, "machines/web");
  EXPECT_EQ(name->cpu_address, 12);
  EXPECT_EQ(name->ToString(), "machines/web/vcpus/12");
  for (const char* text : {"machines/web", "machines/web/vcpus/", "machines/web/vcpus/01",
                           "machines/web/vcpus/-1", "machines/web/vcpus/65536",
                           "machines/web/vcpus/1/x", "machines//vcpus/0", "memories/a/vcpus/0"}) {
    EXPECT_FALSE(ParseVcpuName("vcpu", text).ok()) << text;
  }
}

TEST(ResourceNameTest, ATargetIsAMachineOrAVcpu) {
  EXPECT_FALSE(ParseTarget("target", "machines/a")->cpu_address.has_value());
  EXPECT_EQ(ParseTarget("target", "machines/a/vcpus/0")->cpu_address, 0);
  EXPECT_FALSE(ParseTarget("target", "a").ok());
}

TEST(ResourceNameTest, AMachineHasOneConsole) {
  EXPECT_EQ(*ParseConsoleName("name", "machines/a/consoles/sclp"), "machines/a");
  EXPECT_EQ(ConsoleName("machines/a"), "machines/a/consoles/sclp");
  EXPECT_FALSE(ParseConsoleName("name", "machines/a/consoles/x").ok());
  EXPECT_FALSE(ParseConsoleName("name", "machines/a").ok());
}

}  // namespace
}  // namespace services
