/* What a session sees, for the files that decide by it (session_look.c), and when it wants to be asked (session_next.c). */
#ifndef DGI_QUALITY_SESSION_LOOK_H
#define DGI_QUALITY_SESSION_LOOK_H

#include "quality/session_state.h"

/* What a layer of the decision asks for. */
typedef struct dgi_session_wish {
    uint32_t level;
    uint32_t reason;
} dgi_session_wish;

/* The worst level that a metric of the mask asks for; the first metric wins a tie. */
dgi_session_wish dgi_session_worst(const dgi_session_view *view, uint32_t among);
/* What the rule goes to by what is seen. */
dgi_session_wish dgi_session_wanted(const dg_session *session, const dgi_session_view *view);
/* Whether silence counts at all. */
bool dgi_session_minds_silence(const dg_session *session);
/* Whether what brought a level down was the link: then only the link can lift it again. */
bool dgi_session_by_link(uint32_t reason);
/* The best level that the metrics allow. */
uint32_t dgi_session_best(const dg_session *session, const dgi_session_view *view,
                          dgi_session_wish wanted);
/* Whether everything but the dwell is there for a step up to `best`. */
bool dgi_session_up_ready(const dg_session *session, const dgi_session_view *view, uint32_t best);
/* The dwell before a step up, by what is seen, in milliseconds. */
uint32_t dgi_session_dwell_now(const dg_session *session, const dgi_session_view *view);

/* In how many milliseconds it wants to be asked; UINT32_MAX: never. */
uint32_t dgi_session_next(const dg_session *session, const dgi_session_view *view);

#endif
