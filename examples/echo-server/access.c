/*
 * Who may ask at all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "access.h"

#include <string.h>

static const char foreign_host[] = "this server does not go by that name (see --hosts)\n";
static const char foreign_origin[] = "pages of that origin may not ask here (see --origins)\n";

static struct text text_of(const char *string) {
    return (struct text){string, strlen(string)};
}

/* Says whether a list with commas has that very text, whatever the case. */
static bool list_has(const char *list, struct text wanted) {
    struct text rest = text_of(list), item;
    while (text_next(&rest, &item))
        if (text_same_word(item, wanted))
            return true;
    return false;
}

/* Splits "host:port"; the brackets of an IPv6 address are taken off. */
static struct text host_of(struct text authority, struct text *port) {
    const char *bracket = authority.size ? memchr(authority.at, ']', authority.size) : NULL;
    const char *from = bracket ? bracket : authority.at;
    size_t left = authority.size - (size_t)(from - authority.at);
    const char *colon = left ? memchr(from, ':', left) : NULL;
    size_t size = colon ? (size_t)(colon - authority.at) : authority.size;
    *port = colon ? (struct text){colon + 1, authority.size - size - 1} : (struct text){0};
    if (bracket && size >= 2 && authority.at[0] == '[')
        return (struct text){authority.at + 1, size - 2};
    return (struct text){authority.at, size};
}

static bool host_is_numeric(struct text host) {
    for (size_t i = 0; i < host.size; i++)
        if (strchr("0123456789.", host.at[i]) == NULL || host.at[i] == '\0')
            return false;
    return true;
}

/* The addresses of this machine for itself: no other can be reached by them. */
static bool host_is_loopback(struct text host) {
    return text_is_word(host, "localhost") || text_is(host, "::1") ||
           (host.size > 4 && memcmp(host.at, "127.", 4) == 0 && host_is_numeric(host));
}

static bool host_good(const struct options *options, const struct peer *peer, struct text authority) {
    struct text port, host = host_of(authority, &port);
    char address[INET6_ADDRSTRLEN];
    if (host_is_loopback(host) || text_is_word(host, options->host) ||
        (options->hosts && host.size > 0 && list_has(options->hosts, host)))
        return true;
    peer_local_address(peer, address);
    const char *mapped = strncmp(address, "::ffff:", 7) == 0 ? address + 7 : address;
    return text_is_word(host, mapped);
}

/* The port may be left out if it is the scheme's own. */
static bool same_port(struct text a, struct text b, const char *own) {
    if (a.size == 0)
        a = text_of(own);
    if (b.size == 0)
        b = text_of(own);
    return text_same_word(a, b);
}

static bool origin_is(struct text origin, const char *scheme, const char *port, struct text authority) {
    size_t size = strlen(scheme);
    if (origin.size <= size || !text_is_word((struct text){origin.at, size}, scheme))
        return false;
    struct text port_a, port_b;
    struct text a = host_of((struct text){origin.at + size, origin.size - size}, &port_a);
    struct text b = host_of(authority, &port_b);
    return text_same_word(a, b) && same_port(port_a, port_b, port);
}

static bool origin_good(const struct options *options, struct text origin, struct text authority) {
    return origin_is(origin, "http://", "80", authority) ||
           origin_is(origin, "https://", "443", authority) ||
           (options->origins && list_has(options->origins, origin));
}

/* Programs other than browsers send no Origin, and those of HTTP/1.0 no Host: no page is behind them. */
const char *access_fault(const struct options *options, const struct peer *peer,
                         const struct http_head *head) {
    if (head->authority.at && !host_good(options, peer, head->authority))
        return foreign_host;
    if (head->origin.at && !origin_good(options, head->origin, head->authority))
        return foreign_origin;
    return NULL;
}

unsigned access_status(const char *fault) {
    return fault == foreign_host ? 421 : 403;
}
