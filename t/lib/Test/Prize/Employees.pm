package Test::Prize::Employees;

# Employees of a roster who open their pages, from an nginx that has Redis and
# PostgreSQL, while something happens to these.
#
#     my $employees = Test::Prize::Employees->start($roster, redis => [$redis]);
#     $employees->open('a kill', {503 => 1}, sub { ...; return $over });
#
# "redis" are the servers of the upstream block, and "location" are further
# lines of the location.  "load" are the options by which prizectl finds both
# stores, and "primaries" returns the servers that records are written to,
# those of "redis" by default:
#
#     my $load = $employees->load('300/s');
#     my ($loaded, $bad) = $employees->records;
#     $employees->completes('a kill');

use strict;
use warnings;

use Test::More;

use Test::Prize;
use Test::Prize::Clients;


sub start {
    my ($class, $roster, %option) = @_;
    my $self = bless { roster => $roster, port => free_port(),
                       load => $option{load},
                       primaries => $option{primaries}
                                    // sub { @{ $option{redis} } } }, $class;
    my $servers = join ' ', map { "server 127.0.0.1:$_->{port} max_fails=0;" }
                            @{ $option{redis} };

    $self->{nginx} = Test::Prize::Nginx->start(workers => 1,
        connections => 1024, files => { 'page.html' =>
            '<body data-id="{{id}}">[{{{name}}}][{{{department}}}]'
            . '[{{#prize}}{{{prize}}}{{/prize}}]</body>' },
        http => <<"CONF");
    upstream store { $servers }
    prize_postgres hr "@{[ $roster->conninfo ]}" connections=2 queue=4096;

    access_log off;
    keepalive_requests 1000000;

    server {
        listen 127.0.0.1:$self->{port};

        location = /h5 {
            prize_page             page.html raw=name,department,prize;
            prize_redis_pass       store;
            prize_redis_timeout    5s;
            prize_postgres_pass    hr;
            prize_postgres_timeout 10s;
            prize_postgres_query   "SELECT * FROM employee WHERE id = ANY(\$1)";
            @{[ $option{location} // '' ]}
        }
    }
CONF

    $self->{page} = { map {
        my $record = $roster->record($_);

        ($_ => qq{<body data-id="$_">[$record->{name}][$record->{department}][}
               . ($roster->wins($_) ? $record->{prize} : '') . ']</body>');
    } @{ $roster->ids } };

    return $self;
}


# until "happen", which is called again and again, returns true: each page is
# right, and "status" has the other answers that there may be

sub open {
    my ($self, $name, $status, $happen) = @_;
    my ($ids, $page) = ($self->{roster}->ids, $self->{page});
    my $over;
    my $clients = Test::Prize::Clients->new(port => $self->{port},
        connections => 16,
        request => sub { my $id = $ids->[rand @$ids];
                         return ("/h5?id=$id", $id) },
        check => sub {
            my ($id, $body, $got) = @_;

            return undef if $got == 200 ? $body eq $page->{$id}
                                        : $status->{$got};
            return "not the page of $id, or status $got";
        });

    my $result = $clients->run(requests => 10_000_000,
        every => [0.01 => sub { $_[0]->stop if $over ||= $happen->() }]);

    is_deeply([@$result{qw(lost wrong extra)}], [0, 0, 0],
              "$name: each page is right")
        or diag(Test::Prize::Clients->describe($result));
    cmp_ok($result->{status}{200}, '>', 20, "$name: many pages");
}


# ---- the roster, as it is loaded meanwhile


sub flush { $_->command('FLUSHALL') for $_[0]{primaries}->() }


sub load {
    my ($self, $rate, @more) = @_;

    return Test::Prize::Program->start(prizectl(), 'load', @{ $self->{load} },
                                       '--rate', $rate, @more);
}


# how many records the load has written, which live longer than those that
# nginx has, and how many are not whole or for ever

sub records {
    my ($self) = @_;
    my @sum = (0, 0);

    for my $server ($self->{primaries}->()) {
        my $found = $server->command('EVAL', <<~'LUA', 0);
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
        $sum[$_] += $found->[$_] for 0, 1;
    }

    return @sum;
}


# the command is run once more, and then there is nothing to be found

sub completes {
    my ($self, $name) = @_;
    my $n = @{ $self->{roster}->ids };
    my ($status, $out, $err) = run(prizectl(), 'load', @{ $self->{load} });

    is($status, 0, "$name: the next run") or diag($err);
    like($out, qr/^loaded $n rows/, "$name: completes it");

    ($status, $out) = run(prizectl(), 'verify', @{ $self->{load} });
    is($status, 0, "$name: verify finds nothing") or diag($out);
    is(($self->records)[1], 0, "$name: each record is whole");
}


# SIGKILL at so many points, each after another part of the roster; at least
# so many of them in the middle

sub kill_loads {
    my ($self, $times, $rate, $middle) = @_;
    my $n = @{ $self->{roster}->ids };
    my (@loaded, @bad, $load, $target);

    $self->open('SIGKILL', {}, sub {
        if (!$load) {
            $self->flush;
            $load = $self->load($rate);
            $target = (@loaded + rand) / $times * $n;
            return 0;
        }

        return 0 if ($self->records)[0] < $target && !$load->ended;

        $load->end_by('KILL');
        undef $load;

        my ($records, $bad) = $self->records;
        push @loaded, $records;
        push @bad, $bad;
        return @loaded == $times;
    });

    is_deeply(\@bad, [(0) x $times],
              "no record in part or for ever: of @loaded records");
    cmp_ok(scalar(grep { $_ > 0 && $_ < $n } @loaded), '>=', $middle,
           "$middle of them in the middle");
    $self->completes('SIGKILL');
}


sub error_log { return $_[0]{nginx}->error_log }


1;
