// The constant arguments of from_json, to_csv and the like: a schema and a map of options.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/file_format.h"
#include "formats/option_reader.h"
#include "functions/signature.h"

namespace sluice::functions {

/// The options of a constant map argument; none if the call has no argument at `position`. Throws INVALID_OPTIONS.*.
formats::Options OptionsLiteral(const BindContext& context, const Arguments& arguments, size_t position);

/// The type that a constant argument names as DDL or JSON text. Throws INVALID_SCHEMA.* and parse errors.
types::TypePtr SchemaLiteral(const BindContext& context, const Arguments& arguments, size_t position);

/// Options for the formats' classes, with the session's time zone unless they name one.
formats::FormatContext WithTimeZone(const formats::Options& options, const std::string& time_zone);

/// The option `mode` of from_avro and from_protobuf: true for FAILFAST, the default, false for PERMISSIVE. Throws
/// PARSE_MODE_UNSUPPORTED for DROPMALFORMED.
bool FailsFast(const BindContext& context, const formats::OptionReader& options);

/// The types of a call's arguments as they are.
std::vector<types::TypePtr> TypesOf(const Arguments& arguments);

}  // namespace sluice::functions
