
#include <stdlib.h>
#include <string.h>

#include "prize_inline.h"


typedef struct {
    const char         *tag;
    const char         *attribute;
    const char         *what;
    prize_load_kind_e   kind;
} prize_load_row_t;


static const prize_load_row_t  prize_load_rows[] = {
    { "img", "src", "<img src>", PRIZE_LOAD_IMAGE },
    { "img", "srcset", "<img srcset>", PRIZE_LOAD_IMAGE },
    { "source", "srcset", "<source srcset>", PRIZE_LOAD_IMAGE },
    { "input", "src", "<input src>", PRIZE_LOAD_IMAGE },
    { "video", "poster", "<video poster>", PRIZE_LOAD_IMAGE },
    { "image", "href", "<image href>", PRIZE_LOAD_IMAGE },
    { "image", "xlink:href", "<image xlink:href>", PRIZE_LOAD_IMAGE },
    { "body", "background", "<body background>", PRIZE_LOAD_IMAGE },
    { "table", "background", "<table background>", PRIZE_LOAD_IMAGE },
    { "td", "background", "<td background>", PRIZE_LOAD_IMAGE },
    { "video", "src", "<video src>", PRIZE_LOAD_MEDIA },
    { "audio", "src", "<audio src>", PRIZE_LOAD_MEDIA },
    { "source", "src", "<source src>", PRIZE_LOAD_MEDIA },
    { "track", "src", "<track src>", PRIZE_LOAD_MEDIA },
    { "script", "src", "<script src>", PRIZE_LOAD_SCRIPT },
    { "link", "href", "<link>", PRIZE_LOAD_LINK },
    { "iframe", "src", "<iframe src>", PRIZE_LOAD_FRAME },
    { "frame", "src", "<frame src>", PRIZE_LOAD_FRAME },
    { "object", "data", "<object data>", PRIZE_LOAD_OBJECT },
    { "embed", "src", "<embed src>", PRIZE_LOAD_OBJECT },
    { "form", "action", "<form>", PRIZE_LOAD_FORM },
    { "button", "formaction", "<button formaction>", PRIZE_LOAD_FORM },
    { "input", "formaction", "<input formaction>", PRIZE_LOAD_FORM },
    { "a", "ping", "<a ping>", PRIZE_LOAD_CONNECT },
    { "base", "href", "<base href>", PRIZE_LOAD_BASE },
    { NULL, NULL, NULL, PRIZE_LOAD_IMAGE }
};


int
prize_inlines_add(prize_inlines_t *inlines, size_t start, size_t end,
    unsigned script)
{
    unsigned         n;
    prize_inline_t  *list;

    if (inlines->n == inlines->allocated) {
        n = inlines->allocated ? 2 * inlines->allocated : 4;

        list = realloc(inlines->list, n * sizeof(prize_inline_t));
        if (list == NULL) {
            return -1;
        }

        inlines->list = list;
        inlines->allocated = n;
    }

    list = &inlines->list[inlines->n++];
    list->start = start;
    list->end = end;
    list->script = script;

    return 0;
}


int
prize_inlines_load(prize_inlines_t *inlines, const prize_load_t *load)
{
    if (inlines->nloads == PRIZE_INLINE_LOADS) {
        return 0;
    }

    if (inlines->loads == NULL) {
        inlines->loads = calloc(PRIZE_INLINE_LOADS, sizeof(prize_load_t));
        if (inlines->loads == NULL) {
            return -1;
        }
    }

    inlines->loads[inlines->nloads++] = *load;

    return 0;
}


void
prize_inlines_fault(prize_inlines_t *inlines, size_t at, const char *fault)
{
    if (inlines->fault == NULL) {
        inlines->fault = fault;
        inlines->fault_at = at;
    }
}


void
prize_inlines_destroy(prize_inlines_t *inlines)
{
    free(inlines->list);
    free(inlines->loads);
}


int
prize_load_find(prize_load_t *load, const prize_name_t *tag,
    const prize_name_t *attribute)
{
    const prize_load_row_t  *row;

    for (row = prize_load_rows; row->tag; row++) {
        if (prize_name_is(tag, row->tag)
            && prize_name_is(attribute, row->attribute))
        {
            memset(load, 0, sizeof(prize_load_t));
            load->kind = row->kind;
            load->what = row->what;
            return 0;
        }
    }

    return -1;
}


/* is it one of the words of rel? */

static int
prize_load_has(const prize_name_t *rel, const char *word)
{
    size_t  i, len;

    len = strlen(word);

    for (i = 0; i + len <= rel->len; i++) {
        if (memcmp(rel->data + i, word, len) == 0
            && (i == 0 || rel->data[i - 1] <= ' ')
            && (i + len == rel->len || rel->data[i + len] <= ' '))
        {
            return 1;
        }
    }

    return 0;
}


int
prize_load_link(prize_load_t *load, const prize_name_t *rel,
    const prize_name_t *as)
{
    unsigned  i;

    static const struct {
        const char         *word;
        prize_load_kind_e   kind;
    } rels[] = {
        { "stylesheet", PRIZE_LOAD_STYLE },
        { "icon", PRIZE_LOAD_IMAGE },
        { "apple-touch-icon", PRIZE_LOAD_IMAGE },
        { "manifest", PRIZE_LOAD_MANIFEST },
        { "modulepreload", PRIZE_LOAD_SCRIPT },
        { NULL, PRIZE_LOAD_LINK }
    }, preloads[] = {
        { "script", PRIZE_LOAD_SCRIPT },
        { "style", PRIZE_LOAD_STYLE },
        { "font", PRIZE_LOAD_FONT },
        { "image", PRIZE_LOAD_IMAGE },
        { "audio", PRIZE_LOAD_MEDIA },
        { "video", PRIZE_LOAD_MEDIA },
        { "track", PRIZE_LOAD_MEDIA },
        { "fetch", PRIZE_LOAD_CONNECT },
        { NULL, PRIZE_LOAD_LINK }
    };

    for (i = 0; rels[i].word; i++) {
        if (prize_load_has(rel, rels[i].word)) {
            load->kind = rels[i].kind;
            return 0;
        }
    }

    for (i = 0; preloads[i].word && prize_load_has(rel, "preload"); i++) {
        if (prize_name_is(as, preloads[i].word)) {
            load->kind = preloads[i].kind;
            return 0;
        }
    }

    return -1;
}
