// The loop of the fetching thread: leaders, requests, answers.
#include "connectors/kafka/fetch/fetcher.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "connectors/kafka/fetch/record_batch.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

using std::chrono::milliseconds;

// Of what lies ready: of one partition, and of all. An answer of the size below stays whole while one of its slices is
// being read, so larger ones cost memory and gain nothing.
constexpr size_t kPartitionAhead = 4 << 20, kAhead = 24 << 20;
// How long a broker may wait for records of some partitions while others have not been asked for.
constexpr int kShortWaitMillis = 5;
// After an answer that did not help.
constexpr milliseconds kRetry{100};
constexpr int32_t kLargestBatch = 1 << 30;

int Number(const ClientProperties& properties, const char* name, int otherwise) {
  auto found = properties.find(name);
  if (found == properties.end()) return otherwise;
  const std::string& text = found->second;
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string Text(const ClientProperties& properties, const char* name) {
  auto found = properties.find(name);
  return found == properties.end() ? "" : found->second;
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

bool Fetcher::Supports(const ClientProperties& properties) {
  std::string protocol = Lower(Text(properties, "security.protocol"));
  return (protocol.empty() || protocol == "plaintext") && Text(properties, "client.rack").empty();
}

Fetcher::Fetcher(ConsumerPtr consumer, const ClientProperties& properties, std::function<void()> wake)
    : consumer_(std::move(consumer)),
      read_committed_(Lower(Text(properties, "isolation.level")) == "read_committed"),
      max_wait_ms_(Number(properties, "fetch.wait.max.ms", 500)),
      min_bytes_(Number(properties, "fetch.min.bytes", 1)),
      max_bytes_(Number(properties, "fetch.max.bytes", 4 << 20)),
      max_partition_bytes_(Number(properties, "max.partition.fetch.bytes", 1 << 20)),
      receive_bytes_(Number(properties, "socket.receive.buffer.bytes", 4 << 20)),
      request_ms_(Number(properties, "socket.timeout.ms", 30000)),
      client_id_(Text(properties, "client.id")),
      wake_(std::move(wake)),
      pool_(std::make_shared<BufferPool>()),
      event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

Fetcher::~Fetcher() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Signal();
  thread_.join();
  close(event_fd_);
}

void Fetcher::Signal() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(event_fd_, &one, sizeof(one));
}

void Fetcher::Start(const TopicPartition& name, int64_t offset) {
  {
    std::lock_guard lock(mutex_);
    Partition& partition = partitions_[name];
    ready_bytes_ -= partition.ready_bytes;
    std::string leader = std::move(partition.leader);
    partition = Partition{.offset = offset, .start = ++starts_, .max_bytes = max_partition_bytes_};
    partition.leader = std::move(leader);
  }
  Signal();
}

void Fetcher::Stop(const TopicPartition& name) {
  std::lock_guard lock(mutex_);
  auto found = partitions_.find(name);
  if (found == partitions_.end()) return;
  ready_bytes_ -= found->second.ready_bytes;
  partitions_.erase(found);
}

std::optional<FetchedSlice> Fetcher::Take(const TopicPartition& name, int wait_ms, FetchState* state) {
  const base::CancellationPtr& cancellation = consumer_->cancellation();
  int callback = 0;
  if (cancellation && wait_ms > 0) {
    callback = cancellation->AddCallback([this] {
      std::lock_guard lock(mutex_);
      arrived_.notify_all();
    });
  }
  std::unique_lock lock(mutex_);
  auto over = [&] {
    const Partition& partition = partitions_.at(name);
    return !partition.ready.empty() || !partition.wants_more() || (cancellation && cancellation->cancelled());
  };
  if (wait_ms > 0) arrived_.wait_for(lock, milliseconds(wait_ms), over);
  Partition& partition = partitions_.at(name);
  std::optional<FetchedSlice> out;
  bool had_no_room = false;
  if (!partition.ready.empty()) {
    out = std::move(partition.ready.front());
    partition.ready.pop_front();
    had_no_room = partition.ready_bytes >= kPartitionAhead || ready_bytes_ >= kAhead;
    partition.ready_bytes -= out->records.size();
    ready_bytes_ -= out->records.size();
  }
  *state = out ? FetchState::kFetching : partition.state;
  std::string refused = out ? "" : partition.refused;
  lock.unlock();
  if (callback) cancellation->RemoveCallback(callback);
  if (had_no_room) Signal();
  if (!refused.empty()) throw BrokerError(refused);
  return out;
}

PartitionOffsets Fetcher::KnownEnds() {
  std::lock_guard lock(mutex_);
  PartitionOffsets ends;
  for (const auto& [name, partition] : partitions_) {
    if (partition.end >= 0) ends[name] = partition.end;
  }
  return ends;
}

Fetcher::Partition* Fetcher::Current(const Asked& asked) {
  auto found = partitions_.find(asked.partition);
  return found == partitions_.end() || found->second.start != asked.start ? nullptr : &found->second;
}

