/*
 * libdegrade: graceful degradation for servers with long-lived connections.
 *
 * SPDX-License-Identifier: MIT
 *
 * This header includes all others. What holds for every one of them is said here once.
 *
 * Four questions. Can I take this work (admission: bucket, sampler, load, queue, gate)? What can this
 * client's network carry (quality: meter, profile, session, cohort, message)? Is what I depend on alive
 * (dependency: breaker)? Am I fit to serve (service: lifecycle, hub, metrics)? Metrics go in, decisions
 * come out. The library opens no socket, reads no clock, starts no thread and prints nothing.
 *
 * Time. Calls that depend on time take `now` last: nanoseconds of the host's monotonic clock, read once for
 * each event. Going backwards is no error; it counts as no time passed. See time.h.
 *
 * Errors. A function that can fail returns int: DG_OK (0) or a negative DG_ERR_*; the state is then as it
 * was, and outputs are all zero, which always means "refuse" or "no change". A function that returns bool
 * cannot fail, and answers misuse with false. A refusal of work is a decision, never an error. NULL is
 * refused wherever the comment does not allow it; nothing aborts the process.
 *
 * Structs. Configurations, samples and requests (inputs), and decisions and statistics (outputs) grow at
 * their end from release to release. Zero every struct before filling it in (`= { 0 }`, or designated
 * initialisers, do): zero means the default everywhere. The functions named _sized take the size of the
 * struct, so that programs and libraries of different age fit together; the inline functions beside them
 * only add sizeof. Bindings use the _sized ones. A size below that of the struct's first release, or above
 * 4096 bytes, is DG_ERR_INVALID. If an output is cut, bits of its masks whose member was cut are cleared. The
 * element size of a table is never 0. Permits, levels, log records and the other structs called values never
 * change within a soname. A member that a later release adds means, when it is 0, what the release before did.
 *
 * Enumerations in outputs grow, too. A `switch` over one has a `default:` branch: an unknown answer is a refusal
 * with the item handed back, an unknown reason or state is shown by its name function, which says "unknown".
 *
 * Memory. An object is created by _new and freed by _free (NULL does nothing), or placed by _place in memory
 * of the host's. Nothing allocates after creation, but dg_hub_add() while the hub still grows. Strings that
 * are returned are static unless a comment says whose they are.
 *
 * Cells (bucket, sampler, load, breaker, lifecycle, seats) are blocks of memory without a pointer inside,
 * for any thread and for any process that maps the block: _place once, publish, _attach in the others. A
 * process that is killed in the middle of any call leaves the others working; what it held is given back by
 * itself, or by eviction (seats.h). cell.h says what attaching answers, region.h how processes open cells by name.
 * A mapping is trusted within one user id. Reconfiguring (_set) is for one
 * administrator at a time, while users go on.
 *
 * Threads. Cells: any. Queue, gate and cohort: any thread of one process, not across fork. Session, meter, hub,
 * metrics: one thread at a time each. Functions without an object: any.
 *
 * Callbacks. Events run at the tail of the call that caused them, with nothing locked; see hub.h. Only the
 * allocator is called in the middle, and must not call back.
 *
 * ABI. Names, values, member order and the meaning of zero are kept within a soname; members and functions
 * are only added, each with the release it came with ("Since").
 */
#ifndef DEGRADE_DEGRADE_H
#define DEGRADE_DEGRADE_H

#include "degrade/version.h"
#include "degrade/status.h"
#include "degrade/time.h"
#include "degrade/allocator.h"
#include "degrade/permit.h"
#include "degrade/log.h"
#include "degrade/trail.h"
#include "degrade/cell.h"
#include "degrade/region.h"
#include "degrade/seats.h"

#include "degrade/bucket.h"
#include "degrade/sampler.h"
#include "degrade/load.h"
#include "degrade/queue.h"
#include "degrade/gate.h"

#include "degrade/meter.h"
#include "degrade/profile.h"
#include "degrade/session.h"
#include "degrade/cohort.h"
#include "degrade/message.h"

#include "degrade/breaker.h"

#include "degrade/lifecycle.h"
#include "degrade/hub.h"
#include "degrade/metrics.h"

#endif
