// How from_avro and to_avro use a schema registry: its settings, and values that begin with a schema's id.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/sql_conf.h"
#include "formats/avro/avro_decoder.h"
#include "formats/avro/avro_encoder.h"
#include "formats/file_format.h"
#include "formats/schema_registry/schema_registry.h"

namespace sluice::functions {

/// What a call says of the registry it uses: options "schema.registry.…", and where they leave something out, the
/// session's "spark.sluice.schema.registry.…".
struct RegistryUse {
  formats::RegistrySettings settings;
  std::string subject;
  bool adds = true;                   ///< schemas that are written are registered
  bool uses_latest = false;           ///< values are written with the subject's latest schema
  std::optional<std::string> schema;  ///< to write with
  bool has_secret = false;            ///< the call itself holds credentials
};

/// Whether an option is one of the registry's; "schema" only when writing.
bool IsRegistryOption(const std::string& lower_name);
/// Nothing if no option is the registry's.
std::optional<RegistryUse> ReadRegistryUse(const formats::Options& options, const base::SqlConf* conf);
/// The settings that to_avro is given in the place of a schema: a JSON object with keys "schema.registry.…" and
/// "schema"; nothing if the text is a schema.
std::optional<formats::Options> RegistryOptionsOf(const std::string& schema_argument);

/// Decoders by the id that values begin with. Thread safe.
class RegistryDecoders {
 public:
  RegistryDecoders(std::shared_ptr<formats::SchemaRegistry> registry, formats::AvroReaderPtr reader)
      : registry_(std::move(registry)), reader_(std::move(reader)) {}
  /// Null if the registry has no such schema.
  formats::AvroDecoderPtr Find(int32_t id);
  const formats::SchemaRegistry& registry() const { return *registry_; }

 private:
  std::shared_ptr<formats::SchemaRegistry> registry_;
  formats::AvroReaderPtr reader_;
  std::mutex mutex_;
  std::map<int32_t, formats::AvroDecoderPtr> decoders_;
};

/// The schema that to_avro writes with, and the header that names it, which is asked for with the first value.
class RegistryWriter {
 public:
  RegistryWriter(RegistryUse use, const types::DataType& type);
  const std::string& schema() const { return schema_; }
  std::string Header();

 private:
  RegistryUse use_;
  std::shared_ptr<formats::SchemaRegistry> registry_;
  std::string schema_;
  std::optional<int32_t> id_;
  std::mutex mutex_;
};

}  // namespace sluice::functions
