use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# What $prize_... and nginx's own $upstream_... say, in every phase and after
# error_page has gone elsewhere.

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $dead = '127.0.0.1:' . free_port();
my ($port, $other) = (free_port(), free_port());

$postgres->sql('DROP DATABASE IF EXISTS variables');
$postgres->sql('CREATE DATABASE variables');
$postgres->sql(<<"SQL", 'variables');
CREATE TABLE employee (id text, name text, prize text, "Team" text,
                       extra text);
INSERT INTO employee VALUES ('7', 'Ann', 'phone', 'red', 'seven'),
    ('p1', 'Pia', 'car', 'blue', 'one'), ('p2', 'Pat', '', 'blue', NULL);
CREATE TABLE numbers (id integer, name text, prize text);
INSERT INTO numbers VALUES (7, 'Ann', '');
SQL

$redis->commands(map { [split /,/, $_, -1] }
    'HSET,employee:7,id,7,name,Ann,prize,phone,Team,green,extra,redis',
    'HSET,employee:r1,id,r1,name,Rob,prize,',
    "HSET,employee:crlf,id,crlf,name,A\r\nSet-Cookie: evil=1\x01\x7f,prize,",
    'HSET,stale:p1,id,p1,name,Pia', 'HSET,other:p1,id,p2,name,Pia,prize,x',
    'SET,text:p1,x');

