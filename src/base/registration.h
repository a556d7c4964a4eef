// The macro with which a function, source, sink or format file ends to register itself.
#pragma once

/// Defines the registration function of one entry; the build collects all of them (tools/generate_registry.py), so
/// adding an entry touches one file. Use it inside the namespace of the top-level folder.
#define SLUICE_REGISTER(Registry, Name)    \
  void Register##Name(Registry& registry); \
  void Register##Name(Registry& registry)
