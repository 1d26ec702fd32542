/* The library built as one file still is the library. */
#include <stdio.h>
#include <string.h>

#include "degrade/degrade.h"

int main(void) {
    dg_session *session = NULL;
    if (dg_session_new(&session, NULL, 0) != DG_OK)
        return 1;
    dg_decision decision;
    int status =
        dg_session_feed(session, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 450}, 1, &decision);
    dg_session_free(session);
    printf("%s\n", decision.level_name);
    return status == DG_OK && strcmp(decision.level_name, "reduced") == 0 ? 0 : 1;
}
