// Buffered text output.
#include "formats/text_output.h"

#include <iconv.h>

#include "base/error.h"

namespace sluice::formats {

TextOutput::TextOutput(const std::string& path, CompressionKind compression, const std::string& encoding)
    : output_(OpenOutput(path, compression)) {
  if (encoding == "UTF-8") return;
  // Java's UTF-16 and UTF-32 are big-endian, the first with a byte order mark.
  std::string name = encoding == "UTF-32" ? "UTF-32BE" : encoding == "UTF-16" ? "UTF-16BE" : encoding;
  converter_ = iconv_open(name.c_str(), "UTF-8");
  if (converter_ == reinterpret_cast<void*>(-1)) {
    converter_ = nullptr;
    throw base::Error::Unsupported("the character set " + encoding);
  }
  if (encoding == "UTF-16") output_->Write("\xfe\xff");
}

TextOutput::~TextOutput() {
  if (converter_) iconv_close(converter_);
}

void TextOutput::Flush() {
  if (!converter_) {
    output_->Write(text_);
    text_.clear();
    return;
  }
  std::string encoded(text_.size() * 4 + 16, '\0');
  char* from = text_.data();
  size_t from_left = text_.size();
  char* to = encoded.data();
  size_t to_left = encoded.size();
  while (from_left > 0 && iconv(converter_, &from, &from_left, &to, &to_left) == static_cast<size_t>(-1)) {
    // What the character set lacks becomes '?', byte sequences and all.
    do {
      ++from;
      --from_left;
    } while (from_left > 0 && (*from & 0xc0) == 0x80);
    char question = '?';
    char* mark = &question;
    size_t one = 1;
    iconv(converter_, &mark, &one, &to, &to_left);
  }
  output_->Write(std::string_view(encoded.data(), encoded.size() - to_left));
  text_.clear();
}

int64_t TextOutput::Close(bool sync) {
  Flush();
  return output_->Close(sync);
}

}  // namespace sluice::formats
