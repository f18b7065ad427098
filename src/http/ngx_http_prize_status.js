(function () {
'use strict';

var SECONDS = 900;      /* what is drawn */
var WINDOW = 10;        /* seconds that a judgement and a percentile look at */
var STALE = 5000;       /* milliseconds without news */
var DESIGNED = 2000;    /* requests a second */
var GOAL = 10;          /* milliseconds, of p99 */
var ENOUGH = 100;       /* answers that a p99 is judged by */
var FEW = 10;           /* answers that "down" is judged by */

/* upper bounds of the histograms' buckets, in milliseconds */
var BOUNDS = [.5, 1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 500, 1000, 2500];

var CODES = [
    ['200', 'page', 'page'], ['503', 'unanswered', 'failed'],
    ['500', 'failed', 'failed'], ['404', 'unknown ID', 'refused'],
    ['400', 'no valid ID', 'refused'], ['403', 'not open or signed', 'refused'],
    ['410', 'over or link ended', 'refused'], ['405', 'method', 'refused'],
    ['499', 'left early', 'nobody'], ['other', '', 'nobody']
];

var TOTALS = [
    ['before it opened', /^prize_closed_total\{when="before"/],
    ['after it closed', /^prize_closed_total\{when="after"/],
    ['lookups shed', /^prize_shed_total/],
    ['shared with another lookup', /^prize_coalesced_requests_total/],
    ['written back', /^prize_writebacks_total\{result="stored"/],
    ['stale records', /^prize_stale_records_total/],
    ['wrong owner', /^prize_owner_mismatches_total/, true],
    ['Redis errors', /^prize_redis_errors_total/],
    ['PostgreSQL errors', /^prize_postgres_errors_total/],
    ['log lines suppressed', /^prize_log_suppressed_total/],
    ['worker starts', /^prize_worker_starts_total/]
];

/* where there is a cluster, or Sentinels */
var MAPS = [
    ['redirections', /^prize_redis_redirects_total/],
    ['refreshes', /^prize_redis_refreshes_total\{result="ok"/],
    ['failed refreshes', /^prize_redis_refreshes_total\{result="failed"/],
    ['slots of no node', /^prize_redis_uncovered_slots/, true],
    ['age of the map', /^prize_redis_map_timestamp_seconds/, false, true]
];

var ICONS = {
    ok: 'M7 12.5l3.5 3.5L17 8.5', degraded: 'M12 6.5v7M12 17v.1',
    down: 'M8 8l8 8M16 8l-8 8', stale: 'M12 6v6l4 2'
};

var NAMES = ['ok', 'degraded', 'down'];

var rows = [];          /* the last 15 minutes, the oldest first */
var last = 0;           /* the second of the last of them */
var now = null;         /* the last answer */
var has = {};           /* the backends that it names */
var heard = null;       /* when the last news came, by two clocks */
var asked = false;      /* and waits for an answer */
var problem = '';       /* why the last poll failed */
var cursor = null;      /* the second under the pointer */


function $(id) {
    return document.getElementById(id);
}


function write(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}


function make(parent, name, attributes, text) {
    var svg = /^(svg|path)$/.test(name);
    var element = svg
        ? document.createElementNS('http://www.w3.org/2000/svg', name)
        : document.createElement(name);

    for (var key in attributes || {}) {
        element.setAttribute(key, attributes[key]);
    }

    if (text !== undefined) {
        element.textContent = text;
    }

    parent.appendChild(element);
    return element;
}


function whole(n) {
    return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}


function rate(n) {
    return n > 0 && n < 9.95 ? n.toFixed(1) : whole(n);
}


function duration(ms) {
    return ms === null ? '–'
         : ms >= 2500 ? '> 2.5 s'
         : ms >= 1000 ? (ms / 1000).toFixed(2) + ' s'
         : ms >= 100 ? ms.toFixed(0) + ' ms'
         : ms >= 10 ? ms.toFixed(1) + ' ms'
         : ms.toFixed(2) + ' ms';
}


function age(s) {
    var m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);

    return d ? d + ' d ' + h % 24 + ' h'
         : h ? h + ' h ' + m % 60 + ' min'
         : m ? m + ' min' : Math.max(0, Math.floor(s)) + ' s';
}


function time(date) {
    return [date.getHours(), date.getMinutes(), date.getSeconds()]
        .map(function (n) { return n < 10 ? '0' + n : n; }).join(':');
}


function plural(n, noun) {
    return whole(n) + ' ' + noun + (n === 1 ? '' : 's');
}


/* Counting */

/* the rows of so many seconds that end with row i */

function recent(i, seconds) {
    var from = i;

    while (from > 0 && rows[from - 1].second > rows[i].second - seconds) {
        from--;
    }

    return rows.slice(from, i + 1);
}


function sum(some, column) {
    return some.reduce(function (n, row) { return n + row[column]; }, 0);
}


function seconds(some) {
    return sum(some, 'microseconds') / 1e6 || 1;
}


/* null without a single value */

function percentile(some, column, q) {
    var buckets = [], total = 0, seen = 0, i;

    some.forEach(function (row) {
        row[column].forEach(function (n, k) {
            buckets[k] = (buckets[k] || 0) + n;
            total += n;
        });
    });

    if (!total) {
        return null;
    }

    for (i = 0; seen + buckets[i] < q * total; i++) {
        seen += buckets[i];
    }

    var low = i ? BOUNDS[i - 1] : 0;

    return i < BOUNDS.length
           ? low + (BOUNDS[i] - low) * (q * total - seen) / buckets[i] : low;
}


/* of few answers the p99 is just the slowest */

function late(row) {
    return row.p99 > GOAL && row.answers10 >= ENOUGH;
}


/* a second that was cut short by the next sample is no whole one */

function inASecond(row) {
    return row.answers * 1e6 / Math.max(1e6, row.microseconds);
}


/*
 * What is the matter at row i, the gravest first: its level, the reason, and
 * the backend where some of its servers may be away
 */

function judge(i) {
    var row = rows[i], some = recent(i, WINDOW), minute = recent(i, 60);
    var answers = row.answers10, failed = sum(some, '500') + sum(some, '503');
    var redis = row.redis_open > 0, postgres = row.postgres_open > 0;
    var wrong = sum(minute, 'owner_mismatches');
    var refused = sum(some, 'redis_errors'), stale = sum(some, 'stale');
    var shed = sum(some, 'shed'), reasons = [];

    function blame(is, level, reason, backend) {
        if (is) {
            reasons.push([level, reason, backend]);
        }
    }

    /* who is not left alone would be connected to, and is not away */

    var down = (redis || postgres) && (redis || !has.redis)
               && (postgres || !has.postgres)
               && row.redis_connections + row.postgres_connections === 0;

    blame(down, 2, redis && postgres ? 'neither Redis nor PostgreSQL answers'
                   : (redis ? 'Redis' : 'PostgreSQL')
                     + ' does not answer, and nobody stands in');
    blame(!down && redis, 1, 'Redis is left alone', 'redis');
    blame(!down && postgres, 1, 'PostgreSQL is left alone', 'postgres');
    blame(row.silent, 1, plural(row.silent, 'worker')
                         + ' did not respond for 5 s');
    blame(failed, answers >= FEW && failed > answers / 2 ? 2 : 1,
          whole(failed) + ' of ' + plural(answers, 'answer')
          + (failed === 1 ? ' was' : ' were') + ' 500 or 503');
    blame(wrong, 1, plural(wrong, 'record') + ' named another owner');
    blame(refused, 1, 'Redis refused ' + plural(refused, 'lookup'));
    blame(stale, 1, plural(stale, 'record')
                    + ' in Redis lacked a field of the page');
    blame(row.wrong_queries, 1, whole(row.wrong_queries)
          + ' of the queries for PostgreSQL '
          + (row.wrong_queries === 1 ? 'is' : 'are') + ' wrong');
    blame(row.uncovered, 1, 'no node has ' + plural(row.uncovered, 'slot')
                            + ' of the Redis Cluster');
    blame(sum(minute, 'refreshes_failed') && !sum(minute, 'refreshes'), 1,
          'nobody says where in Redis the records are');
    blame(row.queue > row.queue_max / 2, 1,
          'the queue for PostgreSQL is '
          + Math.round(100 * row.queue / row.queue_max) + ' % full');
    blame(shed, 1, plural(shed, 'lookup')
                   + ' found the queue full or every store away');
    blame(late(row), 1, 'p99 is ' + duration(row.p99) + ', over '
                        + GOAL + ' ms');

    return reasons.sort(function (a, b) { return b[0] - a[0]; });
}


function add(columns, values) {
    var row = {}, i = rows.length, some;

    columns.forEach(function (name, k) { row[name] = values[k]; });
    rows.push(row);

    row.refused = row['400'] + row['403'] + row['404'] + row['405']
                  + row['410'];
    row.failed = row['500'] + row['503'];
    row.answers = row['200'] + row.refused + row.failed + row['499']
                  + row.other;

    some = recent(i, WINDOW);
    row.answers10 = sum(some, 'answers');
    row.p50 = percentile(some, 'request', .5);
    row.p99 = percentile(some, 'request', .99);
    row.redis99 = percentile(some, 'redis', .99);
    row.postgres99 = percentile(some, 'postgres', .99);
    row.redis50 = percentile(some, 'redis', .5);
    row.postgres50 = percentile(some, 'postgres', .5);

    row.reasons = judge(i);
    row.level = row.reasons.length ? row.reasons[0][0] : 0;
}


/* Drawing: a chart is 900 wide, one for a second, and 100 high */

function x(row) {
    return SECONDS - (last - row.second);
}


function width(row) {
    return Math.max(1, Math.round(row.microseconds / 1e6));
}


function height(spec, value, top) {
    if (!spec.log) {
        return 100 - 100 * value / top;
    }

    /* from 0.1 ms to 2.5 s */
    value = Math.max(.1, Math.min(2500, value));
    return 100 - 100 * Math.log(value / .1) / Math.log(25000);
}


function prepare(id, spec) {
    var box = $(id), legend = make(box, 'div', {'class': 'legend'});
    var plot = make(box, 'div', {'class': 'plot'});

    make(legend, 'span', {'class': 'title'}, spec.title);
    spec.svg = make(plot, 'svg', {
        viewBox: '0 0 900 100', preserveAspectRatio: 'none', role: 'img',
        'aria-label': spec.title + ', the last 15 minutes'
    });
    spec.grid = make(spec.svg, 'path', {'class': 'grid'});

    spec.series.forEach(function (series) {
        var key = make(legend, 'span', {
            'class': 'c-' + series.color + (series.thin ? ' thin' : '')
        });

        make(key, 'i');
        key.appendChild(document.createTextNode(series.name + ' '));
        series.value = make(key, 'b');
        series.path = make(spec.svg, 'path', {
            'class': (spec.stack ? 'area' : 'line') + ' c-' + series.color
                     + (series.thin ? ' thin' : '')
        });
    });

    spec.goalPath = make(spec.svg, 'path', {'class': 'goal'});
    spec.cursorPath = make(spec.svg, 'path', {'class': 'cursor'});
    spec.ticks = [];
    spec.plot = plot;

    plot.addEventListener('pointermove', function (event) {
        var r = plot.getBoundingClientRect();

        cursor = Math.round((event.clientX - r.left) / r.width * SECONDS)
                 - SECONDS;
        draw();
    });

    plot.addEventListener('pointerleave', function () {
        cursor = null;
        draw();
    });

    charts.push(spec);
}


/* a row that does not follow on the one before it begins a new piece */

function pieces() {
    var all = [];

    rows.forEach(function (row, i) {
        var before = rows[i - 1];

        if (!before || row.second - before.second
                       > row.microseconds / 1e6 + 1.5)
        {
            all.push([]);
        }

        all[all.length - 1].push(row);
    });

    return all;
}


function ticks(spec, marks) {
    marks.forEach(function (mark, i) {
        var tick = spec.ticks[i] || (spec.ticks[i] = make(spec.plot, 'span'));

        tick.className = mark[2] || '';
        tick.hidden = !mark[1];
        tick.style.top = Math.min(94, Math.max(6, mark[0])) + '%';
        write(tick, mark[1]);
    });
}


function drawStack(spec, some) {
    var ground = {}, top = spec.goal * 1.15;

    rows.forEach(function (row) {
        var n = 0;

        spec.series.forEach(function (series) { n += series.get(row); });
        top = Math.max(top, n * 1.08);
        ground[row.second] = 0;
    });

    spec.series.forEach(function (series) {
        var d = '';

        some.forEach(function (piece) {
            var up = [], low = [];

            piece.forEach(function (row) {
                var from = ground[row.second], to = from + series.get(row);

                ground[row.second] = to;
                from = ' ' + height(spec, from, top).toFixed(2);
                to = ' ' + height(spec, to, top).toFixed(2);
                low.push(x(row) - width(row) + from, x(row) + from);
                up.push(x(row) - width(row) + to, x(row) + to);
            });

            d += 'M' + up.concat(low.reverse()).join('L') + 'Z';
        });

        series.path.setAttribute('d', d);
    });

    spec.grid.setAttribute('d', 'M0 ' + height(spec, spec.goal / 2, top)
                                + 'H900');

    /* where the goal is low on the chart there is no room for its half */

    ticks(spec, [[height(spec, spec.goal, top), spec.goalName, 'goal-name'],
                 [height(spec, spec.goal / 2, top),
                  spec.goal > top / 3 ? whole(spec.goal / 2) : '']]);

    return top;
}


function drawLines(spec, some) {
    spec.series.forEach(function (series) {
        var d = '';

        some.forEach(function (piece) {
            var pen = 'M';

            piece.forEach(function (row) {
                var value = series.get(row);

                if (value === null) {
                    pen = 'M';
                    return;
                }

                d += pen + x(row) + ' ' + height(spec, value).toFixed(2);
                pen = 'L';
            });
        });

        series.path.setAttribute('d', d);
    });

    spec.grid.setAttribute('d', [1, 100, 1000].map(function (ms) {
        return 'M0 ' + height(spec, ms) + 'H900';
    }).join(''));
    ticks(spec, [[height(spec, GOAL), spec.goalName, 'goal-name'],
                 [height(spec, 1), '1 ms'], [height(spec, 100), '100 ms'],
                 [height(spec, 1000), '1 s']]);
}


function draw() {
    var some = pieces(), shown = null;

    /* the row under the pointer, or the one before it */
    rows.forEach(function (row) {
        if (cursor === null || row.second <= last + cursor) {
            shown = row;
        }
    });

    charts.forEach(function (spec) {
        var top = spec.stack ? drawStack(spec, some) : drawLines(spec, some);
        var goal = height(spec, spec.goal, top);

        spec.goalPath.setAttribute('d', 'M0 ' + goal + 'H900');
        spec.cursorPath.setAttribute('d', cursor === null ? ''
                                     : 'M' + (SECONDS + cursor) + ' 0V100');

        spec.series.forEach(function (series) {
            write(series.value, !shown ? '–'
                  : (spec.log ? duration : rate)(series.get(shown)));
        });
    });

    NAMES.forEach(function (name, level) {
        var d = '';

        rows.forEach(function (row) {
            var w = width(row);

            if (row.level === level) {
                d += 'M' + (x(row) - w) + ' 0h' + w + 'v1h-' + w + 'z';
            }
        });

        document.querySelector('.strip .' + name).setAttribute('d', d);
    });
}


/* Figures */

function figures() {
    var i = rows.length - 1, row = rows[i];
    var some = recent(i, 5), ten = recent(i, WINDOW);
    var peak = Math.max.apply(null, rows.map(inASecond));
    var mean = sum(some, 'answers') / seconds(some);
    var found = sum(ten, 'from_redis') + sum(ten, 'from_postgres');
    var batches = sum(ten, 'batches');

    write($('rate'), rate(mean));
    $('rate-meter').value = mean;
    write($('peak'), rate(peak));
    write($('p50'), duration(row.p50));
    write($('p99'), duration(row.p99));
    $('p99').className = late(row) ? 'over' : '';

    write($('share'), found
          ? (100 * sum(ten, 'from_redis') / found).toFixed(1) + ' %' : '–');
    write($('in-flight'), whole(now.requests_in_flight));
    write($('batch'), batches
          ? (sum(ten, 'batch_ids') / batches).toFixed(1) : '–');
    write($('queue'), whole(now.postgres_queue_length));
    write($('queue-max'), row.queue_max ? 'of ' + whole(row.queue_max) : '');
    $('queue-meter').hidden = !row.queue_max;
    $('queue-meter').value = now.postgres_queue_length / (row.queue_max || 1);

    CODES.forEach(function (code) {
        var n = now['prize_http_requests_total{code="' + code[0] + '"}'];

        code.item.className = n ? '' : 'none';
        code.item.classList.add('c-' + code[2]);
        write(code.total, whole(n));
        write(code.rate, n ? ' ' + rate(sum(some, code[0]) / seconds(some))
                             + '/s' : '');
    });

    TOTALS.forEach(function (total) { drawTotal(total, count(total[1])); });

    var mapped = count(/^prize_redis_refreshes_total/);

    MAPS.forEach(function (total) {
        drawTotal(total, count(total[1]));
        total.item.hidden = !mapped;
    });
}


/* the sum of all series that match */

function count(match) {
    return Object.keys(now).reduce(function (n, series) {
        return n + (match.test(series) ? now[series] : 0);
    }, 0);
}


function drawTotal(total, n) {
    total.item.className = n && total[2] ? 'bad' : '';
    write(total.value, !total[3] ? whole(n)
                       : n && now.date ? age(now.date / 1000 - n) : '–');
}


/* the series of breakers: {backend, peer, open} */

function breakers() {
    var found = [];

    Object.keys(now).forEach(function (series) {
        var match = /^prize_breaker_open\{backend="(\w+)",peer="(.*)"\}$/
                    .exec(series);

        if (match) {
            found.push({backend: match[1], peer: match[2],
                        open: now[series]});
        }
    });

    return found;
}


/* whom a reason is about, as of now */

function about(reason) {
    var away = breakers().filter(function (breaker) {
        return breaker.open && breaker.backend === reason[2];
    });

    return reason[1] + (away.length ? ' (' + away.map(function (breaker) {
        return breaker.peer + ' by ' + breaker.open + ' of '
               + plural(now.workers, 'worker');
    }).join(', ') + ')' : '');
}


/* what the workers take a server for */

function roles(peer) {
    return ['primary', 'replica', 'sentinel'].filter(function (role) {
        return now['prize_redis_role' + peer + ',role="' + role + '"}'];
    }).join(' or ');
}


/* how Redis is spoken to, and for how long that may go on */

function tls(peer, connections) {
    var n = now['prize_redis_tls_connections' + peer + '}'];

    return !n ? '' : n < connections ? ' (' + n + ' by TLS)' : ' by TLS';
}


function certificates(peer) {
    return [['server', 'certificate'], ['client', 'ours']].map(function (one) {
        var end = now['prize_redis_certificate_end_seconds' + peer
                      + ',owner="' + one[0] + '"}'];

        return end ? one[1] + ': ' + plural(Math.floor((end - Date.now() / 1000)
                                                       / 86400), 'day') : '';
    }).filter(Boolean).join(', ');
}


function stores() {
    var list = $('stores'), seen = 0, all = breakers();
    var pools = all.filter(function (breaker) {
        return breaker.backend === 'postgres';
    }).length;

    all.forEach(function (breaker) {
        var redis = breaker.backend === 'redis', open = breaker.open;
        var peer = '{peer="' + breaker.peer + '"';
        var connections = redis ? now['prize_redis_connections' + peer
                                      + ',state="connected"}']
                          : now.postgres_connections;
        var flight = redis ? now['prize_redis_commands_in_flight' + peer + '}']
                     : now.postgres_lookups_in_flight;
        var role = redis ? roles(peer) : '';
        var item = list.children[seen++] || make(list, 'li');

        while (item.children.length < 5) {
            make(item, item.firstChild ? 'span' : 'b');
        }

        item.children[1].className = 'state';
        item.className = 'c-' + breaker.backend
                         + (open ? ' away' : connections ? '' : ' idle');
        write(item.children[0], (redis ? 'Redis ' : 'PostgreSQL ')
                                + breaker.peer);
        write(item.children[1], (role ? role + ', ' : '')
                                + (open ? 'left alone by ' + open + ' of '
                                          + plural(now.workers, 'worker')
                                   : connections ? 'answers'
                                   : 'not connected'));

        /* these are counted for all pools together */
        item.children[2].hidden = item.children[3].hidden = !redis
                                                            && pools > 1;
        write(item.children[2], plural(connections, 'connection')
                                + (redis ? tls(peer, connections) : ''));
        write(item.children[3], whole(flight) + ' in flight');
        write(item.children[4], redis ? certificates(peer) : '');
    });

    while (list.children.length > seen) {
        list.removeChild(list.lastChild);
    }
}


/*
 * For how long there was no news: the one clock may be set back, the other may
 * stand still while the machine sleeps.
 */

function silent() {
    return heard ? Math.max(Date.now() - heard.wall,
                            performance.now() - heard.since) : 0;
}


function banner() {
    var state = 'wait', title = 'Waiting for data', why = problem;
    var row = rows[rows.length - 1], quiet = silent();

    if (quiet > STALE) {
        state = 'stale';
        title = 'No data for ' + age(quiet / 1000);
        why = (problem || (asked ? 'nginx does not answer'
                                 : 'no worker takes a sample'))
              + '; what is below is of ' + time(new Date(heard.wall));

    } else if (row) {
        state = NAMES[row.level];
        title = ['All well', 'Degraded', 'Down'][row.level];
        why = row.reasons.length
              ? row.reasons.map(about).join('; ')
              : row.answers10 ? 'every employee gets an answer in time'
              : 'no request in the last ' + WINDOW + ' s';
        why = why.charAt(0).toUpperCase() + why.slice(1);

    } else if (!problem) {
        why = 'the first second is being counted';
    }

    /* the numbers change each second: what is read out does so with the state */

    if ($('banner').getAttribute('data-state') !== state) {
        write($('aloud'), title + '. ' + why);
    }

    $('banner').setAttribute('data-state', state);
    document.documentElement.className = state === 'stale' ? 'old' : '';
    $('icon').setAttribute('d', ICONS[state] || ICONS.stale);
    write($('state'), title);
    write($('why'), why);
    write($('clock'), time(new Date()));
    document.title = title + ' – the event';
}


function show() {
    write($('version'), now.version);
    write($('workers'), whole(now.workers));
    write($('age'), now.date ? age(now.date / 1000 - now.start_time) : '–');

    if (rows.length) {
        figures();
        draw();
    }

    stores();
}


/* Asking */

/* whether there is news in it */

function take(answer) {
    var news = !now;

    /*
     * The machine was started anew: its seconds begin at 0 again.  Where only
     * nginx was, the rows go on after a gap.
     */

    if (answer.second < last) {
        rows = [];
        last = 0;
    }

    now = answer;
    has = {};
    breakers().forEach(function (breaker) { has[breaker.backend] = true; });

    answer.history.forEach(function (values) {
        if (values[0] > last) {
            add(answer.columns, values);
            last = values[0];
            news = true;
        }
    });

    while (rows.length && rows[0].second <= last - SECONDS) {
        rows.shift();
    }

    return news;
}


/* what cannot be shown is no news: the screen would be wrong for good */

function hear(request) {
    var answer, news;

    if (request.status !== 200) {
        problem = 'nginx answers ' + request.status;
        return;
    }

    try {
        answer = JSON.parse(request.responseText);
        answer.date = Date.parse(request.getResponseHeader('Date'));
        news = take(answer);
        show();
        problem = '';

        if (news) {
            heard = {wall: Date.now(), since: performance.now()};
        }

    } catch (error) {
        problem = 'the answer cannot be read: ' + error.message;
    }
}


/* the next question comes after this one, whatever becomes of it */

function poll() {
    var request = new XMLHttpRequest(), begun = performance.now();

    request.open('GET', '?json&since=' + last);
    request.timeout = 10000;

    request.onload = function () { hear(request); };
    request.onerror = function () { problem = 'nginx cannot be reached'; };
    request.ontimeout = function () { problem = 'nginx does not answer'; };

    request.onloadend = function () {
        asked = false;
        setTimeout(poll, Math.max(200, 1000 - (performance.now() - begun)));
        banner();
    };

    asked = true;
    request.send();
}


function perSecond(column) {
    return function (row) {
        return row[column] * 1e6 / row.microseconds;
    };
}


function column(name) {
    return function (row) { return row[name]; };
}


var charts = [];

prepare('requests', {
    title: 'Requests a second', stack: true,
    goal: DESIGNED, goalName: 'designed: 2,000',
    series: [
        {name: 'pages', color: 'page', get: perSecond('200')},
        {name: 'refused', color: 'refused', get: perSecond('refused')},
        {name: 'failed', color: 'failed', get: perSecond('failed')}
    ]
});

prepare('latency', {
    title: 'Time to an answer', log: true, goal: GOAL,
    goalName: 'goal of p99: 10 ms',
    series: [
        {name: 'p50', color: 'page', thin: true, get: column('p50')},
        {name: 'p99', color: 'page', get: column('p99')}
    ]
});

prepare('sources', {
    title: 'Answers a second, by who had the record', stack: true,
    goal: DESIGNED, goalName: 'designed: 2,000',
    series: [
        {name: 'Redis', color: 'redis', get: perSecond('from_redis')},
        {name: 'PostgreSQL', color: 'postgres',
         get: perSecond('from_postgres')},
        {name: 'nobody', color: 'nobody', get: perSecond('from_nobody')}
    ]
});

prepare('times', {
    title: 'Store times', log: true, goal: GOAL, goalName: '10 ms',
    series: [
        {name: 'Redis p50', color: 'redis', thin: true,
         get: column('redis50')},
        {name: 'Redis p99', color: 'redis', get: column('redis99')},
        {name: 'PostgreSQL p50', color: 'postgres', thin: true,
         get: column('postgres50')},
        {name: 'PostgreSQL p99', color: 'postgres',
         get: column('postgres99')}
    ]
});

CODES.forEach(function (code) {
    code.item = make($('codes'), 'li', {'data-code': code[0]});
    make(code.item, 'span', {}, (code[0] + ' ' + code[1]).trim());
    code.total = make(code.item, 'b', {}, '–');
    code.rate = make(code.item, 'small');
});

TOTALS.concat(MAPS).forEach(function (total) {
    total.item = make($('totals'), 'div');
    make(total.item, 'dt', {}, total[0]);
    total.value = make(total.item, 'dd', {}, '–');
});

setInterval(banner, 1000);
poll();
}());
