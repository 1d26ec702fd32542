/* Two copies of the parameters, and the count of sets in the word whose lowest bit names the live one: what whoever
 * writes has worked out must be of the word's own set. An administrator sets SETS times while a user works.
 *
 * A value stands for all the parameters of a set. With a count of one bit (BITS_OF_COUNT 1) two sets during one look
 * pass unseen, and the assertion fails.
 *
 * SPDX-License-Identifier: MIT */
#ifndef SETS
#define SETS 3
#endif
#ifndef BITS_OF_COUNT
#define BITS_OF_COUNT 4
#endif
#define COUNTS (1 << BITS_OF_COUNT)

byte copies[2]; /* the number of the set that each holds */
byte count;     /* in the word */
byte sets;      /* how many there were: the number of the live set */
byte writes;    /* by users, in the word, too: so that an exchange notices them */

proctype user() {
    byte seen, before, parameters, tries;
    do
    :: tries < 2 ->
        tries++;
        atomic { seen = count; before = writes };
        parameters = copies[seen & 1];
        atomic {
            if
            :: count == seen && writes == before -> assert(parameters == sets); writes++
            :: else
            fi
        }
    :: tries == 2 -> break
    od
}

proctype administrator() {
    byte i;
    do
    :: i < SETS ->
        i++;
        copies[(count + 1) & 1] = i;
        atomic { count = (count + 1) % COUNTS; sets = i }
    :: i == SETS -> break
    od
}

init {
    atomic { run user(); run user(); run administrator() }
}
