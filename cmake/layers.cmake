# The folders in layer order; each may include only those of its DEPS and of theirs (tools/check_layers.py reads this file).
sluice_add_library(base LIBS spdlog::spdlog nlohmann_json::nlohmann_json)
sluice_add_library(types DEPS base LIBS nlohmann_json::nlohmann_json date::date-tz)
sluice_add_library(formats DEPS types LIBS PkgConfig::SIMDJSON date::date-tz ZLIB::ZLIB PkgConfig::ZSTD
                   nlohmann_json::nlohmann_json PkgConfig::PROTOBUF PkgConfig::CURL)
sluice_add_library(plan DEPS types)
sluice_add_library(sql DEPS plan)
sluice_add_library(connect DEPS plan protocol LIBS nlohmann_json::nlohmann_json)
sluice_add_library(logical DEPS plan)
sluice_add_library(functions DEPS logical formats REGISTRY FunctionRegistry
                   LIBS date::date-tz PkgConfig::PCRE2 PkgConfig::SIMDJSON PkgConfig::XXHASH nlohmann_json::nlohmann_json ZLIB::ZLIB OpenSSL::Crypto)
sluice_add_library(catalog DEPS logical)
sluice_add_library(connectors/spi DEPS logical formats)
sluice_add_library(analyzer DEPS functions catalog connectors/spi sql)
sluice_add_library(optimizer DEPS functions)
sluice_add_library(state DEPS types LIBS PkgConfig::LZ4 PkgConfig::ZSTD PkgConfig::XXHASH PkgConfig::ROCKSDB ZLIB::ZLIB
                   nlohmann_json::nlohmann_json)
sluice_add_library(exec DEPS functions connectors/spi state)
sluice_add_library(checkpoint DEPS types LIBS nlohmann_json::nlohmann_json)
sluice_add_library(connectors DEPS exec checkpoint formats REGISTRY ConnectorRegistry
                   LIBS nlohmann_json::nlohmann_json rdkafka)
sluice_add_library(python DEPS exec protocol LIBS nlohmann_json::nlohmann_json)
sluice_add_library(streaming DEPS exec checkpoint connectors/spi optimizer LIBS nlohmann_json::nlohmann_json)
sluice_add_library(session DEPS analyzer optimizer streaming connectors python catalog LIBS nlohmann_json::nlohmann_json)
sluice_add_library(server DEPS session connect LIBS nlohmann_json::nlohmann_json PkgConfig::ZSTD PkgConfig::XXHASH ZLIB::ZLIB)
sluice_add_library(cli DEPS server LIBS CLI11::CLI11 nlohmann_json::nlohmann_json)
