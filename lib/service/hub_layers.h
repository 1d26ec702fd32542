/* The layers of the hub, lowest first: a file calls its own layer and those above it in this list. */
#ifndef DGI_SERVICE_HUB_LAYERS_H
#define DGI_SERVICE_HUB_LAYERS_H

#include "service/hub_state.h"

/* --- hub_config.c --- */

/* Read a configuration, fill in its defaults and check it. `message` may be NULL. */
int dgi_hub_config_read(dg_hub_config *config, const dg_hub_config *given, size_t given_size,
                        char *message, size_t size);
int dgi_conn_config_read(dg_conn_config *config, const dg_conn_config *given, size_t given_size);
/* Reads the table of callbacks, and checks the sizes of what they are given. */
int dgi_hub_host_read(dg_host *host, const dg_host *given, size_t given_size);

/* --- hub_table.c: places, handles, the queue --- */

/* Lists of connections; a list must hold one to be shifted. */
void dgi_hub_append(dg_hub *hub, dgi_conn_list *list, dgi_conn *conn);
dgi_conn *dgi_hub_shift(dg_hub *hub, dgi_conn_list *list);
/* Lets an event of a connection wait for the dispatcher. */
void dgi_hub_post(dg_hub *hub, dgi_conn *conn, unsigned event);
/* The live connection of a handle, or NULL. `hub` may be NULL. */
dgi_conn *dgi_hub_find(const dg_hub *hub, dg_conn conn);
/* The same for entry points: DG_OK, DG_ERR_INVALID without a hub, or DG_ERR_NOT_FOUND. */
int dgi_hub_look_up(const dg_hub *hub, dg_conn handle, dgi_conn **conn);
/* Makes room for the blocks of so many connections. DG_OK or DG_ERR_NOMEM. */
int dgi_hub_resize(dg_hub *hub, uint32_t max_connections);
void dgi_hub_free_blocks(dg_hub *hub);
bool dgi_hub_is_full(const dg_hub *hub);
/* The place that the next connection gets; NULL if there is no memory for one. */
dgi_conn *dgi_hub_next_place(dg_hub *hub);
void dgi_hub_take_place(dg_hub *hub, dgi_conn *conn);
/* Frees the place of a connection whose session has ended. */
void dgi_hub_free_place(dg_hub *hub, dgi_conn *conn);

/* --- hub_timers.c: the clock, and what is set on it --- */

void dgi_hub_timers_init(dg_hub *hub, dg_time now);
/* Lets the host's time come. Every entry point that is given a time begins with it. */
void dgi_hub_advance(dg_hub *hub, dg_time now);
/* Excuses a connection for the time in which the host stood still; false if there is none that it was not excused
 * for before. */
bool dgi_conn_excuse(const dg_hub *hub, dgi_conn *conn);
/* A connection's session, excused. */
dg_session *dgi_hub_session(const dg_hub *hub, dgi_conn *conn);
void dgi_conn_timers_init(dg_hub *hub, dgi_conn *conn);
void dgi_conn_timers_cancel(dg_hub *hub, dgi_conn *conn);
/* Sets the timer to the earliest that the connection is due. */
void dgi_conn_arm(dg_hub *hub, dgi_conn *conn);
/* The session wants to be asked at `next`, a time of the host. */
void dgi_conn_ask_at(dg_hub *hub, dgi_conn *conn, dg_time next);
/* It was told to close, or dropped: it has close_timeout to go. */
void dgi_conn_await_end(dg_hub *hub, dgi_conn *conn);
/* The configuration is another. */
void dgi_conn_reset_timers(dg_hub *hub, dgi_conn *conn);
dg_time dgi_conn_expire_at(const dg_hub *hub, const dgi_conn *conn);
/* The connection that a timer of the wheel belongs to; NULL for the drain's. */
dgi_conn *dgi_hub_timer_owner(const dg_hub *hub, uint32_t timer);
/* When the host should tick, unless something waits for it already. */
dg_time dgi_hub_timers_due(const dg_hub *hub);
/* From `now`, a time of the host, until a time of the hub's clock, and since one. */
dg_duration dgi_hub_until(const dg_hub *hub, dg_time clock, dg_time now);
dg_duration dgi_hub_since(const dg_hub *hub, dg_time clock, dg_time now);

/* --- hub_close.c: how a connection is told to go --- */

