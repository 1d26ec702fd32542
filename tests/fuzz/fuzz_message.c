/* Wire messages: what is read says what the text says, by a second reading of the grammar; what is read can be written, and
 * reads as the same again; what is refused leaves nothing behind.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/message.h"
#include "slow_json.h"

static slow_json slow;
static const dg_message nothing;

/* --- the grammar, from the header and not from the library's table --- */

/* A member that is there: once, or null. */
typedef struct member {
    const slow_node *node; /* NULL: absent, or null */
    bool wrong;            /* it comes twice */
    bool named;            /* null or not */
} member;

static member member_of(const slow_node *object, const char *name) {
    member found = {0};
    if (object == NULL)
        return found;
    int count = slow_find(&slow, (int)(object - slow.nodes), name, &found.node);
    found.wrong = count > 1;
    found.named = count > 0;
    if (count > 0 && found.node->kind == 'n')
        found.node = NULL;
    return found;
}

static bool number_fits(const slow_node *message, const char *name, double high, uint32_t bit,
                        uint32_t *has, double value) {
    member at = member_of(message, name);
    if (at.wrong || at.node == NULL)
        return !at.wrong;
    *has |= bit;
    return at.node->kind == '0' && at.node->number >= 0 && at.node->number <= high &&
           (value < 0 || value - at.node->number == 0);
}

static bool whole_fits(const slow_node *message, const char *name, double high, uint32_t bit,
                       uint32_t *has, uint64_t value) {
    member at = member_of(message, name);
    if (at.wrong || at.node == NULL)
        return !at.wrong;
    *has |= bit;
    return at.node->kind == '0' && slow_is_whole(at.node, high) && (double)value - at.node->number == 0;
}

static bool bool_fits(const slow_node *message, const char *name, uint32_t value) {
    member at = member_of(message, name);
    return at.node != NULL && !at.wrong && (at.node->kind == 't' || at.node->kind == 'f') &&
           value == (at.node->kind == 't');
}

/* `word` is "unknown" for a value that has no name; as a word of the text it is one like others. */
static bool word_fits(member at, const char *word, bool open) {
    if (at.wrong || at.node == NULL || at.node->kind != '"')
        return false;
    return strcmp(word, "unknown") == 0 ? open : slow_is(at.node->string, at.node->size, word);
}

static bool text_fits(const slow_node *message, const char *text, bool required) {
    member at = member_of(message, "message");
    if (at.node == NULL)
        return !required && !at.wrong && text[0] == '\0';
    return !at.wrong && at.node->kind == '"' && memchr(at.node->string, 0, at.node->size) == NULL &&
           slow_is(at.node->string, at.node->size, text);
}

/* An object that may be absent; false if it is there and none, or twice. */
static bool object_fits(const slow_node *message, const char *name, const slow_node **object) {
    member at = member_of(message, name);
    *object = at.node;
    return !at.wrong && (at.node == NULL || at.node->kind == '{');
}

static bool degraded_fits(const slow_node *root, const dg_message *m, uint32_t *has) {
    const slow_node *metrics, *advice;
    bool fits = object_fits(root, "metrics", &metrics) && object_fits(root, "recommendations", &advice);
    if (!fits)
        return false;
    fits = word_fits(member_of(root, "level"), dg_level_name(m->level), false) &&
           word_fits(member_of(root, "reason"), dg_reason_name(m->reason), true) &&
           number_fits(metrics, "rtt_ms", 3600000, DG_MESSAGE_HAS_RTT, has, m->rtt_ms) &&
           number_fits(metrics, "packet_loss", 1, DG_MESSAGE_HAS_LOSS, has, m->loss) &&
           number_fits(metrics, "jitter_ms", 3600000, DG_MESSAGE_HAS_JITTER, has, m->jitter_ms) &&
           number_fits(metrics, "bandwidth_kbps", UINT32_MAX, DG_MESSAGE_HAS_BANDWIDTH, has,
                       m->bandwidth_kbps) &&
           whole_fits(advice, "expected_latency_ms", UINT32_MAX, DG_MESSAGE_HAS_EXPECTED_LATENCY, has,
                      m->expected_latency_ms);
    member audio = member_of(advice, "audio_quality");
    if (audio.node == NULL)
        return fits && !audio.wrong;
    *has |= DG_MESSAGE_HAS_AUDIO_QUALITY;
    return fits && word_fits(audio, dg_audio_name(m->audio_quality), true);
}

static bool ack_fits(const slow_node *root, const dg_message *m, uint32_t *has) {
    const slow_node *client;
    return object_fits(root, "client_metrics", &client) && bool_fits(root, "accepted", m->accepted) &&
           number_fits(client, "buffer_level", 1e9, DG_MESSAGE_HAS_BUFFER_LEVEL, has, m->buffer_level) &&
           number_fits(client, "playback_rate", 100, DG_MESSAGE_HAS_PLAYBACK_RATE, has,
                       m->playback_rate);
}

