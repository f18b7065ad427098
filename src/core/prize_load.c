
#include <string.h>

#include "prize_load.h"


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
    { "image", "src", "<image src>", PRIZE_LOAD_IMAGE },
    { "image", "href", "<image href>", PRIZE_LOAD_IMAGE },
    { "image", "xlink:href", "<image xlink:href>", PRIZE_LOAD_IMAGE },
    { "feimage", "href", "<feImage href>", PRIZE_LOAD_ELEMENT },
    { "feimage", "xlink:href", "<feImage xlink:href>", PRIZE_LOAD_ELEMENT },
    { "use", "href", "<use href>", PRIZE_LOAD_ELEMENT },
    { "use", "xlink:href", "<use xlink:href>", PRIZE_LOAD_ELEMENT },
    { "body", "background", "<body background>", PRIZE_LOAD_IMAGE },
    { "table", "background", "<table background>", PRIZE_LOAD_IMAGE },
    { "col", "background", "<col background>", PRIZE_LOAD_IMAGE },
    { "colgroup", "background", "<colgroup background>", PRIZE_LOAD_IMAGE },
    { "thead", "background", "<thead background>", PRIZE_LOAD_IMAGE },
    { "tbody", "background", "<tbody background>", PRIZE_LOAD_IMAGE },
    { "tfoot", "background", "<tfoot background>", PRIZE_LOAD_IMAGE },
    { "tr", "background", "<tr background>", PRIZE_LOAD_IMAGE },
    { "th", "background", "<th background>", PRIZE_LOAD_IMAGE },
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
    { "area", "ping", "<area ping>", PRIZE_LOAD_CONNECT },
    { "base", "href", "<base href>", PRIZE_LOAD_BASE },
    { "meta", "content", "<meta>", PRIZE_LOAD_POLICY },
    { NULL, NULL, NULL, PRIZE_LOAD_IMAGE }
};


/* the last one, which loads nothing, if there is none */

static const prize_load_row_t *
prize_load_find(const prize_name_t *name, const prize_name_t *attribute)
{
    const prize_load_row_t  *row;

    for (row = prize_load_rows; row->tag; row++) {
        if (prize_name_is(name, row->tag)
            && prize_name_is(attribute, row->attribute))
        {
            break;
        }
    }

    return row;
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


/* what a link loads, as its rel and as say: -1 if nothing */

static int
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


void
prize_load_begin(prize_load_tag_t *tag, size_t at)
{
    memset(tag, 0, offsetof(prize_load_tag_t, list));
    tag->at = at;
}


int
prize_load_attribute(prize_load_tag_t *tag, const prize_name_t *name,
    const prize_name_t *attribute, size_t at)
{
    const prize_load_row_t  *row;

    row = prize_load_find(name, attribute);

    tag->load.what = row->what;
    tag->load.kind = row->kind;
    tag->load.at = at;
    tag->load.start = 0;
    tag->load.end = 0;

    return row->what != NULL;
}


void
prize_load_byte(prize_load_tag_t *tag, size_t offset)
{
    if (tag->load.start == 0) {
        tag->load.start = offset;
    }
}


void
prize_load_cut(prize_load_tag_t *tag, size_t offset)
{
    prize_load_t  *load;

    load = &tag->load;

    if (load->what && load->end == 0) {
        load->end = offset;

        if (load->start == 0) {
            load->start = load->end;
        }
    }
}


void
prize_load_value(prize_load_tag_t *tag, const prize_name_t *name,
    const prize_name_t *attribute, const prize_name_t *value)
{
    if (prize_name_is(attribute, "action")) {
        tag->action = 1;

    } else if (prize_name_is(attribute, "method")) {
        tag->dialog = prize_name_is(value, "dialog");

    } else if (prize_name_is(attribute, "rel")) {
        tag->rel = *value;

    } else if (prize_name_is(attribute, "as")) {
        tag->as = *value;

    } else if (prize_name_is(name, "meta")
               && prize_name_is(attribute, "http-equiv"))
    {
        tag->policy = prize_name_is(value, "content-security-policy");
    }
}


void
prize_load_end(prize_load_tag_t *tag, size_t offset)
{
    prize_load_cut(tag, offset);

    if (tag->load.what && tag->n < PRIZE_LOAD_TAG) {
        tag->list[tag->n++] = tag->load;
    }

    tag->load.what = NULL;
}


int
prize_load_done(prize_load_tag_t *tag, const prize_name_t *name,
    prize_inlines_t *inlines)
{
    unsigned       i;
    prize_load_t  *load;

    /* without an action, a form is submitted to the page itself */

    if (prize_name_is(name, "form") && !tag->action && tag->n < PRIZE_LOAD_TAG)
    {
        load = &tag->list[tag->n++];
        memset(load, 0, sizeof(prize_load_t));
        load->kind = PRIZE_LOAD_FORM;
        load->what = "<form>";
        load->at = tag->at;
    }

    for (i = 0; i < tag->n; i++) {
        load = &tag->list[i];

        if ((load->kind == PRIZE_LOAD_LINK
             && prize_load_link(load, &tag->rel, &tag->as) == -1)
            || (load->kind == PRIZE_LOAD_FORM && tag->dialog)
            || (load->kind == PRIZE_LOAD_POLICY && !tag->policy))
        {
            continue;
        }

        if (prize_inlines_load(inlines, load) == -1) {
            return -1;
        }
    }

    return 0;
}