my $nginx = Test::Prize::Nginx->start(
    files => {'page.html' => '{{name}} {{prize}}', 'friendly.html' => 'sorry',
              'team.html' => '{{Team}}'},
    http => <<"CONF");
    upstream two {
        server $dead max_fails=0;
        server 127.0.0.1:$redis->{port} max_fails=0;
    }
    upstream spare {
        server $dead max_fails=0;
        server 127.0.0.1:$redis->{port} backup;
    }

    prize_postgres hr "@{[ $postgres->conninfo('variables') ]}";
    prize_postgres local "@{[ $postgres->socket_conninfo('variables') ]}";
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;
    prize_postgres_pass hr;
    prize_postgres_query 'SELECT * FROM employee WHERE id = ANY(\$1)';
    prize_postgres_timeout 60s;
    prize_write_back off;

    map \$prize_field_prize \$winner { default 1; "" 0; }
    map \$prize_id \$known_id { default yes; "" no; }
    map \$prize_result \$slow { default 0; timeout 1; error 1; shed 1; }

    log_format store escape=none
                     '\$status|\$prize_id|\$prize_source|\$prize_result|'
                     '\$upstream_addr|\$upstream_status|'
                     '\$upstream_response_time';
    log_format fields '\$prize_field_name|\$prize_field_prize|'
                      '\$prize_field_extra|\$prize_field_none|\$winner';
    access_log store.log store;

    server {
        listen 127.0.0.1:$other;
        access_log off;
        location = /header {
            prize_page page.html;
            add_header X-Name "\$prize_field_name|";
        }
        location / { return 200 "elsewhere"; }
    }

    server {
        listen 127.0.0.1:$port;

        set \$early "\$prize_id/\$known_id/\$prize_source/\$prize_result";
        add_header X-Early \$early always;
        add_header X-Late "\$prize_id/\$known_id/\$prize_source/"
                          always;
        add_header X-Result "\$prize_result" always;

        location = /h5 {
            prize_page page.html;
            access_log store.log store;
            access_log fields.log fields;
            access_log winners.log fields if=\$winner;
        }
        location = /team {
            prize_page team.html;
            add_header X-Team "\$prize_field_team \$prize_field_Team";
        }
        location = /no-page {
            return 200 "\$prize_id|\$prize_result|\$prize_field_name";
        }

        location = /redis { prize_page page.html; prize_postgres_pass off; }
        location = /postgres { prize_page page.html; prize_redis_pass off; }
        location = /stale {
            prize_page page.html;
            prize_redis_key stale:\$prize_id;
        }
        location = /other {
            prize_page page.html;
            prize_redis_key other:\$prize_id;
        }
        location = /text {
            prize_page page.html;
            prize_redis_key text:\$prize_id;
        }
        location = /dead {
            prize_page page.html;
            prize_redis_pass $dead;
            prize_postgres_pass off;
        }
        location = /two {
            prize_page page.html;
            prize_redis_pass two;
            prize_postgres_pass off;
        }
        location = /spare {
            prize_page page.html;
            prize_redis_pass spare;
            prize_postgres_pass off;
        }
        location = /sockets {
            prize_page page.html;
            prize_redis_pass unix:$redis->{socket};
            prize_postgres_pass local;
        }
        location = /numbers {
            prize_page page.html;
            prize_redis_pass off;
            prize_postgres_query 'SELECT * FROM numbers WHERE id = ANY(\$1)';
        }
        location = /impatient {
            prize_page page.html;
            prize_redis_timeout 100ms;
        }
        location = /very-impatient {
            prize_page page.html;
            prize_redis_timeout 100ms;
            prize_postgres_timeout 100ms;
        }

        location = /file {
            prize_page page.html;
            error_page 400 404 503 /friendly.html;
        }
        location = /friendly.html { root .; internal; }
        location = /named {
            prize_page page.html;
            error_page 400 404 503 \@named;
        }
        location \@named { return 200 "named"; }
        location = /ok {
            prize_page page.html;
            error_page 400 404 503 =200 /friendly.html;
        }
        location = /proxied {
            prize_page page.html;
            error_page 404 = \@proxied;
        }
        location \@proxied { proxy_pass http://127.0.0.1:$other; }
        location = /second {
            prize_page page.html;
            prize_postgres_pass off;
            error_page 404 = /postgres?id=p2;
        }

        location = /included {
            ssi on;
            ssi_types *;
            return 200 '<!--# include virtual="/h5?id=p1" -->';
        }
        location = /checked { auth_request /check; prize_page page.html; }
        location = /check { prize_page page.html; prize_id p1; }
    }
CONF

my $client = Test::Prize::Client->new($port);
my $r = "127.0.0.1:$redis->{port}";
my $p = "127.0.0.1:" . $postgres->way->{port};


# the next line of a log, which is written when the request has ended

my %read;

sub line {
    my ($name) = @_;
    my $from = $read{$name} // 0;
    my ($line) = eventually {
        substr($nginx->log($name), $from) =~ /^(.*\n)/ ? $1 : undef
    } "a line of $name";

    $read{$name} = $from + length $line;
    chomp $line;
    return $line;
}


# fetches, and compares what was logged; the times of the tries are checked
# for their number only

sub is_logged {
    my ($target, $expected, $name, $method) = @_;
    my $answer = $client->request($method // 'GET', $target);
    my $line = line('store.log');
    my ($times) = $line =~ s/\|([^|]*)$// ? $1 : '';
    my ($statuses) = $line =~ /\|([^|]*)$/;

    $statuses =~ s/\d+/t/g;
    $times =~ s/\d+\.\d{3}/t/g;

    is($line, $expected, $name);
    is($times, $statuses, 'a time for each try');
    return $answer;
}


# nothing is connected before this is answered

$client->get($_), line('store.log') for qw(/h5?id=7 /h5?id=p1 /sockets?id=p1);
line('fields.log') for 1 .. 2;
line('winners.log') for 1 .. 2;


# who was asked, and what they said

is_logged('/h5?id=7', "200|7|redis|found|$r|200", 'from Redis');
is_logged('/h5?id=p1', "200|p1|postgres|found|$r, $p|404, 200",
          'from PostgreSQL');
is_logged('/h5?id=none', "404|none||unknown|$r, $p|404, 404", 'unknown');
is_logged('/h5?id=%37', "200|7|redis|found|$r|200", 'an encoded ID');
is_logged('/h5?id=%00', '400|||refused||', 'no ID');
is_logged('/h5?id=7', '405|7||refused||', 'POST', 'POST');
is_logged('/h5?id=7', "200|7|redis|found|$r|200", 'HEAD', 'HEAD');
is_logged('/redis?id=p1', "404|p1||unknown|$r|404", 'Redis alone');
is_logged('/postgres?id=p1', "200|p1|postgres|found|$p|200",
          'PostgreSQL alone');
is_logged('/stale?id=p1', "200|p1|postgres|found|$r, $p|200, 200", 'stale');
is_logged('/other?id=p1', "200|p1|postgres|found|$r, $p|502, 200",
          'another\'s record');
is_logged('/text?id=p1', "200|p1|postgres|found|$r, $p|502, 200", 'no hash');
is_logged('/sockets?id=p1', '200|p1|postgres|found|'
          . "unix:$redis->{socket}, unix:@{[ $postgres->way->{dir} ]}|404, 200",
          'unix sockets');

is_logged('/numbers?id=7', "200|7|postgres|found|$p|200", 'a number');
is_logged('/numbers?id=x', '404|x||unknown||',
          'what is no number, and was asked of nobody');

$client->get('/dead?id=7');
like(line('store.log'),
     qr/^503\|7\|\|error\|(?:\Q$dead\E\|502\|\d\.\d+|\|\|)$/, 'a dead Redis');

# until the first server's breaker is open, its failed try is there too
for my $target ('/two?id=7', '/spare?id=7') {
    $client->get($target);
    like(line('store.log'), qr/^200\|7\|redis\|found\|
                               (?:\Q$dead\E,\ \Q$r\E\|502,\ 200
                                |\Q$r\E\|200)\|/x,
         "the second server answers: $target");
}

{
    $redis->pause;
    is_logged('/impatient?id=7', "200|7|postgres|found|$r, $p|504, 200",
              'Redis is late');
    $redis->resume;
    eventually { $client->get('/redis?id=7'); line('store.log') =~ /^200/ }
               'Redis';

    $postgres->pause;
    is_logged('/very-impatient?id=p1', "503|p1||timeout|$r, $p|404, 504",
              'PostgreSQL is late');
    $postgres->resume;
    eventually { $client->get('/postgres?id=p1'); line('store.log') =~ /^200/ }
               'PostgreSQL';
}


# after error_page

is_logged('/file?id=none', "404|none||unknown|$r, $p|404, 404", 'a file');
is_logged('/file?id=%20', '400|||refused||', 'a file for a bad ID');
is_logged('/named?id=none', "404|none||unknown|$r, $p|404, 404",
          'a named location');
is_logged('/ok?id=none', "200|none||unknown|$r, $p|404, 404",
          'with the status changed');
is_logged('/file?id=7', "200|7|redis|found|$r|200", 'where none was needed');

{
    my $answer = is_logged('/proxied?id=none',
        "200|none||unknown|$r, $p : 127.0.0.1:$other|404, 404 : 200",
        'a proxied page');
    is($answer->{body}, 'elsewhere', 'which was sent');
}

is_logged('/second?id=none', "200|p2|postgres|found|$r : $p|404 : 200",
          'another page');


# phases

sub late {
    my ($answer) = @_;

    return join '', map { $answer->header($_) } qw(X-Late X-Result);
}


{
    my $answer = $client->get('/h5?id=%37');
    line('store.log');
    is_deeply([$answer->header('X-Early')], ['7/yes//'], 'the rewrite phase');
    is_deeply([late($answer)], ['7/yes/redis/found'],
              'the header filter');

    $answer = $client->get('/h5?id=%00');
    line('store.log');
    is_deeply([$answer->header('X-Early')], ['/no//'],
              'the rewrite phase, without an ID');
    is_deeply([late($answer)], ['/no//refused'],
              'the header filter, without an ID');

    $answer = $client->get('/file?id=none');
    line('store.log');
    is_deeply([late($answer)], ['none/yes//unknown'],
              'the header filter after error_page');
}

is($client->get('/no-page?id=7')->{body}, '7||', 'a location without a page');
line('store.log');


# fields

$read{'fields.log'} = length $nginx->log('fields.log');
$read{'winners.log'} = length $nginx->log('winners.log');

sub is_fields {
    my ($target, $expected, $name) = @_;

    $client->get($target);
    line('store.log');
    is(line('fields.log'), $expected, $name);
}

is_fields('/h5?id=7', 'Ann|phone|redis||1',
          'fields from Redis, also those that no page names');
is_fields('/h5?id=p1', 'Pia|car|one||1', 'fields from PostgreSQL');
is_fields('/h5?id=p2', 'Pat||||0', 'empty and NULL');
is_fields('/h5?id=r1', 'Rob||||0', 'fields that Redis has not');
is_fields('/h5?id=none', '||||0', 'nobody\'s fields');
is_fields('/h5?id=', '||||0', 'fields without an ID');

is(line('winners.log'), 'Ann|phone|redis||1', 'access_log if=');
is(line('winners.log'), 'Pia|car|one||1', 'of the others');
is(substr($nginx->log('winners.log'), $read{'winners.log'}), '', 'only these');

# nginx lowers the names of variables

for my $id (qw(7 p1)) {
    my $answer = $client->get("/team?id=$id");
    my $team = $id eq '7' ? 'green' : 'blue';

    line('store.log');
    is($answer->{body}, $team, 'a field with a capital');
    is_deeply([$answer->header('X-Team')], ["$team $team"], 'as a variable');
}

is_logged('/h5?id=r1', "200|r1|redis|found|$r|200",
          'a field that only a variable names makes no record stale');
is_logged('/numbers?id=7', "200|7|postgres|found|$p|200",
          'and no query wrong');


# subrequests

{
    my $answer = $client->get('/included?id=7');
    is($answer->{body}, 'Pia car', 'SSI');
    like(line('store.log'), qr/^200\|7\|\|\|/,
         'the document has variables of its own');

    $answer = $client->get('/checked?id=7');
    is($answer->{body}, 'Ann phone', 'auth_request by a page');
    like(line('store.log'), qr/^200\|7\|redis\|found\|/,
         'the page has variables of its own');
    is_deeply([late($answer)], ['7/yes/redis/found'],
              'in its headers too');
}

# a value that goes into a header makes no header of its own

{
    my $answer = Test::Prize::Client->new($other)
                 ->get('/header?id=crlf');

    is($answer->{status}, 200, 'a name with line feeds');
    is_deeply([$answer->header('X-Name')], ['A  Set-Cookie: evil=1  |'],
              'is one header');
    is_deeply([$answer->header('Set-Cookie')], [], 'and no second one');
}

$nginx->stop;
unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]/,
       'nothing at alert or crit');
$postgres->sql('DROP DATABASE variables WITH (FORCE)');

done_testing();