static bool set_fits(const slow_node *root, const dg_message *m, uint32_t *has) {
    member level = member_of(root, "level");
    if (level.node != NULL)
        *has |= DG_MESSAGE_HAS_LEVEL;
    return level.named && !level.wrong &&
           (level.node == NULL || word_fits(level, dg_level_name(m->level), false)) &&
           whole_fits(root, "duration_ms", 31622400000.0, DG_MESSAGE_HAS_DURATION, has, m->duration_ms);
}

/* Whether the text is a message and `m` says what it says; but for `has`, which becomes what it should be. */
static bool message_fits(const dg_message *m, uint32_t *has) {
    const slow_node *root = &slow.nodes[0];
    uint32_t kind = m->kind;
    bool fits = true;
    *has = 0;
    if (kind != DG_MESSAGE_FALLBACK && kind != DG_MESSAGE_SYSTEM)
        fits = whole_fits(root, "seq", UINT32_MAX, DG_MESSAGE_HAS_SEQUENCE, has, m->sequence);
    if (kind == DG_MESSAGE_DEGRADED)
        fits = fits && degraded_fits(root, m, has);
    else if (kind == DG_MESSAGE_RESTORED)
        fits = fits && word_fits(member_of(root, "level"), dg_level_name(m->level), false) &&
               text_fits(root, m->text, false);
    else if (kind == DG_MESSAGE_ACK)
        fits = fits && ack_fits(root, m, has);
    else if (kind == DG_MESSAGE_SET)
        fits = fits && set_fits(root, m, has);
    else if (kind == DG_MESSAGE_FALLBACK)
        fits = fits && bool_fits(root, "enabled", m->enabled) && text_fits(root, m->text, false) &&
               whole_fits(root, "estimated_recovery_ms", UINT32_MAX, DG_MESSAGE_HAS_RECOVERY, has,
                          m->recovery_ms);
    else
        fits = text_fits(root, m->text, true);
    return fits;
}

/* --- what was refused: the values that it would have had --- */

static uint32_t word_value(member at, int (*find)(const char *word), uint32_t unknown) {
    char word[64] = "";
    if (at.node != NULL && at.node->kind == '"' && at.node->size < sizeof word)
        memcpy(word, at.node->string, at.node->size);
    int found = find(word);
    return found >= 0 ? (uint32_t)found : unknown;
}

static int audio_find(const char *word) {
    for (uint32_t value = 0; value <= DG_AUDIO_UNAVAILABLE; value++)
        if (strcmp(dg_audio_name(value), word) == 0)
            return (int)value;
    return -1;
}

static double number_value(const slow_node *object, const char *name) {
    member at = member_of(object, name);
    return at.node != NULL && at.node->kind == '0' ? at.node->number : 0;
}

static uint64_t whole_value(const slow_node *object, const char *name) {
    double value = number_value(object, name);
    return value >= 0 && value < 1e18 ? (uint64_t)value : 0;
}

static const slow_node *object_value(const char *name) {
    member at = member_of(&slow.nodes[0], name);
    return at.node != NULL && at.node->kind == '{' ? at.node : NULL;
}

/* The message that the text would be if it were one. */
static dg_message guess(uint32_t kind) {
    const slow_node *root = &slow.nodes[0], *metrics = object_value("metrics"),
                    *advice = object_value("recommendations"), *client = object_value("client_metrics");
    dg_message m = {.kind = kind};
    m.rtt_ms = number_value(metrics, "rtt_ms");
    m.loss = number_value(metrics, "packet_loss");
    m.jitter_ms = number_value(metrics, "jitter_ms");
    m.bandwidth_kbps = number_value(metrics, "bandwidth_kbps");
    m.buffer_level = number_value(client, "buffer_level");
    m.playback_rate = number_value(client, "playback_rate");
    m.duration_ms = whole_value(root, "duration_ms");
    m.sequence = (uint32_t)whole_value(root, "seq");
    m.expected_latency_ms = (uint32_t)whole_value(advice, "expected_latency_ms");
    m.recovery_ms = (uint32_t)whole_value(root, "estimated_recovery_ms");
    m.level = word_value(member_of(root, "level"), dg_level_find, DG_MESSAGE_UNKNOWN);
    m.reason = word_value(member_of(root, "reason"), dg_reason_find, DG_MESSAGE_UNKNOWN);
    m.audio_quality = word_value(member_of(advice, "audio_quality"), audio_find, DG_MESSAGE_UNKNOWN);
    m.accepted =
        member_of(root, "accepted").node != NULL && member_of(root, "accepted").node->kind == 't';
    m.enabled = member_of(root, "enabled").node != NULL && member_of(root, "enabled").node->kind == 't';
    member text = member_of(root, "message");
    if (text.node != NULL && text.node->kind == '"' && text.node->size < sizeof m.text)
        memcpy(m.text, text.node->string, text.node->size);
    return m;
}

