/* The word of a half-open breaker, and the names of its places: lib/dependency/breaker_places.c and breaker_report.c,
 * step by step. Each access of the word or of a name is a step of its own, or one with its exchange. Callers ask for a
 * probe, may die, and report it (once, and a copy of the permit again); a probe may count as lost at any moment; a
 * supervisor evicts the dead.
 *
 * What holds, in any order of steps:
 *   - at most PLACES probes are out, those that are lost or evicted apart;
 *   - a permit counts at most once;
 *   - who holds a place that nobody struck is believed;
 *   - every place whose bit is set has a name that time, or a report, gets rid of.
 *
 * Variants that leave a step out, and must fail: ONE_LOOK (a place is named without a second look at the word), NO_GRANTS
 * (the word does not count them), NO_NAME (a report does not look at the name), ANY_SERIAL (a name becomes held although another holder came between),
 * NO_PENDING (a place is named only when its bit is
 * set).
 *
 * SPDX-License-Identifier: MIT */
#ifndef PLACES
#define PLACES 1
#endif
#ifndef CALLERS
#define CALLERS 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef EVICTIONS
#define EVICTIONS 0
#endif
#ifdef NO_GRANTS
#define GRANTS 1
#else
#define GRANTS 8
#endif
#ifndef MOVES
#define MOVES 3 /* so many generations are looked at */
#endif

#define CLOSED 0
#define OPEN   1
#define HALF   2

#define WORD(state, slots, grants, gen) ((state) + 4 * (slots) + 16 * ((grants) % GRANTS) + 128 * (gen))
#define STATE(word)  ((word) % 4)
#define SLOTS(word)  ((word) / 4 % 4)
#define COUNT(word)  ((word) / 16 % 8)
#define GEN(word)    ((word) / 128)
#define TAKEN(word, place) ((SLOTS(word) >> (place)) & 1)

#define NONE    0
#define PENDING 1
#define HELD    2
#define STRUCK  3
#define NAME(kind, token, serial) ((kind) + 4 * (token) + 64 * (serial))
#define KIND(name)   ((name) % 4)
#define TOKEN(name)  ((name) / 4 % 16)
#define SERIAL(name) ((name) / 64) /* counts the holders */
#define SEAT(token) (((token) - 1) / ROUNDS) /* a token is a caller's in one of its rounds */

int word = WORD(OPEN, 0, 0, 0);
int name[2];

/* What the protocol does not know: which tokens hold a place, which have been counted, who is dead. */
int live, counted;
byte dead;

#define IS(set, token) (((set) >> (token)) & 1)
#define BITS(n) (((n) & 1) + ((n) >> 1 & 1) + ((n) >> 2 & 1) + ((n) >> 3 & 1) + ((n) >> 4 & 1) + ((n) >> 5 & 1) + ((n) >> 6 & 1) + \
                 ((n) >> 7 & 1))

#define NAMED ((!TAKEN(word, 0) || KIND(name[0]) != NONE) && (!TAKEN(word, 1) || KIND(name[1]) != NONE))

inline swap_word(old, new, done) {
    atomic {
        if
        :: word == old ->
            if
            :: GEN(new) != GEN(old) -> live = 0 /* what is out is late */
            :: else
            fi;
            word = new;
#ifndef NO_PENDING
            assert(NAMED);
#endif
            done = true
        :: else -> done = false
        fi
    }
}

inline swap_name(place, old, new, done) {
    atomic {
        if
        :: name[place] == old -> name[place] = new; done = true
        :: else -> done = false
        fi
    }
}

/* Strikes a name off, if it is still there. */
inline strike(place, old, done) {
    atomic {
        if
        :: name[place] == old ->
            name[place] = NAME(STRUCK, TOKEN(old), SERIAL(old));
            live = live & ~(1 << TOKEN(old));
            done = true
        :: else -> done = false
        fi
    }
}

