/* The words of a breaker's presets, for its table of options. */
#ifndef DGI_DEPENDENCY_BREAKER_NAMES_H
#define DGI_DEPENDENCY_BREAKER_NAMES_H

#include "base/names.h"

extern const dgi_names dgi_breaker_preset_names;

#endif
