
#include <string.h>

#include "prize_place.h"


typedef struct {
    const char       *tag;          /* NULL: any */
    const char       *attribute;
    prize_url_use_e   use;
} prize_place_url_t;


/* the first that fits; what is in none is no URL */

static const prize_place_url_t  prize_place_url[] = {
    { "a", "href", PRIZE_URL_FOLLOWED },
    { "a", "xlink:href", PRIZE_URL_FOLLOWED },
    { "area", "href", PRIZE_URL_FOLLOWED },

    { "img", "src", PRIZE_URL_IMAGE },
    { "image", "href", PRIZE_URL_LOADED },
    { "image", "src", PRIZE_URL_LOADED },
    { "image", "xlink:href", PRIZE_URL_LOADED },
    { "feimage", "href", PRIZE_URL_LOADED },
    { "feimage", "xlink:href", PRIZE_URL_LOADED },
    { "source", "src", PRIZE_URL_LOADED },
    { "video", "src", PRIZE_URL_LOADED },
    { "audio", "src", PRIZE_URL_LOADED },
    { "track", "src", PRIZE_URL_LOADED },
    { "input", "src", PRIZE_URL_LOADED },
    { "bgsound", "src", PRIZE_URL_LOADED },
    { NULL, "poster", PRIZE_URL_LOADED },
    { NULL, "background", PRIZE_URL_LOADED },

    { "iframe", "src", PRIZE_URL_DOCUMENT },
    { "frame", "src", PRIZE_URL_DOCUMENT },
    { NULL, "action", PRIZE_URL_DOCUMENT },
    { NULL, "formaction", PRIZE_URL_DOCUMENT },

    { NULL, "href", PRIZE_URL_CODE },
    { NULL, "src", PRIZE_URL_CODE },
    { NULL, "data", PRIZE_URL_CODE },
    { NULL, "xlink:href", PRIZE_URL_CODE },
    { "applet", "archive", PRIZE_URL_CODE },
    { "applet", "code", PRIZE_URL_CODE },
    { "applet", "codebase", PRIZE_URL_CODE },
    { "object", "archive", PRIZE_URL_CODE },
    { "object", "classid", PRIZE_URL_CODE },
    { "object", "codebase", PRIZE_URL_CODE },
    { "html", "manifest", PRIZE_URL_CODE },
    { NULL, NULL, PRIZE_URL_CODE }
};


static int
prize_place_in(const prize_name_t *name, const char *const *list)
{
    for ( /* void */ ; *list; list++) {
        if (prize_name_is(name, *list)) {
            return 1;
        }
    }

    return 0;
}


/* AngularJS: ng-click, with : or _ for -, and behind x or data and one */

static int
prize_place_is_angular(const prize_name_t *name)
{
    size_t  i;

    i = prize_name_begins(name, "data") ? 4 : prize_name_begins(name, "x");

    if (i && i < name->len && memchr("-:_", name->data[i], 3)) {
        i++;

    } else {
        i = 0;
    }

    return i + 2 < name->len && memcmp(name->data + i, "ng", 2) == 0
           && memchr("-:_", name->data[i + 2], 3);
}


/*
 * Vue (# is its v-slot, . its v-bind of a property), Alpine, Angular and AMP
 * ([, ( and *), htmx and its extensions (sse-, ws-), Unpoly, Livewire, Phoenix,
 * Mavo, Knockout, Dojo, Datastar, hyperscript.  Datastar before 1.0 takes
 * whatever begins with data-on: data-one is what the event "e" runs.
 */

static int
prize_place_is_framework(const prize_name_t *tag, const prize_name_t *name)
{
    unsigned  i;

    static const char *const  prefixes[] = {
        "@", ":", "#", ".", "[", "(", "*", "v-", "x-", "hx-", "data-hx-",
        "sse-", "data-sse-", "ws-", "data-ws-", "up-", "wire:", "phx-", "mv-",
        "data-dojo-", "data-on", NULL
    };

    static const char *const  names[] = {
        "slot-scope", "data-bind", "data-effect", "data-init", "data-signals",
        "_", "script", "data-script", NULL
    };

    for (i = 0; prefixes[i]; i++) {
        if (prize_name_begins(name, prefixes[i])) {
            return 1;
        }
    }

    /* what slot-scope was called before, and still may be */

    if (prize_name_is(tag, "template") && prize_name_is(name, "scope")) {
        return 1;
    }

    return prize_place_in(name, names) || prize_place_is_angular(name);
}


/*
 * What an element is or may do, whether and how its URL is asked for, and what
 * is submitted, how, and for whom it opens.
 */

