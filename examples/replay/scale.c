/*
 * Scales.
 *
 * SPDX-License-Identifier: MIT
 */
#include "scale.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static double along(const struct scale *scale, double value) {
    if (value <= scale->low)
        return 0;
    if (value >= scale->high)
        return 1;
    if (scale->kind == SCALE_LOG)
        return log(value / scale->low) / log(scale->high / scale->low);
    return sqrt((value - scale->low) / (scale->high - scale->low));
}

double scale_at(const struct scale *scale, double value) {
    return scale->bottom - along(scale, value) * (scale->bottom - scale->top);
}

/* Powers of ten; and 2 and 5 between them where they would be too few. */
static size_t log_marks(const struct scale *scale, double *marks, size_t most) {
    bool few = scale->high / scale->low < 200;
    size_t count = 0;
    for (double power = pow(10, floor(log10(scale->low))); power <= scale->high; power *= 10)
        for (int step = 1; step <= 5; step = step == 1 ? 2 : step == 2 ? 5 : 6)
            if ((few || step == 1) && power * step >= scale->low && power * step <= scale->high &&
                count < most)
                marks[count++] = power * step;
    return count;
}

size_t scale_marks(const struct scale *scale, double *marks, size_t most) {
    static const double shares[] = {0, 0.01, 0.05, 0.1, 0.2, 0.5, 1};
    size_t count = 0;
    if (scale->kind == SCALE_LOG)
        return log_marks(scale, marks, most);
    for (size_t i = 0; i < COUNT(shares) && count < most; i++)
        if (shares[i] <= scale->high)
            marks[count++] = shares[i];
    return count;
}

dg_duration scale_time_step(dg_duration length) {
    static const unsigned steps[] = {1,   2,   5,   10,   15,   30,   60,   120,
                                     300, 600, 900, 1800, 3600, 7200, 14400};
    for (size_t i = 0; i < COUNT(steps); i++)
        if (length / DG_SEC(steps[i]) <= 12)
            return DG_SEC(steps[i]);
    return (length / DG_SEC(14400) / 12 + 1) * DG_SEC(14400);
}
