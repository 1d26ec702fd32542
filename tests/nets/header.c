/* One public header, alone: HEADER is its name. */
#include HEADER

/* ISO C forbids an empty translation unit. */
extern int header_compiles;
int header_compiles = 1;
