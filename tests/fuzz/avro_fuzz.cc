// Avro: a writer's schema, a reader's (may be empty) and values, separated by line ends. Each is read or refused with
// the engine's error; what was read can be written again.
#include <arrow/util/utf8.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "formats/avro/avro_decoder.h"
#include "formats/avro/avro_encoder.h"

namespace {

using namespace sluice::formats;  // NOLINT

std::string_view Line(std::string_view* rest) {
  size_t end = rest->find('\n');
  std::string_view line = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end + 1);
  return line;
}

void WriteAgain(const arrow::Array& values, const sluice::types::TypePtr& type) {
  AvroEncoder encoder(type, AvroDocument::Parse(ToAvroSchema(*type, true)), {});
  AvroEncoder::Rows rows(encoder, values);
  std::string out;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsValid(row)) rows.Append(row, &out);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view writer_text = Line(&rest), reader_text = Line(&rest);
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(data, writer_text.size() + reader_text.size())) return 0;
  try {
    AvroDocumentPtr writer = AvroDocument::Parse(writer_text);
    if (AvroDocument::Parse(writer->ToString())->ToString() != writer->ToString()) std::abort();
    AvroReadOptions options;
    options.types.max_recursion = 2;
    auto reader =
        std::make_shared<AvroReader>(reader_text.empty() ? writer : AvroDocument::Parse(reader_text), options);
    AvroDecoder decoder(reader, writer);
    AvroColumn column(reader->type());
    while (!rest.empty()) column.Append(decoder, Line(&rest));
    auto values = column.Finish();
    if (!values->Validate().ok()) std::abort();
    WriteAgain(*values, reader->type());
  } catch (const sluice::base::Error&) {
  }
  return 0;
}
