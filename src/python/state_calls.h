// The messages of pyspark's state protocol (StateMessage.proto), each answered from a ProcessorState.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "python/processor_state.h"

namespace sluice::python {

class StateCalls {
 public:
  explicit StateCalls(ProcessorState* state) : state_(state) {}
  /// A StateRequest in, the bytes of the response message that its kind asks for out.
  std::string Answer(std::string_view request);

 private:
  struct Dispatch;
  /// What an iterator on the other side has still to fetch, by its id. Taken whole when it starts, so that the
  /// processor may change the state while it reads.
  template <typename Item>
  struct Cursors {
    struct Cursor {
      std::vector<Item> items;
      size_t next = 0;
    };
    std::map<std::string, Cursor> open;
  };
  using Entry = std::pair<std::string, std::string>;
  using Timer = std::pair<std::string, int64_t>;

  ProcessorState* state_;
  bool initialized_ = false;
  std::string handle_state_;  ///< as the worker names it
  Cursors<std::string> lists_, keys_, values_;
  Cursors<Entry> entries_;
  Cursors<int64_t> timers_;
  Cursors<Timer> expired_;
};

}  // namespace sluice::python
