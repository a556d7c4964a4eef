// Sessions and executions end when nobody uses them any more, by a clock that the tests move.
#include "server/housekeeping.h"

#include <gtest/gtest.h>

#include "base/uuid.h"
#include "server/execution.h"

namespace sluice::server {
namespace {

class HousekeepingTest : public testing::Test {
 protected:
  HousekeepingTest() : state_(MakeEnvironment(), &clock_) {}

  static std::shared_ptr<session::Environment> MakeEnvironment() {
    auto environment = std::make_shared<session::Environment>();
    environment->warehouse = testing::TempDir() + "/warehouse";
    environment->temporary_folder = testing::TempDir();
    return environment;
  }
  std::string ErrorOf(const std::function<void()>& body) {
    try {
      body();
    } catch (const base::Error& error) {
      return error.condition();
    }
    return "";
  }
  ExecutionPtr Execute(const SessionHolderPtr& holder, bool reattachable) {
    spark::connect::ExecutePlanRequest request;
    request.set_operation_id(base::NewUuid());
    request.add_request_options()->mutable_reattach_options()->set_reattachable(reattachable);
    auto execution = std::make_shared<Execution>(holder, holder->shared_session(), request, &clock_);
    holder->AddExecution(execution);
    return execution;
  }

  base::ManualClock clock_{1000};
  ServerState state_;
  HousekeepingOptions options_;
  SessionKey key_{"user", base::NewUuid()};
};

TEST_F(HousekeepingTest, IdleSessionsAreClosed) {
  state_.sessions.GetOrCreate(key_, "");
  clock_.Set(1000 + options_.session_idle_ms - 1);
  CleanUp(state_, options_);
  EXPECT_EQ(state_.sessions.All().size(), 1u);
  state_.sessions.GetOrCreate(key_, "");  // a request of any kind keeps it
  clock_.Set(1000 + options_.session_idle_ms);
  CleanUp(state_, options_);
  EXPECT_EQ(state_.sessions.All().size(), 1u);
  clock_.Set(1000 + 3 * options_.session_idle_ms);
  CleanUp(state_, options_);
  EXPECT_TRUE(state_.sessions.All().empty());
  EXPECT_EQ(ErrorOf([&] { state_.sessions.GetOrCreate(key_, ""); }), "INVALID_HANDLE.SESSION_CLOSED");
}

TEST_F(HousekeepingTest, RunningSessionsAreKept) {
  auto holder = state_.sessions.GetOrCreate(key_, "");
  auto execution = Execute(holder, true);
  clock_.Set(1000 + 2 * options_.session_idle_ms);
  CleanUp(state_, options_);
  EXPECT_EQ(state_.sessions.All().size(), 1u);
  execution->Complete();
  CleanUp(state_, options_);
  EXPECT_TRUE(state_.sessions.All().empty());
}

TEST_F(HousekeepingTest, AbandonedExecutionsAreCancelled) {
  auto holder = state_.sessions.GetOrCreate(key_, "");
  auto execution = Execute(holder, true);
  execution->SetDetached();
  clock_.Set(1000 + options_.execution_detached_ms - 1);
  CleanUp(state_, options_);
  EXPECT_FALSE(execution->cancellation()->cancelled());
  execution->SetAttached();
  clock_.Set(1000 + 2 * options_.execution_detached_ms);
  CleanUp(state_, options_);
  EXPECT_FALSE(execution->cancellation()->cancelled());
  execution->SetDetached();
  clock_.Set(1000 + 3 * options_.execution_detached_ms);
  CleanUp(state_, options_);
  EXPECT_TRUE(execution->cancellation()->cancelled());
  EXPECT_EQ(holder->FindExecution(execution->operation_id()), nullptr);
  EXPECT_EQ(ErrorOf([&] { holder->AddExecution(execution); }), "INVALID_HANDLE.OPERATION_ABANDONED");
}

TEST_F(HousekeepingTest, StuckCancelledExecutionsAreEnded) {
  auto holder = state_.sessions.GetOrCreate(key_, "");
  auto execution = Execute(holder, true);
  execution->Cancel();
  CleanUp(state_, options_);
  EXPECT_FALSE(execution->responses().ended());
  clock_.Set(1000 + options_.cancel_grace_ms);
  CleanUp(state_, options_);
  EXPECT_TRUE(execution->responses().ended());
  EXPECT_EQ(execution->state(), OperationState::kCancelled);
}

TEST_F(HousekeepingTest, SessionHandles) {
  EXPECT_EQ(ErrorOf([&] { state_.sessions.GetOrCreate({"u", "abc"}, ""); }), "INVALID_HANDLE.FORMAT");
  EXPECT_EQ(ErrorOf([&] { state_.sessions.Get(key_, ""); }), "INVALID_HANDLE.SESSION_NOT_FOUND");
  EXPECT_EQ(ErrorOf([&] { state_.sessions.GetOrCreate(key_, "other"); }), "INVALID_HANDLE.SESSION_CHANGED");
  auto holder = state_.sessions.GetOrCreate(key_, "");
  EXPECT_EQ(state_.sessions.GetOrCreate(key_, holder->session().server_side_id()), holder);
  EXPECT_NE(state_.sessions.GetOrCreate({"other user", key_.session_id}, ""), holder);
  EXPECT_EQ(ErrorOf([&] { state_.sessions.GetOrCreate(key_, "other"); }), "INVALID_HANDLE.SESSION_CHANGED");
  EXPECT_EQ(ErrorOf([&] { state_.sessions.Clone(key_, "", "zz"); }),
            "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT");
  EXPECT_EQ(ErrorOf([&] { state_.sessions.Clone(key_, "", key_.session_id); }),
            "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS");
  state_.sessions.Remove(key_, true);
  EXPECT_NE(state_.sessions.GetOrCreate(key_, ""), holder);
}

}  // namespace
}  // namespace sluice::server