void Fetcher::Run() {
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    FindLeaders();
    Interrupt();
    SendRequests();
    Poll();
  }
}

// Asks for the leaders of partitions that have none; what does not exist is lost.
void Fetcher::FindLeaders() {
  if (Clock::now() < retry_at_) return;
  std::set<std::string> topics;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, partition] : partitions_) {
      if (partition.leader.empty() && partition.wants_more()) topics.insert(name.topic);
    }
  }
  if (topics.empty()) return;
  std::map<TopicPartition, std::string> leaders;
  std::set<std::string> answered;
  for (const std::string& topic : topics) {
    if (consumer_->FindLeaders(topic, &leaders)) answered.insert(topic);
  }
  bool incomplete = answered.size() < topics.size(), lost = false;
  {
    std::lock_guard lock(mutex_);
    for (auto& [name, partition] : partitions_) {
      if (!partition.leader.empty() || !answered.contains(name.topic)) continue;
      auto leader = leaders.find(name);
      if (leader == leaders.end()) {
        partition.state = FetchState::kLost;
        lost = true;
      } else if (leader->second.empty()) {
        incomplete = true;  // one is being elected
      } else {
        partition.leader = leader->second;
      }
    }
  }
  if (incomplete) retry_at_ = Clock::now() + kRetry;
  if (lost) Announce();
}

// A partition that has just been started does not wait until the broker has something of the others.
void Fetcher::Interrupt() {
  std::set<std::string> leaders;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, partition] : partitions_) {
      if (partition.fresh && partition.wants_more()) leaders.insert(partition.leader);
    }
  }
  for (const std::string& leader : leaders) {
    auto broker = brokers_.find(leader);
    if (broker == brokers_.end() || !broker->second.waits_long || !broker->second.connection->unanswered()) continue;
    std::lock_guard lock(mutex_);
    for (const Asked& asked : broker->second.asked) {
      if (Partition* partition = Current(asked)) partition->asked = false;
    }
    brokers_.erase(broker);
  }
}

std::map<std::string, Fetcher::Planned> Fetcher::PlanRequests() {
  std::map<std::string, Planned> out;
  std::set<std::string> incomplete;
  std::lock_guard lock(mutex_);
  for (auto& [name, partition] : partitions_) {
    if (partition.leader.empty() || partition.asked || !partition.wants_more()) continue;
    auto broker = brokers_.find(partition.leader);
    if (broker != brokers_.end() && !broker->second.connection->idle()) continue;
    if (partition.ready_bytes >= kPartitionAhead || ready_bytes_ >= kAhead) {
      incomplete.insert(partition.leader);
      continue;
    }
    Planned& planned = out[partition.leader];
    planned.request.wanted.push_back({name, partition.offset, partition.max_bytes});
    planned.asked.push_back({name, partition.start});
    partition.asked = true;
    partition.fresh = false;
  }
  for (auto& [leader, planned] : out) {
    planned.request.max_wait_ms = incomplete.contains(leader) ? std::min(kShortWaitMillis, max_wait_ms_) : max_wait_ms_;
  }
  return out;
}

void Fetcher::SendRequests() {
  for (auto& [address, planned] : PlanRequests()) {
    FetchRequest& request = planned.request;
    Broker& broker = brokers_[address];
    broker.asked = std::move(planned.asked);
    request.correlation_id = broker.correlation_id = ++correlation_id_;
    request.client_id = client_id_;
    request.min_bytes = min_bytes_;
    request.max_bytes = max_bytes_;
    request.read_committed = read_committed_;
    broker.waits_long = request.max_wait_ms > kShortWaitMillis;
    try {
      if (!broker.connection) {
        size_t colon = address.rfind(':');
        broker.connection = std::make_unique<BrokerConnection>(
            address.substr(0, colon), std::stoi(address.substr(colon + 1)), receive_bytes_, pool_);
      }
      broker.connection->Send(request.Encode(), Clock::now() + milliseconds(request.max_wait_ms + request_ms_));
    } catch (const base::Error& error) {
      Drop(address, error.message());
    }
  }
}

// Gives a connection up; its partitions may have another leader by now.
void Fetcher::Drop(const std::string& address, const std::string& why) {
  spdlog::log(failing_.insert(address).second ? spdlog::level::warn : spdlog::level::debug, "{}", why);
  auto broker = brokers_.find(address);
  {
    std::lock_guard lock(mutex_);
    for (const Asked& asked : broker->second.asked) {
      Partition* partition = Current(asked);
      if (!partition) continue;
      partition->asked = false;
      partition->leader.clear();
    }
  }
  brokers_.erase(broker);
  retry_at_ = Clock::now() + kRetry;
}

