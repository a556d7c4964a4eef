// aes_encrypt, aes_decrypt.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>

#include "functions/kernels.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::ScalarBindingPtr;
using types::Binary;
using types::String;

namespace {

enum class AesMode { kEcb, kCbc, kGcm };

constexpr size_t kGcmIvSize = 12, kCbcIvSize = 16, kGcmTagSize = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

base::Error InvalidValue(const std::string& function, const char* sub, const char* parameter,
                         base::Error::Parameters parameters) {
  parameters["functionName"] = "`" + function + "`";
  parameters["parameter"] = parameter;
  return base::Error(base::ErrorKind::kRuntime, fmt::format("INVALID_PARAMETER_VALUE.{}", sub), std::move(parameters));
}

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

/// One call's key and mode.
struct AesCall {
  std::string function;
  AesMode mode;
  const EVP_CIPHER* cipher;
  bool padded;

  AesCall(std::string name, std::string_view key, std::string_view mode_text, std::string_view padding_text)
      : function(std::move(name)) {
    std::string mode_name = Upper(mode_text), padding = Upper(padding_text);
    if (padding == "DEFAULT") padding = mode_name == "GCM" ? "NONE" : "PKCS";
    bool known =
        (mode_name == "GCM" && padding == "NONE") || ((mode_name == "ECB" || mode_name == "CBC") && padding == "PKCS");
    if (!known) {
      throw base::Error(base::ErrorKind::kRuntime, "UNSUPPORTED_FEATURE.AES_MODE",
                        {{"mode", std::string(mode_text)},
                         {"padding", std::string(padding_text)},
                         {"functionName", "`" + function + "`"}});
    }
    mode = mode_name == "GCM" ? AesMode::kGcm : mode_name == "CBC" ? AesMode::kCbc : AesMode::kEcb;
    padded = mode != AesMode::kGcm;
    int bits = key.size() == 16 ? 128 : key.size() == 24 ? 192 : key.size() == 32 ? 256 : 0;
    if (bits == 0)
      throw InvalidValue(function, "AES_KEY_LENGTH", "`key`", {{"actualLength", std::to_string(key.size())}});
    cipher = EVP_get_cipherbyname(fmt::format("aes-{}-{}", bits,
                                              mode_name == "GCM"   ? "gcm"
                                              : mode_name == "CBC" ? "cbc"
                                                                   : "ecb")
                                      .c_str());
  }
  size_t iv_size() const { return mode == AesMode::kGcm ? kGcmIvSize : mode == AesMode::kCbc ? kCbcIvSize : 0; }
};

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void Encrypt(TextWriter& out, std::string_view text, std::string_view key, std::string_view mode,
             std::string_view padding, std::string_view iv, std::string_view aad) {
  AesCall call("aes_encrypt", key, mode, padding);
  if (!iv.empty() && call.mode == AesMode::kEcb) {
    throw base::Error(base::ErrorKind::kRuntime, "UNSUPPORTED_FEATURE.AES_MODE_IV",
                      {{"mode", std::string(mode)}, {"functionName", "`aes_encrypt`"}});
  }
  if (!aad.empty() && call.mode != AesMode::kGcm) {
    throw base::Error(base::ErrorKind::kRuntime, "UNSUPPORTED_FEATURE.AES_MODE_AAD",
                      {{"mode", std::string(mode)}, {"functionName", "`aes_encrypt`"}});
  }
  if (!iv.empty() && iv.size() != call.iv_size()) {
    throw InvalidValue("aes_encrypt", "AES_IV_LENGTH", "`iv`",
                       {{"mode", Upper(mode)}, {"actualLength", std::to_string(iv.size())}});
  }
  unsigned char random_iv[kCbcIvSize];
  if (iv.empty() && call.iv_size() > 0) {
    RAND_bytes(random_iv, static_cast<int>(call.iv_size()));
    iv = {reinterpret_cast<char*>(random_iv), call.iv_size()};
  }
  out.Append(iv);
  Cipher context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  EVP_EncryptInit_ex(context.get(), call.cipher, nullptr, Bytes(key), iv.empty() ? nullptr : Bytes(iv));
  int size = 0;
  if (!aad.empty()) EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(aad), static_cast<int>(aad.size()));
  size_t room = text.size() + 32;
  auto* at = reinterpret_cast<unsigned char*>(out.Claim(room));
  int written = 0;
  EVP_EncryptUpdate(context.get(), at, &size, Bytes(text), static_cast<int>(text.size()));
  written += size;
  EVP_EncryptFinal_ex(context.get(), at + written, &size);
  written += size;
  if (call.mode == AesMode::kGcm) {
    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kGcmTagSize, at + written);
    written += kGcmTagSize;
  }
  out.GiveBack(room - static_cast<size_t>(written));
}

