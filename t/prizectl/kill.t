use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# "prizectl load" is killed, and so is each server, while employees open their
# pages: each page is right at every moment, and the next run completes.

my $postgres = Test::Prize::Postgres->start;
my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create($postgres, rows => 3000);
my $port = free_port();
my @ids = @{ $roster->ids };
my $n = @ids;
my @command = ('--postgres', $roster->conninfo, '--redis',
               "redis://127.0.0.1:$redis->{port}", '--query',
               'SELECT * FROM employee');

my $nginx = Test::Prize::Nginx->start(workers => 1, connections => 1024,
    files => { 'page.html' => '<body data-id="{{id}}">[{{{name}}}]'
               . '[{{{department}}}][{{#prize}}{{{prize}}}{{/prize}}]</body>' },
    http => <<"CONF");
    upstream store { server 127.0.0.1:$redis->{port} max_fails=0; }
    prize_postgres hr "@{[ $roster->conninfo ]}" connections=2 queue=4096;

    access_log off;
    keepalive_requests 1000000;

    server {
        listen 127.0.0.1:$port;

        location = /h5 {
            prize_page             page.html raw=name,department,prize;
            prize_redis_pass       store;
            prize_redis_timeout    5s;
            prize_postgres_pass    hr;
            prize_postgres_timeout 10s;
            prize_postgres_query   "SELECT * FROM employee WHERE id = ANY(\$1)";
        }
    }
CONF

my %page = map {
    my $record = $roster->record($_);
    ($_ => qq{<body data-id="$_">[$record->{name}][$record->{department}][}
           . ($roster->wins($_) ? $record->{prize} : '') . ']</body>');
} @ids;


sub start_load {
    return Test::Prize::Program->start(prizectl(), 'load', @command, '--rate',
                                       '8000/s', @_);
}


# how many records the load has written, which live longer than those that
# nginx has, and how many are not whole or for ever

sub records {
    return @{ $redis->command('EVAL', <<~'LUA', 0) };
        local loaded, bad = 0, 0
        for _, key in ipairs(redis.call('KEYS', '*')) do
            local ttl = redis.call('PTTL', key)
            if ttl > 2 * 3600 * 1000 then
                loaded = loaded + 1
            end
            local fields = 9 + redis.call('HEXISTS', key, 'padding')
            if ttl <= 0 or redis.call('HLEN', key) ~= fields then
                bad = bad + 1
            end
        end
        return {loaded, bad}
        LUA
}


# employees, until "happen", which is called again and again, returns true

sub employees {
    my ($name, $status, $happen) = @_;
    my $over;
    my $clients = Test::Prize::Clients->new(port => $port, connections => 16,
        request => sub { my $id = $ids[rand @ids];
                         return ("/h5?id=$id", $id) },
        check => sub {
            my ($id, $body, $got) = @_;

            return undef if $got == 200 ? $body eq $page{$id}
                                        : $status->{$got};
            return "not the page of $id, or status $got";
        });

    my $result = $clients->run(requests => 10_000_000,
        every => [0.01 => sub { $_[0]->stop if $over ||= $happen->() }]);

    is_deeply([@$result{qw(lost wrong extra)}], [0, 0, 0],
              "$name: each page is right")
        or diag(Test::Prize::Clients->describe($result));
    cmp_ok($result->{status}{200}, '>', 100, "$name: many pages");
}


sub completes {
    my ($name) = @_;
    my ($status, $out, $err) = run(prizectl(), 'load', @command);

    is($status, 0, "$name: the next run") or diag($err);
    like($out, qr/^loaded $n rows/, "$name: completes it");

    ($status, $out) = run(prizectl(), 'verify', @command);
    is($status, 0, "$name: verify finds nothing") or diag($out);
}


# SIGKILL, several times, each after another part of the roster

my $times = $ENV{PRIZE_NIGHTLY} ? 20 : 6;

{
    my (@loaded, @bad, $load, $target);

    employees('SIGKILL', {}, sub {
        if (!$load) {
            $redis->command('FLUSHALL');
            $load = start_load('--rate', '3000/s');
            $target = (@loaded + rand) / $times * $n;
            return 0;
        }

        return 0 if (records())[0] < $target;

        $load->end_by('KILL');
        undef $load;

        my ($records, $bad) = records();
        push @loaded, $records;
        push @bad, $bad;
        return @loaded == $times;
    });

    is_deeply(\@bad, [(0) x $times],
              "no record in part or for ever: of @loaded records");
    ok(scalar(grep { $_ > 0 && $_ < $n } @loaded),
       'some of them in the middle');
    completes('SIGKILL');
}

# a server is killed in the middle, and comes again; what remains of the query
# is more than what sockets would hold

my $wide = "SELECT *, repeat('x', 8000) AS padding FROM employee";

for my $case (['Redis', {}, $redis, 'redis://'],
              ['PostgreSQL', {503 => 1}, $postgres, 'PostgreSQL'])
{
    my ($name, $status, $server, $says) = @$case;
    my ($load, $killed, $exit, $out, $said, $up);

    $redis->command('FLUSHALL');

    employees("$name is killed", $status, sub {
        $load //= start_load('--query', $wide, '--rate', '800/s');

        if (!$killed) {
            return 0 if (records())[0] < $n / 8;
            $server->kill;
            $killed = time;
            return 0;
        }

        if (!defined $exit) {
            ($exit, $out, $said) = $load->finish if $load->ended;
            return 0;
        }

        return 0 if time < $killed + 0.5;

        $server->start unless $up;
        $up //= time;
        return time > $up + 1;
    });

    is($exit, 1, "$name is killed: the load fails");
    is($out, '', "$name is killed: it claims nothing");
    like($said, qr/^prizectl: \Q$says\E.*\nprizectl: failed after \d+ rows$/s,
         "$name is killed: says why and how far it came");
    is((records())[1], 0, "$name is killed: no record in part");
    completes("$name is killed");
}

unlike($nginx->error_log, qr/\[(?:crit|alert|emerg)\]/,
       'nginx has nothing worse than an error to say');

done_testing();