proctype caller(byte id) {
    int w, next, n;
    byte place, gen, serial, token, round, reports;
    bool done;

    do
    :: round < ROUNDS ->
        round++;
        token = id * ROUNDS + round;
ask:
        atomic { n = 0; next = 0; gen = 0; serial = 0; place = 0; done = false };
        w = word;
        if
        :: STATE(w) == CLOSED || GEN(w) >= MOVES -> goto refused
        :: STATE(w) == OPEN && GEN(w) < MOVES -> place = 0; next = WORD(HALF, 1, 1, GEN(w) + 1); goto announce
        :: STATE(w) == HALF && GEN(w) < MOVES ->
            if
            :: !TAKEN(w, 0) -> place = 0
            :: PLACES > 1 && !TAKEN(w, 1) -> place = 1
            :: TAKEN(w, 0) -> place = 0
            :: PLACES > 1 && TAKEN(w, 1) -> place = 1
            :: SLOTS(w) == (1 << PLACES) - 1 -> goto refused
            fi;
            next = WORD(HALF, SLOTS(w) | (1 << place), COUNT(w) + 1, GEN(w));
            if
            :: TAKEN(w, place) -> goto lost
            :: else -> goto announce
            fi
        fi;

lost:   /* its time is over, or somebody has struck it already */
        n = name[place];
        serial = SERIAL(n);
        if
        :: KIND(n) == STRUCK -> goto take
        :: KIND(n) != STRUCK ->
            strike(place, n, done);
            if
            :: done -> goto take
            :: else -> goto ask
            fi
        fi;

announce:
        n = name[place];
        serial = SERIAL(n);
#ifndef ONE_LOOK
        if
        :: word != w -> goto ask
        :: else
        fi;
#endif
#ifndef NO_PENDING
        swap_name(place, n, NAME(PENDING, token, serial), done);
#else
        done = true;
#endif
        if
        :: !done -> goto ask
        :: else
        fi;

take:
        swap_word(w, next, done);
        if
        :: !done -> goto ask
        :: else
        fi;
        gen = GEN(next);
        if
        :: EVICTIONS > 0 -> dead = dead | (1 << id); goto out /* dies before its name is there */
        :: true
        fi;

hold:
        n = name[place];
        w = word;
        if
        :: GEN(w) != gen || !TAKEN(w, place) -> goto ask
#ifndef ANY_SERIAL
        :: SERIAL(n) != serial -> goto ask
#endif
        :: else
        fi;
        atomic {
            if
            :: name[place] == n ->
                name[place] = NAME(HELD, token, serial + 1);
                if
                :: GEN(word) == gen ->
                    assert(TAKEN(word, place));
                    live = live | (1 << token);
                    assert(BITS(live) <= PLACES)
                :: else
                fi
            :: else -> goto hold
            fi
        };
        if
        :: EVICTIONS > 0 -> dead = dead | (1 << id); goto out /* dies with its probe */
        :: true
        fi;

        reports = 0;
report:
        w = word;
        if
        :: GEN(w) != gen -> goto refused /* late */
        :: else
        fi;
#ifndef NO_NAME
        n = name[place];
        if
        :: n != NAME(HELD, token, serial + 1) -> assert(!IS(live, token)); goto refused /* late, or double */
        :: n == NAME(HELD, token, serial + 1) && TAKEN(w, place)
        :: n == NAME(HELD, token, serial + 1) && !TAKEN(w, place) -> assert(!IS(live, token)); goto refused
        fi;
#else
        if
        :: !TAKEN(w, place) -> goto refused
        :: else
        fi;
#endif
        if
        :: next = WORD(HALF, SLOTS(w) & ~(1 << place), COUNT(w), GEN(w))
        :: GEN(w) < MOVES -> next = WORD(OPEN, 0, 0, GEN(w) + 1)
        :: GEN(w) < MOVES -> next = WORD(CLOSED, 0, 0, GEN(w) + 1)
        fi;
        atomic {
            if
            :: word == w ->
                assert(!IS(counted, token));
                counted = counted | (1 << token);
                live = (GEN(next) != GEN(w) -> 0 : live & ~(1 << token));
                word = next
            :: else -> goto report
            fi
        };
        reports++;
        if
        :: reports < 2 -> goto report /* the copy */
        :: else
        fi;
refused:
        atomic { w = 0; n = 0; next = 0; gen = 0; serial = 0; place = 0; done = false; reports = 0 }
    :: round == ROUNDS -> break
    od;
out:
    atomic { w = 0; n = 0; next = 0; gen = 0; serial = 0; place = 0; done = false; reports = 0; token = 0 }
}

#if EVICTIONS > 0
proctype supervisor() {
    int w, n;
    byte place, times;
    bool done;

    do
    :: times < EVICTIONS && dead != 0 ->
        times++;
        place = 0;
        w = word;
        do
        :: place < PLACES && STATE(w) == HALF ->
            if
            :: TAKEN(w, place) ->
again:          n = name[place];
                if
                :: (KIND(n) == HELD || KIND(n) == PENDING) && IS(dead, SEAT(TOKEN(n))) ->
                    strike(place, n, done);
                    if
                    :: !done -> goto again
                    :: else
                    fi;
                :: else
                fi
            :: else
            fi;
            place++
        :: else -> break
        od
    :: times == EVICTIONS || dead == 0 -> break
    od
}
#endif

init {
    byte i;
    atomic {
        do
        :: i < CALLERS -> run caller(i); i++
        :: else -> break
        od;
#if EVICTIONS > 0
        run supervisor()
#endif
    }
}
