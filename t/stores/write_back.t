use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# prize_write_back as Redis sees it: for how long a record is stored, what a
# newer one and a late answer mean.

my $redis = shared_redis();
my $postgres = shared_postgres();
my $port = free_port();
my $hour = 3_600_000;

my $nginx = Test::Prize::Nginx->start(files => {
        'page.html' => '<body data-id="{{id}}">{{name}}|{{seat}}</body>',
    }, http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";

    add_header X-From "\$prize_source \$upstream_status" always;

    server {
        listen 127.0.0.1:$port;

        prize_redis_pass unix:$redis->{socket};
        $patient
        prize_postgres_pass hr;
        prize_postgres_query "SELECT id, 'name ' || id AS name, '' AS seat
                              FROM unnest(\$1::text[]) AS id";

        location = /h5 { prize_page page.html; }
        location = /short { prize_page page.html; prize_write_back 90s; }
        location = /hasty { prize_page page.html; prize_redis_timeout 200ms; }
        location = /status { prize_status json; access_log off; }
    }
CONF


sub get {
    my ($location, $id) = @_;

    return $nginx->get("http://127.0.0.1:$port/$location?id=$id");
}


sub from { my ($answer) = @_; return $answer->{headers}{'x-from'} }


sub page {
    my ($id) = @_;

    return qq{<body data-id="$id">name $id|</body>};
}


sub row {
    my ($id) = @_;

    return { id => $id, name => "name $id", seat => '' };
}


sub record {
    my ($id) = @_;

    return { @{ $redis->command('HGETALL', "employee:$id") } };
}


sub ttl {
    my ($id) = @_;

    return $redis->command('PTTL', "employee:$id");
}


sub status { return $nginx->status("http://127.0.0.1:$port/status") }


# when Redis has answered, what was sent to it has been done

sub settled {
    eventually { !status()->{redis_commands_in_flight} } 'all replies';
}


# the time of prize_write_back

get('short', 'short');
settled();
is_deeply(record('short'), row('short'), 'prize_write_back 90s: stored');
cmp_ok(ttl('short'), '>', 0, 'for a while');
cmp_ok(ttl('short'), '<=', 99_000, 'that is no longer, but for a tenth');


# a stale record is replaced, and lives as long as it would have

for my $case (['for ever', undef, -1, -1],
              ['two hours', 2 * $hour, 1.9 * $hour, 2 * $hour],
              ['a minute', 60_000, 0.9 * $hour, 1.1 * $hour])
{
    my ($left, $expires, $least, $most) = @$case;
    my $id = $left =~ s/ /-/r;
    my $key = "employee:$id";

    $redis->commands(['HSET', $key, id => $id, name => 'old', gone => 1],
                     $expires ? ['PEXPIRE', $key, $expires] : ());

    is(from(get('h5', $id)), 'postgres 200, 200', "stale, $left left");
    settled();
    is_deeply(record($id), row($id), 'the record is the row');

    my $ttl = ttl($id);

    ok($ttl >= $least && $ttl <= $most, 'its time is the longer one')
        or diag($ttl);
}


# a record that was loaded while PostgreSQL was asked is newer, and stays

{
    my ($answer, $done);
    my @newer = (id => 'newer', name => 'newer', seat => 'newer');

    $postgres->pause;

    my $clients = Test::Prize::Clients->new(port => $port,
        request => sub { return ('/h5?id=newer', 'newer') });

    $clients->run(requests => 1, keep => sub { $answer = $_[1] },
        every => [0.02 => sub {
            return if $done || !status()->{postgres_lookups_in_flight};
            $redis->command('HSET', 'employee:newer', @newer);
            $done = 1;
            $postgres->resume;
        }]);

    $postgres->resume;
    ok($done, 'a record is loaded while PostgreSQL is asked');
    is($answer->{body}, page('newer'), 'the page is as it was asked for');
    settled();
    is_deeply(record('newer'), {@newer}, 'the newer record stands');
    is(ttl('newer'), -1, 'for as long as it would');
}


# it is the clean answer that counts: late is not missed, and the connection is
# kept for as long again

$redis->pause;

my $late = get('hasty', 'late');

$redis->resume;
is(from($late), 'postgres 504, 200', 'Redis is late');
settled();
is($redis->command('EXISTS', 'employee:late'), 0, 'and nothing is stored');


# write-backs among lookups

my $logged = length $nginx->error_log;

my $clients = Test::Prize::Clients->new(port => $port, connections => 20,
    check => sub {
        my ($id, $body, $status) = @_;
        return $body eq page($id) ? undef : "$status: $body";
    },
    request => sub { my $id = 'many-' . int($_[0] / 2);
                     return ("/h5?id=$id", $id) });

my $result = $clients->run(requests => 400);

is_deeply([@$result{qw(lost wrong extra)}, $result->{status}],
          [0, 0, 0, {200 => 400}], 'among lookups: to each their own page')
    or diag(Test::Prize::Clients->describe($result));
settled();

my @stored = grep { %{ record($_) } } map { "many-$_" } 0 .. 199;

cmp_ok(scalar @stored, '>=', 100, 'most are stored');
is_deeply([map { record($_) } @stored], [map { row($_) } @stored],
          'and each is what was asked for');
is(join('', grep { !/\[info\]/ } split /^/m,
        substr $nginx->error_log, $logged), '',
   'the connection was never in doubt');

is(status()->{requests_in_flight}, 0, 'nothing is left in flight');

done_testing();