/* Gives the gate its permit back, if the connection holds one, and lets its session leave the cohort. */
void dgi_hub_give_back(dg_hub *hub, dgi_conn *conn);
/* Starts the closing of a connection that is open. `text` is NULL if the reason has its own. */
void dgi_hub_shut(dg_hub *hub, dgi_conn *conn, uint32_t reason, uint32_t code, const char *text);
/* Drops one that was told to close. */
void dgi_hub_drop(dg_hub *hub, dgi_conn *conn, uint32_t reason);
/* The words of its close. */
const char *dgi_hub_close_text(const dg_hub *hub, const dgi_conn *conn);
/* Lets a kept text go (1 + its place; 0 is none). */
void dgi_hub_drop_text(dg_hub *hub, uint32_t kept);

/* --- hub_session.c: what sessions decide --- */

/* Makes the session of a connection to be. */
int dgi_hub_make_session(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config);
/* Lets it speak for the first time. */
void dgi_hub_begin_session(dg_hub *hub, dgi_conn *conn);
/* Takes in what a session decided: counts, the timer, and the event that tells it. Then the session follows the hub's
 * cohort, and what that decides is taken in too and stands in `*decision`. */
void dgi_hub_absorb(dg_hub *hub, dgi_conn *conn, dg_decision *decision);
/* Asks the session, as its timer or the dispatcher does. */
void dgi_hub_ask(dg_hub *hub, dgi_conn *conn, dg_decision *decision);
/* The same after something was switched with this status, which it returns. */
int dgi_hub_switch_session(dg_hub *hub, dgi_conn *conn, int status);
int dgi_hub_feed(dg_hub *hub, dgi_conn *conn, const dg_sample *sample, size_t sample_size);
int dgi_hub_force_level(dg_hub *hub, dgi_conn *conn, uint32_t level, dg_duration duration);
void dgi_hub_unforce_level(dg_hub *hub, dgi_conn *conn);
/* Caps every session. */
void dgi_hub_cap_all(dg_hub *hub, uint32_t level);
/* Lets every session follow the cohort, if there is another brown-out than when it was last called. */
void dgi_hub_observe_cohort(dg_hub *hub);
/* What a client said: 1 if it was the library's, 0 if it is the host's own, or an error. */
int dgi_hub_hear_text(dg_hub *hub, dgi_conn *conn, const char *text, size_t size);

/* --- hub_conn.c: connections come and go --- */

/* Makes a free place a connection, with its session and its permit. Nothing is left of it after an error. */
int dgi_hub_attach(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config);
/* Leaves the counts and waits for its `released`. */
void dgi_hub_detach(dg_hub *hub, dgi_conn *conn);
/* Ends its session and frees its place. */
void dgi_hub_retire(dg_hub *hub, dgi_conn *conn);

/* --- hub_drain.c --- */

/* Begins a drain of the hub, or of its lifecycle and so of the hub; or joins it to the one under way. */
void dgi_hub_drain_start(dg_hub *hub, dg_duration period, uint32_t mode, dg_time now);
/* Obeys the lifecycle's drain, if it is another than before. */
void dgi_hub_drain_observe(dg_hub *hub, dg_time now);
/* DG_OK, or DG_ERR_STATE without a drain. */
int dgi_hub_drain_abort(dg_hub *hub, dg_time now);
/* The drain's own timer. */
void dgi_hub_drain_due(dg_hub *hub);
/* True once a drain is complete and nobody was told. */
bool dgi_hub_drain_ends(const dg_hub *hub);

/* --- hub_log.c --- */

void dgi_hub_log_added(dg_hub *hub, const dgi_conn *conn);
void dgi_hub_log_decision(dg_hub *hub, const dgi_conn *conn, const dg_decision *decision);
void dgi_hub_log_close(dg_hub *hub, const dgi_conn *conn, const dg_close *close);
void dgi_hub_log_send_failure(dg_hub *hub, const dgi_conn *conn, int error);
void dgi_hub_log_left(dg_hub *hub, const dgi_conn *conn);
/* The line of one DGI_NOTICE_*. */
void dgi_hub_log_notice(dg_hub *hub, unsigned notice);
void dgi_hub_log_drained(dg_hub *hub);

/* --- hub_events.c: the dispatcher --- */

/* Delivers one turn of what waits, unless it is at that already. Every entry point that may cause an event ends
 * with it. */
void dgi_hub_dispatch(dg_hub *hub);
/* Whether something waits for a next turn. */
bool dgi_hub_has_work(const dg_hub *hub);

/* Above all of these: hub_tick.c (the pump), hub_calls.c and hub_answers.c (what the host says and asks), hub.c (life
 * cycle). */

/* --- hub_sound.c --- */

/* Whether what a hub says of itself is true: for tests. Cost in proportion to the connections. */
bool dgi_hub_is_sound(const dg_hub *hub);

#endif
