// Sends records at a rate to one topic and tells how long each took until it, or the row made of it, came out of
// another.
//   kafka_probe SERVERS IN OUT SECONDS RATE BYTES [KEYS]
// A value is the time of its sending in nanoseconds as nineteen digits, a space, and letters; keys are k0, k1 … of
// KEYS. What comes out must begin with the same digits. OUT may be IN: what Kafka and the probe cost alone. The first
// quarter of the time is not counted. Two threads: the sender's clock is the receiver's.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

rd_kafka_t* Client(rd_kafka_type_t type, const std::vector<std::pair<const char*, std::string>>& properties) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[256];
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), error, sizeof(error)) != RD_KAFKA_CONF_OK) {
      throw std::runtime_error(error);
    }
  }
  rd_kafka_t* client = rd_kafka_new(type, conf, error, sizeof(error));
  if (!client) throw std::runtime_error(error);
  return client;
}

struct Load {
  std::string servers, in, out;
  double seconds = 10;
  int rate = 1000, bytes = 100, keys = 1000;
};

// A burst each millisecond, as many as are due.
int64_t Send(const Load& load, int64_t until) {
  rd_kafka_t* producer =
      Client(RD_KAFKA_PRODUCER,
             {{"bootstrap.servers", load.servers}, {"linger.ms", "0"}, {"queue.buffering.max.messages", "1000000"}});
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, load.in.c_str(), nullptr);
  std::string value(std::max(load.bytes, 20), 'x');
  const int64_t start = Now();
  int64_t sent = 0;
  while (Now() < until) {
    int64_t due = (Now() - start) * load.rate / 1'000'000'000;
    for (; sent < due; ++sent) {
      std::string key = "k" + std::to_string(sent % load.keys);
      std::snprintf(value.data(), 21, "%019lld ", static_cast<long long>(Now()));
      value[20] = 'x';
      if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), key.data(),
                           key.size(), nullptr) != 0) {
        throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
      }
    }
    rd_kafka_poll(producer, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  rd_kafka_flush(producer, 10000);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return sent;
}

void Receive(rd_kafka_queue_t* queue, int64_t count_from, const std::atomic<bool>& done, std::vector<double>* millis) {
  std::vector<rd_kafka_message_t*> messages(10000);
  while (!done) {
    ssize_t count = rd_kafka_consume_batch_queue(queue, 1, messages.data(), messages.size());
    const int64_t now = Now();
    for (ssize_t i = 0; i < count; ++i) {
      const rd_kafka_message_t& message = *messages[i];
      if (!message.err && message.len >= 19) {
        int64_t sent = std::atoll(std::string(static_cast<const char*>(message.payload), 19).c_str());
        if (sent >= count_from) millis->push_back(static_cast<double>(now - sent) / 1e6);
      }
      rd_kafka_message_destroy(messages[i]);
    }
  }
}

void Measure(const Load& load) {
  rd_kafka_t* consumer = Client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", load.servers},
                                                    {"group.id", "probe"},
                                                    {"fetch.wait.max.ms", "100"},
                                                    {"fetch.queue.backoff.ms", "1"},
                                                    {"isolation.level", "read_committed"}});
  rd_kafka_topic_t* topic = rd_kafka_topic_new(consumer, load.out.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(consumer, 0, topic, &metadata, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error("no metadata of " + load.out);
  }
  rd_kafka_queue_t* queue = rd_kafka_queue_new(consumer);
  for (int p = 0; p < metadata->topics[0].partition_cnt; ++p) {
    rd_kafka_consume_start_queue(topic, p, RD_KAFKA_OFFSET_END, queue);
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));

  const int64_t start = Now();
  const auto length = static_cast<int64_t>(load.seconds * 1e9);
  std::vector<double> millis;
  std::atomic<bool> done{false};
  std::thread receiver(Receive, queue, start + length / 4, std::cref(done), &millis);
  int64_t sent = Send(load, start + length);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  done = true;
  receiver.join();

  std::sort(millis.begin(), millis.end());
  auto at = [&](double part) { return millis.empty() ? -1 : millis[static_cast<size_t>(part * (millis.size() - 1))]; };
  std::printf("SENT %lld COUNTED %zu P50 %.2f P95 %.2f P99 %.2f P999 %.2f MAX %.2f\n", static_cast<long long>(sent),
              millis.size(), at(0.5), at(0.95), at(0.99), at(0.999), at(1));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fprintf(stderr, "kafka_probe SERVERS IN OUT SECONDS RATE BYTES [KEYS]\n");
    return 2;
  }
  try {
    Load load{argv[1], argv[2], argv[3], std::atof(argv[4]), std::atoi(argv[5]), std::atoi(argv[6])};
    if (argc > 7) load.keys = std::atoi(argv[7]);
    Measure(load);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kafka_probe: %s\n", error.what());
    return 1;
  }
  std::fflush(stdout);
  std::_Exit(0);  // a broker that is gone must not hold up the end
}