static int
prize_place_decides(const prize_name_t *tag, const prize_name_t *name)
{
    static const char *const  any[] = {
        "http-equiv", "is", "nonce", "integrity", "sandbox", "allow",
        "referrerpolicy", "crossorigin", "attributename", "csp", "charset",
        "media", "sizes", "imagesizes", "rel", "target", "formtarget", "form",
        "method", "formmethod", "enctype", "formenctype", "accept-charset",
        "command", NULL
    };

    /* whose type says what is made of it, or whether it is used */

    static const char *const  typed[] = {
        "script", "style", "link", "source", "object", "embed", "input",
        "button", "param", NULL
    };

    /* the last one: RequireJS loads what it names */

    static const char *const  script[] = {
        "language", "for", "event", "data-main", NULL
    };

    /* of an <object>, whose URL it may be */

    static const char *const  param[] = { "name", "value", NULL };

    static const char *const  animated[] = {
        "to", "from", "by", "values", NULL
    };

    if (prize_place_in(name, any) || prize_name_begins(name, "shadowroot")
        || (prize_name_is(name, "type") && prize_place_in(tag, typed)))
    {
        return 1;
    }

    if (prize_name_is(tag, "link")) {
        return prize_name_is(name, "as");
    }

    if (prize_name_is(tag, "script")) {
        return prize_place_in(name, script);
    }

    if (prize_name_is(tag, "param")) {
        return prize_place_in(name, param);
    }

    if (prize_name_is(tag, "meta")) {
        return prize_name_is(name, "name");
    }

    return (prize_name_begins(tag, "animate") || prize_name_is(tag, "set"))
           && prize_place_in(name, animated);
}


static int
prize_place_is_paint(const prize_name_t *name)
{
    static const char *const  paints[] = {
        "fill", "stroke", "filter", "mask", "clip-path", "cursor", NULL
    };

    return prize_place_in(name, paints) || prize_name_begins(name, "marker");
}


static int
prize_place_find_url(prize_place_t *place, const prize_name_t *tag,
    const prize_name_t *name)
{
    const prize_place_url_t  *url;

    for (url = prize_place_url; url->attribute; url++) {
        if (prize_name_is(name, url->attribute)
            && (url->tag == NULL || prize_name_is(tag, url->tag)))
        {
            place->kind = PRIZE_PLACE_URL;
            place->use = url->use;
            return 1;
        }
    }

    return 0;
}


prize_framework_e
prize_place_framework(const prize_name_t *attribute)
{
    if (prize_name_begins(attribute, "v-")) {
        return PRIZE_FRAMEWORK_VUE;
    }

    if (prize_name_begins(attribute, "@")
        || prize_name_begins(attribute, ":"))
    {
        return PRIZE_FRAMEWORK_VUE_OR_ALPINE;
    }

    if (prize_place_is_angular(attribute)) {
        return PRIZE_FRAMEWORK_ANGULARJS;
    }

    return prize_name_begins(attribute, "x-") ? PRIZE_FRAMEWORK_ALPINE
                                              : PRIZE_FRAMEWORK_NONE;
}


prize_place_t
prize_place_find(const prize_name_t *tag, const prize_name_t *attribute,
    unsigned svg)
{
    prize_place_t  place;

    static const char *const  urls[] = {
        "srcset", "imagesrcset", "ping", "attributionsrc", NULL
    };

    memset(&place, 0, sizeof(prize_place_t));

    if (prize_name_begins(attribute, "on")) {
        place.kind = PRIZE_PLACE_EVENT;

    } else if (prize_name_is(attribute, "style")) {
        place.kind = PRIZE_PLACE_STYLE;

    } else if (prize_name_is(attribute, "srcdoc")) {
        place.kind = PRIZE_PLACE_SRCDOC;

    } else if (prize_place_is_framework(tag, attribute)) {
        place.kind = PRIZE_PLACE_FRAMEWORK;

    } else if (prize_place_decides(tag, attribute)) {
        place.kind = PRIZE_PLACE_DECIDES;

    } else if (prize_place_in(attribute, urls)) {
        place.kind = PRIZE_PLACE_URLS;

    } else if (!prize_place_find_url(&place, tag, attribute) && svg
               && prize_place_is_paint(attribute))
    {
        place.kind = PRIZE_PLACE_PAINT;
    }

    return place;
}


const char *
prize_place_value(const prize_place_t *place)
{
    switch (place->kind) {

    case PRIZE_PLACE_EVENT:
        return "in an on... attribute, where escaping does not protect: "
               "expected it in an attribute (data-...) that a script reads";

    case PRIZE_PLACE_STYLE:
        return "in a style attribute, where escaping does not protect: "
               "expected a class";

    case PRIZE_PLACE_SRCDOC:
        return "in a srcdoc attribute, where escaping does not protect: "
               "expected it in the page itself";

    case PRIZE_PLACE_FRAMEWORK:
        return "in an attribute that a front-end framework runs: expected it "
               "in an attribute (data-...) that a script reads";

    case PRIZE_PLACE_DECIDES:
        return "in an attribute that decides what the element is or may do: "
               "expected a literal value, chosen by a section";

    case PRIZE_PLACE_PAINT:
        return "in an attribute of SVG that takes url(): expected a class, or "
               "a literal value";

    case PRIZE_PLACE_URLS:
        return "in a list of URLs, where it could add one: expected a literal "
               "list, or src with one URL";

    default:
        return NULL;
    }
}