/// False if the bytes were not encrypted with that key and mode.
bool TryDecrypt(TextWriter& out, std::string_view bytes, std::string_view key, std::string_view mode,
                std::string_view padding, std::string_view aad) {
  AesCall call("aes_decrypt", key, mode, padding);
  size_t tag = call.mode == AesMode::kGcm ? kGcmTagSize : 0;
  if (bytes.size() < call.iv_size() + tag) return false;
  std::string_view iv = bytes.substr(0, call.iv_size());
  std::string_view body = bytes.substr(iv.size(), bytes.size() - iv.size() - tag);
  Cipher context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  EVP_DecryptInit_ex(context.get(), call.cipher, nullptr, Bytes(key), iv.empty() ? nullptr : Bytes(iv));
  int size = 0;
  // Other modes know no such data; Spark ignores it when they decrypt.
  if (tag > 0 && !aad.empty())
    EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(aad), static_cast<int>(aad.size()));
  size_t room = body.size() + 32;
  auto* at = reinterpret_cast<unsigned char*>(out.Claim(room));
  int written = 0;
  bool good = EVP_DecryptUpdate(context.get(), at, &size, Bytes(body), static_cast<int>(body.size())) == 1;
  written += size;
  if (tag > 0) {
    std::string tag_bytes(bytes.substr(bytes.size() - tag));
    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag), tag_bytes.data());
  }
  good = good && EVP_DecryptFinal_ex(context.get(), at + written, &size) == 1;
  written += good ? size : 0;
  out.GiveBack(room - static_cast<size_t>(written));
  return good;
}

/// The call with the arguments that Spark fills in.
std::function<std::string(const std::vector<std::string>&)> TextWithDefaults(std::string name, size_t count) {
  return [name, count](std::vector<std::string> texts) {
    static constexpr std::array<const char*, 4> kDefaults = {"GCM", "DEFAULT", "", ""};
    while (texts.size() < count) texts.emplace_back(kDefaults[texts.size() - 2]);
    return fmt::format("{}({})", name, fmt::join(texts, ", "));
  };
}

ScalarBindingPtr BindEncrypt(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 6);
  auto types = Coerce(context, arguments, {Binary(), Binary(), String(), String(), Binary(), Binary()});
  using View = std::string_view;
  auto kernel = RowKernel<Text(View, View, View, View, View, View)>(Binary(), Encrypt);
  arrow::Datum none(std::make_shared<arrow::BinaryScalar>(std::string()));
  auto binding = NewBinding(context, arguments, Binary(), types,
                            WithDefaults(6, {TextConstant("GCM"), TextConstant("DEFAULT"), none, none}, kernel));
  binding->sql = TextWithDefaults(PrettyName(context), 6);
  // Without an initialisation vector every call draws its own.
  binding->deterministic = arguments.size() > 4;
  binding->foldable = binding->deterministic;
  return binding;
}

ScalarBindingPtr BindDecrypt(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 5);
  auto types = Coerce(context, arguments, {Binary(), Binary(), String(), String(), Binary()});
  using View = std::string_view;
  auto kernel = RowKernel<Text(View, View, View, View, View)>(
      Binary(), [is_try](TextWriter& out, View bytes, View key, View mode, View padding, View aad) {
        if (TryDecrypt(out, bytes, key, mode, padding, aad)) return true;
        if (!is_try) {
          throw InvalidValue(
              "aes_decrypt", "AES_CRYPTO_ERROR", "`expr`, `key`",
              {{"detailMessage", Upper(mode) == "GCM" ? "Tag mismatch"
                                                      : "Given final block not properly padded. Such issues can arise "
                                                        "if a bad key is used during decryption."}});
        }
        return false;
      });
  arrow::Datum none(std::make_shared<arrow::BinaryScalar>(std::string()));
  auto binding = NewBinding(context, arguments, Binary(), types,
                            WithDefaults(5, {TextConstant("GCM"), TextConstant("DEFAULT"), none}, kernel),
                            is_try ? Nulls::kAlways : Nulls::kPropagate);
  binding->sql = TextWithDefaults(PrettyName(context), 5);
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Aes) {
  registry.Add({.name = "aes_encrypt",
                .usage = "The bytes encrypted with AES in mode ECB, CBC or GCM.",
                .example = "SELECT length(aes_encrypt('Spark', '0000111122223333'))",
                .since = "3.3.0",
                .bind = BindScalar(BindEncrypt)});
  registry.Add({.name = "aes_decrypt",
                .usage = "The bytes that were encrypted with AES.",
                .example = "SELECT CAST(aes_decrypt(aes_encrypt('Spark', '0000111122223333', 'ECB'), "
                           "'0000111122223333', 'ECB') AS STRING)",
                .since = "3.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindDecrypt(false, context, arguments);
                })});
  registry.Add({.name = "try_aes_decrypt",
                .usage = "Like aes_decrypt, but null for bytes that cannot be decrypted.",
                .example = "SELECT try_aes_decrypt(X'00', '0000111122223333')",
                .since = "3.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindDecrypt(true, context, arguments);
                })});
}

}  // namespace sluice::functions
