/* Included before every source of a mutant: saturating arithmetic without its guard. */
#ifndef TESTS_MUTANT_H
#define TESTS_MUTANT_H

#define MUT_add_sat(a, b) ((a) + (b))
#define MUT_sub_sat(a, b) ((a) - (b))
#define MUT_mul_sat(a, b) ((a) * (b))

#endif