int Fetcher::PollMillis() const {
  auto until = Clock::time_point::max();
  auto now = Clock::now();
  if (retry_at_ > now) until = retry_at_;
  for (const auto& [address, broker] : brokers_) {
    if (!broker.connection->idle()) until = std::min(until, broker.connection->deadline());
  }
  if (until == Clock::time_point::max()) return -1;
  return static_cast<int>(std::max<int64_t>(std::chrono::ceil<milliseconds>(until - now).count(), 0));
}

void Fetcher::Poll() {
  std::vector<pollfd> waits = {{event_fd_, POLLIN, 0}};
  std::vector<std::string> addresses;
  for (const auto& [address, broker] : brokers_) {
    addresses.push_back(address);
    waits.push_back({broker.connection->fd(), broker.connection->events(), 0});
  }
  poll(waits.data(), waits.size(), PollMillis());
  if (waits[0].revents) {
    uint64_t signals = 0;
    [[maybe_unused]] ssize_t size = read(event_fd_, &signals, sizeof(signals));
  }
  auto now = Clock::now();
  for (size_t i = 0; i < addresses.size(); ++i) {
    Broker& broker = brokers_.at(addresses[i]);
    if (waits[i + 1].revents) {
      Advance(addresses[i], broker, waits[i + 1].revents);
    } else if (!broker.connection->idle() && broker.connection->deadline() <= now) {
      Drop(addresses[i], fmt::format("Kafka broker {} did not answer a Fetch request", addresses[i]));
    }
  }
}

void Fetcher::Advance(const std::string& address, Broker& broker, short events) {
  try {
    std::string_view answer;
    BufferPool::Buffer memory = broker.connection->Continue(events, &answer);
    if (!memory) return;
    failing_.erase(address);
    Receive(broker, memory, answer);
  } catch (const base::Error& error) {
    Drop(address, error.message());
  }
}

void Fetcher::Receive(Broker& broker, const BufferPool::Buffer& memory, std::string_view answer) {
  std::vector<FetchedPartition> fetched = DecodeFetchResponse(answer, broker.correlation_id);
  std::map<TopicPartition, uint64_t> starts;
  for (const Asked& asked : broker.asked) starts[asked.partition] = asked.start;
  bool news = false;
  {
    std::lock_guard lock(mutex_);
    for (const Asked& asked : broker.asked) {
      if (Partition* partition = Current(asked)) partition->asked = false;
    }
    for (const FetchedPartition& one : fetched) {
      auto start = starts.find(one.partition);
      Partition* partition = start == starts.end() ? nullptr : Current({one.partition, start->second});
      if (!partition) continue;
      bool had_none = partition->ready.empty();
      if (one.error) {
        NoteError(*partition, one.partition, one.error);
      } else {
        AddSlice(*partition, one, memory);
      }
      news = news || (had_none && (!partition->ready.empty() || !partition->wants_more()));
    }
  }
  if (news) Announce();
}

// Finds where the next request goes on; a cut batch at the end comes again.
void Fetcher::AddSlice(Partition& partition, const FetchedPartition& fetched, const BufferPool::Buffer& memory) {
  partition.end = read_committed_ ? fetched.last_stable_offset : fetched.high_watermark;
  std::string_view rest = fetched.records;
  RecordBatchHead head;
  BatchFound found = BatchFound::kPartial;
  while (!rest.empty() && (found = NextBatch(&rest, &head)) == BatchFound::kWhole)
    partition.offset = head.last_offset + 1;
  size_t whole = fetched.records.size() - rest.size();
  if (whole > 0) {
    partition.ready.push_back({memory, fetched.records.substr(0, whole), fetched.aborted});
    partition.ready_bytes += whole;
    ready_bytes_ += whole;
  }
  if (rest.empty() || found == BatchFound::kWhole) return;
  if (found == BatchFound::kPartial) {
    if (whole == 0) partition.max_bytes = std::min(partition.max_bytes, kLargestBatch / 2) * 2;
  } else if (found == BatchFound::kOldFormat) {
    partition.state = FetchState::kOldFormat;
  } else {
    partition.refused = fmt::format("Partition {} has a damaged record batch at offset {}",
                                    fetched.partition.ToString(), partition.offset);
  }
}

void Fetcher::NoteError(Partition& partition, const TopicPartition& name, int16_t error) {
  switch (error) {
    case error_code::kOffsetOutOfRange:
      partition.state = FetchState::kLost;
      break;
    case error_code::kTopicAuthorizationFailed:
      partition.refused = fmt::format("Cannot read partition {} at offset {}: not authorized to read the topic",
                                      name.ToString(), partition.offset);
      break;
    case error_code::kUnsupportedVersion:
      partition.state = FetchState::kOldFormat;
      break;
    default:
      // Another leader, or a broker that is not ready: whoever leads it now is asked again.
      spdlog::debug("Fetching partition {} at offset {}: error {}", name.ToString(), partition.offset, error);
      partition.leader.clear();
      retry_at_ = Clock::now() + kRetry;
  }
}

void Fetcher::Announce() {
  arrived_.notify_all();
  if (wake_) wake_();
}

}  // namespace sluice::connectors::kafka
