// Lets Arrow's file writers write into an output file of ours.
#pragma once

#include <arrow/io/interfaces.h>

#include <utility>

#include "formats/compression.h"

namespace sluice::formats {

class ArrowOutput : public arrow::io::OutputStream {
 public:
  explicit ArrowOutput(ByteOutputPtr output) : output_(std::move(output)) { set_mode(arrow::io::FileMode::WRITE); }

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t size) override {
    output_->Write(std::string_view(static_cast<const char*>(data), size));
    position_ += size;
    return arrow::Status::OK();
  }
  /// Ends the file, after the writer has closed the stream; gives its size.
  int64_t Finish(bool sync) { return output_->Close(sync); }

 private:
  ByteOutputPtr output_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace sluice::formats
