#include "services/registry.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace services {
namespace {

using ucontrol::v1::Event;
using ucontrol::v1::Machine;

class RegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/registryXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern + "/registry.sqlite";
    Open();
  }

  void Open() {
    registry_.reset();
    auto opened = Registry::Open(path_, 100);
    ASSERT_TRUE(opened.ok()) << opened.status();
    registry_ = *std::move(opened);
  }

  absl::Status Create(const std::string& name, const Author& author = {}) {
    Machine machine;
    machine.set_name(name);
    return registry_->Create<Machine>(machine, Event::KIND_MACHINE_CREATED, author).status();
  }

  std::string path_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(RegistryTest, WhatWasCommittedIsThereBehindARestart) {
  ASSERT_TRUE(Create("machines/a").ok());
  ASSERT_TRUE(Create("machines/b").ok());
  ASSERT_TRUE(registry_->Erase<Machine>("machines/a", Event::KIND_MACHINE_DELETED, {}).ok());
  const std::string etag = registry_->Find<Machine>("machines/b")->etag();
  Open();
  EXPECT_EQ(registry_->Find<Machine>("machines/a"), nullptr);
  EXPECT_EQ(registry_->Find<Machine>("machines/b")->etag(), etag);
  EXPECT_EQ(registry_->events().next_revision(), 4);
}

TEST_F(RegistryTest, AnEditThatIsRefusedChangesNothing) {
  ASSERT_TRUE(Create("machines/a").ok());
  const auto changed = registry_->Change<Machine>("machines/a", Event::KIND_MACHINE_UPDATED, {},
                                                  [](Machine& machine) {
                                                    machine.set_display_name("x");
                                                    return absl::AbortedError("no");
                                                  });
  EXPECT_EQ(changed.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(registry_->Find<Machine>("machines/a")->display_name(), "");
  EXPECT_EQ(registry_->events().next_revision(), 2);
}

TEST_F(RegistryTest, WhatWasActiveDiedWithTheDaemon) {
  ASSERT_TRUE(Create("machines/a").ok());
  ASSERT_TRUE(registry_
                  ->Change<Machine>("machines/a", Event::KIND_MACHINE_STATE_CHANGED, {},
                                    [](Machine& machine) {
                                      machine.set_state(ucontrol::v1::MACHINE_STATE_PAUSED);
                                      return absl::OkStatus();
                                    })
                  .ok());
  Open();
  const auto machine = registry_->Find<Machine>("machines/a");
  EXPECT_EQ(machine->state(), ucontrol::v1::MACHINE_STATE_STOPPED);
  EXPECT_EQ(machine->stop_report().reason(), ucontrol::v1::StopReport::REASON_DAEMON_DIED);
}

TEST_F(RegistryTest, AResponseIsCommittedWithItsChange) {
  IdentifiedRequest request{"unix:me", "1", "Create", "digest"};
  EXPECT_FALSE(registry_->FindResponse(request)->has_value());
  ASSERT_TRUE(Create("machines/a", {"unix:me", &request}).ok());
  EXPECT_TRUE(request.recorded);
  Open();
  const auto response = registry_->FindResponse(request);
  ASSERT_TRUE(response.ok() && response->has_value());
  Machine machine;
  ASSERT_TRUE(machine.ParseFromString(**response));
  EXPECT_EQ(machine.name(), "machines/a");
  request.digest = "another";
  EXPECT_EQ(registry_->FindResponse(request).status().code(), absl::StatusCode::kInvalidArgument);
  request.principal = "unix:you";
  EXPECT_FALSE(registry_->FindResponse(request)->has_value());
}

TEST_F(RegistryTest, OldEventsGoAndRevisionsStay) {
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(Create("machines/a").ok());
    ASSERT_TRUE(registry_->Erase<Machine>("machines/a", Event::KIND_MACHINE_DELETED, {}).ok());
  }
  EXPECT_EQ(registry_->events().next_revision(), 601);
  const auto gone = registry_->events().Read(1, 10, absl::ZeroDuration());
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(registry_->events().All().size(), 100u);
  Open();
  EXPECT_EQ(registry_->events().next_revision(), 601);
}

TEST_F(RegistryTest, AnotherDaemonIsKeptOut) {
  EXPECT_FALSE(Registry::Open(path_, 100).ok());
}

}  // namespace
}  // namespace services
