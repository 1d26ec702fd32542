/* Tables of words that configurations are read by. */
#ifndef DGI_QUALITY_NAMES_H
#define DGI_QUALITY_NAMES_H

#include "base/names.h"

extern const dgi_names dgi_names_estimates;
extern const dgi_names dgi_names_stales;
extern const dgi_names dgi_names_rules;

#endif