/* It is no message, whatever its members are taken for. Long numbers are left out: whether they are whole, a double does not tell. */
static void check_refused(uint32_t kind) {
    for (int i = 0; i < slow.count; i++)
        if (slow.nodes[i].kind == '0' && slow.nodes[i].size > SLOW_DIGITS)
            return;
    uint32_t has;
    dg_message m = guess(kind);
    CHECK(!message_fits(&m, &has));
}

static uint32_t kind_of_text(size_t *types) {
    const slow_node *type;
    *types = 0;
    if (slow.nodes[0].kind != '{')
        return 0;
    *types = (size_t)slow_find(&slow, 0, "type", &type);
    if (*types == 0 || type->kind != '"')
        return 0;
    for (uint32_t kind = DG_MESSAGE_DEGRADED; kind <= DG_MESSAGE_SYSTEM; kind++)
        if (slow_is(type->string, type->size, dg_message_kind_name(kind)))
            return kind;
    return 0;
}

static void check_status(int status, const dg_message *message, size_t size, bool good) {
    size_t types;
    if (status == DG_OK && message->kind != DG_MESSAGE_OTHER)
        CHECK(good && size < DG_MESSAGE_MAX);
    if (!good || size >= DG_MESSAGE_MAX || slow.full)
        return;
    uint32_t kind = kind_of_text(&types);
    const slow_node *type;
    if (kind == 0) {
        bool is_string = types > 0 && slow_find(&slow, 0, "type", &type) > 0 && type->kind == '"';
        CHECK(status == (is_string ? DG_OK : DG_ERR_SYNTAX) && message->kind == DG_MESSAGE_OTHER);
        return;
    }
    uint32_t has;
    if (status == DG_OK)
        CHECK(types == 1 && message->kind == kind && message_fits(message, &has) && has == message->has);
    else if (types == 1)
        check_refused(kind);
}

/* --- written and read again --- */

static bool has_text(const dg_message *message) {
    return message->kind == DG_MESSAGE_RESTORED || message->kind == DG_MESSAGE_FALLBACK ||
           message->kind == DG_MESSAGE_SYSTEM;
}

static void check_again(const dg_message *message) {
    char text[DG_MESSAGE_MAX], again[DG_MESSAGE_MAX], why[80];
    dg_message back;
    int size = dg_message_write(message, text, sizeof text);
    CHECK(size > 0 && size < DG_MESSAGE_MAX && strlen(text) == (size_t)size);
    CHECK(dg_message_check(message, why, sizeof why) == DG_OK && why[0] == '\0');
    CHECK(slow_read(&slow, (const uint8_t *)text, (size_t)size));
    CHECK(dg_message_read(text, (size_t)size, &back) == DG_OK);
    CHECK(back.kind == message->kind && back.has == message->has);
    CHECK(!has_text(message) || strcmp(back.text, message->text) == 0);
    CHECK(dg_message_write(&back, again, sizeof again) == size &&
          memcmp(text, again, (size_t)size) == 0);
    for (size_t cut = 1; cut <= (size_t)size; cut += 1 + (size_t)size / 9) {
        char *small = malloc(cut);
        CHECK(small != NULL && dg_message_write(message, small, cut) == DG_ERR_SPACE &&
              small[0] == '\0');
        CHECK(dg_message_read(text, cut - 1, &back) == DG_ERR_SYNTAX);
        free(small);
    }
}

/* Any struct: what the check lets pass is written and read; what it refuses is not written. */
static void check_struct(const uint8_t *data, size_t size) {
    dg_message message = {0};
    char text[DG_MESSAGE_MAX], why[80];
    memcpy(&message, data, size < sizeof message ? size : sizeof message);
    message.kind %= 8;
    message.has &= data[size - 1] % 2 == 0 ? 0xfff : UINT32_MAX;
    int status = dg_message_check(&message, why, sizeof why);
    CHECK((status == DG_OK) == (why[0] == '\0'));
    if (status != DG_OK)
        CHECK(dg_message_write(&message, text, sizeof text) == status && text[0] == '\0');
    else
        check_again(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    dg_message message;
    if (size > 60000)
        return 0;
    char *text = malloc(size > 0 ? size : 1);
    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    memset(&message, 0xa5, sizeof message);
    int status = dg_message_read(text, size, &message);
    CHECK(status == DG_OK || status == DG_ERR_SYNTAX || status == DG_ERR_SPACE);
    if (status != DG_OK || message.kind == DG_MESSAGE_OTHER)
        CHECK(memcmp(&message, &nothing, sizeof message) == 0);
    check_status(status, &message, size, slow_read(&slow, data, size));
    free(text);
    if (status == DG_OK && message.kind != DG_MESSAGE_OTHER)
        check_again(&message);
    if (size > 0)
        check_struct(data, size);
    return 0;
}
