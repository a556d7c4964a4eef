// Digests and hashes: md5, sha, crc32, hash, xxhash64.
#include <openssl/evp.h>
#include <zlib.h>

#include <bit>

#include "functions/kernels.h"
#include "functions/scalar/xxhash64.h"
#include "functions/signature.h"
#include "types/murmur3.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Binary;
using types::Integer;
using types::Long;
using types::String;
using types::TypeId;

namespace {

void AppendDigest(TextWriter& out, std::string_view bytes, const EVP_MD* algorithm) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, algorithm, nullptr);
  static constexpr char kDigits[] = "0123456789abcdef";
  char* at = out.Claim(size * 2);
  for (unsigned int i = 0; i < size; ++i) {
    *at++ = kDigits[digest[i] >> 4];
    *at++ = kDigits[digest[i] & 15];
  }
}

BindScalar Digest(const EVP_MD* (*algorithm)()) {
  return Simple(
      {.parameters = {Binary()},
       .type = String(),
       .kernel = RowKernel<Text(std::string_view)>(
           String(), [algorithm](TextWriter& out, std::string_view bytes) { AppendDigest(out, bytes, algorithm()); })});
}

bool Sha2(TextWriter& out, std::string_view bytes, int32_t bits) {
  const EVP_MD* algorithm = nullptr;
  switch (bits) {
    case 0:
    case 256:
      algorithm = EVP_sha256();
      break;
    case 224:
      algorithm = EVP_sha224();
      break;
    case 384:
      algorithm = EVP_sha384();
      break;
    case 512:
      algorithm = EVP_sha512();
      break;
    default:
      return false;
  }
  AppendDigest(out, bytes, algorithm);
  return true;
}

bool ContainsType(const types::DataType& type, TypeId wanted) {
  if (type.Is(wanted)) return true;
  if (type.Is(TypeId::kArray)) return ContainsType(*type.element(), wanted);
  if (type.Is(TypeId::kStruct)) {
    for (const auto& field : type.fields()) {
      if (ContainsType(*field.type, wanted)) return true;
    }
  }
  return false;
}

std::vector<types::TypePtr> HashableTypes(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, kUnlimited);
  std::vector<types::TypePtr> types;
  for (const Argument& argument : arguments) {
    if (ContainsType(*argument.type, TypeId::kMap)) {
      throw TypeMismatch(context, arguments, "HASH_MAP_TYPE", {{"functionName", QuotedName(context)}});
    }
    if (ContainsType(*argument.type, TypeId::kVariant)) {
      throw TypeMismatch(context, arguments, "HASH_VARIANT_TYPE", {{"functionName", QuotedName(context)}});
    }
    types.push_back(argument.type);
  }
  return types;
}

arrow::Datum Murmur3Kernel(EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t rows) {
  bool constant = AllConstant(arguments);
  int64_t count = constant ? 1 : rows;
  Writer<int32_t> out(arrow::int32(), count);
  std::fill_n(out.values(), count, types::kMurmur3Seed);
  for (const arrow::Datum& argument : arguments) types::Murmur3(*ToArray(argument, count), out.values());
  auto array = out.Finish();
  return constant ? AsScalar(array) : arrow::Datum(array);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Digests) {
  registry.Add({.name = "md5",
                .usage = "The MD5 digest in hexadecimal digits.",
                .example = "SELECT md5('Spark')",
                .since = "1.5.0",
                .bind = Digest(EVP_md5)});
  registry.Add({.name = "sha",
                .aliases = {"sha1"},
                .usage = "The SHA-1 digest in hexadecimal digits.",
                .example = "SELECT sha('Spark')",
                .since = "1.5.0",
                .bind = Digest(EVP_sha1)});
  registry.Add({.name = "sha2",
                .usage = "A digest of the SHA-2 family by its number of bits: 224, 256, 384, 512.",
                .example = "SELECT sha2('Spark', 256)",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Binary(), Integer()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view, int32_t)>(String(), Sha2),
                                .nulls = Nulls::kAlways})});
  registry.Add({.name = "crc32",
                .usage = "The CRC-32 checksum.",
                .example = "SELECT crc32('Spark')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Binary()},
                                .type = Long(),
                                .kernel = RowKernel<int64_t(std::string_view)>(Long(), [](std::string_view bytes) {
                                  return static_cast<int64_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()),
                                                                    static_cast<uInt>(bytes.size())));
                                })})});
}

SLUICE_REGISTER(FunctionRegistry, Hashes) {
  registry.Add({.name = "hash",
                .usage = "A 32-bit Murmur3 hash of all arguments.",
                .example = "SELECT hash('Spark', array(123), 2)",
                .since = "2.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  auto types = HashableTypes(context, arguments);
                  return NewBinding(context, arguments, Integer(), types, Murmur3Kernel, Nulls::kNever);
                })});
  registry.Add({.name = "xxhash64",
                .usage = "A 64-bit xxHash of all arguments.",
                .example = "SELECT xxhash64('Spark', array(123), 2)",
                .since = "3.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  auto types = HashableTypes(context, arguments);
                  auto kernel = [types](EvalContext&, const std::vector<arrow::Datum>& values,
                                        int64_t rows) -> arrow::Datum {
                    bool constant = AllConstant(values);
                    int64_t count = constant ? 1 : rows;
                    Writer<int64_t> out(arrow::int64(), count);
                    std::fill_n(out.values(), count, kXxHash64Seed);
                    for (size_t i = 0; i < values.size(); ++i) {
                      XxHash64(types[i], ToArray(values[i], count), out.values());
                    }
                    auto array = out.Finish();
                    return constant ? AsScalar(array) : arrow::Datum(array);
                  };
                  return NewBinding(context, arguments, Long(), types, kernel, Nulls::kNever);
                })});
}

}  // namespace sluice::functions
