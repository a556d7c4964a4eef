// Bytes of a client's plan: whatever they are, translation gives a plan or throws the engine's error.
#include <google/protobuf/io/coded_stream.h>

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "connect/translate.h"
#include "spark/connect/base.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  google::protobuf::io::CodedInputStream input(data, static_cast<int>(size));
  input.SetRecursionLimit(1024);
  spark::connect::Plan plan;
  if (!plan.ParseFromCodedStream(&input)) return 0;
  sluice::connect::TranslationContext context;
  context.find_blob = [](const std::string& hash) { return std::optional(hash); };
  try {
    if (plan.has_root()) sluice::connect::ToPlan(plan.root(), context);
    if (plan.has_command()) sluice::connect::ToPlan(plan.command(), context);
  } catch (const sluice::base::Error&) {
  }
  return 0;
}
