/* The sized structs that more than one part of quality reads or writes. */
#ifndef DGI_QUALITY_SIZES_H
#define DGI_QUALITY_SIZES_H

#include "base/struct.h"
#include "degrade/session.h"

DGI_SIZED(dg_sample, 0, 40);
DGI_SIZED(dg_decision, 2, 144);

#endif
