package Test::Prize::Fault;

# What the tests of all faults have in common: a site whose stores can be
# broken, questions to it, and what has to hold whatever was broken.
#
#     my $site = Test::Prize::Fault->new(redis => [$redis]);
#     $site->ask('all from PostgreSQL', requests => 300, from => 'postgres');
#     $site->over;
#
# "new" takes "redis", servers or ports of one upstream block; "postgres", the
# server of the roster, or "roster", the same for several sites; "conninfo",
# where that is another way to it, "pool", the parameters of the pool, "query"
# and "timeout", what PostgreSQL is asked and how long that may take;
# "location", directives of /h5, "server" and "http", what else the
# configuration holds; "budgets", directives in place of the 20 seconds that
# Redis has, so that a machine that is busy looks like no fault;
# "secrets", words that no log may hold; "clock", a Test::Prize::Clock; and what
# starts an nginx, "workers" and "main", say.
#
# "ask" takes what a run of Test::Prize::Clients takes, and "ids",
# "connections", "port", where not nginx itself is asked, "status", the count of
# each that is wanted or the only one, and "from", the same for the stores that
# the pages come from: all are pages then, unless "status" says otherwise.  A
# run that "every" or "keep" stops needs no "requests".  Its result also counts
# where the pages came from, in "source", by its address how often each backend
# was asked for them, in "asked", and in "rude" what turns somebody away without
# saying for how long, or may be stored.

use strict;
use warnings;

use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Clients;
use Test::Prize::Roster;


sub new {
    my ($class, %option) = @_;
    my $clock = delete $option{clock};
    my $roster = delete $option{roster} // Test::Prize::Roster->create(
        delete $option{postgres} // shared_postgres(), rows => 500);
    my $self = bless { roster => $roster, port => free_port(),
                       secrets => delete $option{secrets} // [],
                       workers => $option{workers} // 1 }, $class;

    my $page = '<body data-id="{{id}}">[{{name}}][{{department}}]'
               . '[{{prize}}]</body>';

    my @servers = map { ref $_ ? $_->{port} : $_ } @{ $option{redis} // [] };
    my $upstream = !@servers ? '' : join '', "upstream store {\n",
        (map { "server 127.0.0.1:$_ max_fails=0;\n" } @servers), "}\n";
    my $pass = @servers ? 'prize_redis_pass store;' : '';
    my $conninfo = $option{conninfo} // $roster->conninfo;
    my $pool = $option{pool} // 'connections=2 queue=4096';
    my $query = $option{query} // 'SELECT * FROM employee WHERE id = ANY($1)';
    my $timeout = $option{timeout} // '10s';
    my $budgets = $option{budgets} // 'prize_redis_connect_timeout 20s;'
                                      . 'prize_redis_timeout 20s;';

    $self->{nginx} = Test::Prize::Nginx->start(connections => 4096, %option,
        $clock ? (binary => $clock->binary, main => $clock->main) : (),
        files => { 'page.html' => $page, %{ $option{files} // {} } },
        http => <<"CONF");
    $upstream
    prize_postgres hr "$conninfo" $pool;

    access_log off;
    keepalive_requests 1000000;
    add_header X-Source \$prize_source always;
    add_header X-Asked \$upstream_addr always;
    @{[ $option{http} // '' ]}

    server {
        listen 127.0.0.1:$self->{port} backlog=4096;

        prize_postgres_query "$query";
        $budgets
        @{[ $option{server} // '' ]}

        location = /h5 {
            $pass
            prize_page page.html;
            prize_postgres_pass hr;
            prize_postgres_timeout $timeout;
            @{[ $option{location} // '' ]}
        }

        location = /status { prize_status json; }
    }
CONF
    return $self;
}


sub nginx  { return $_[0]{nginx} }
sub roster { return $_[0]{roster} }


# descriptors that the only worker has open

sub descriptors {
    my ($worker) = $_[0]{nginx}->workers;

    return scalar(() = glob "/proc/$worker/fd/*");
}


# its resident memory, in KiB

sub memory {
    my ($worker) = $_[0]{nginx}->workers;

    return slurp("/proc/$worker/status") =~ /^VmRSS:\s+(\d+) kB$/m ? $1 : die;
}


# a connection of its own, and one that has asked for a page

sub connect { return Test::Prize::Client->new($_[0]{port})->connect }


sub begin {
    my ($self, $id) = @_;

    return $self->connect->send("GET /h5?id=$id HTTP/1.1\r\nHost: h5\r\n\r\n");
}


# The numbers of "prize_status json".  Tests wait for them: JSON::PP would take
# most of their time.

sub status {
    my ($self) = @_;
    my $url = "http://127.0.0.1:$self->{port}/status";
    my $answer = $self->{nginx}->get($url);

    die "$url: $answer->{status} $answer->{content}\n"
        unless $answer->{status} == 200;
    return { map { s/\\"/"/gr } $answer->{content} =~
             /^\{?"((?:[^"\\]|\\.)+)":(-?[\d.]+)[,}]/mg };
}


# of a store, by the reason that the metrics give

sub errors {
    my ($self, $store, $reason) = @_;
    my $status = $self->status;
    my $sum = 0;

    $sum += $status->{$_}
        for grep { /^prize_${store}_errors_total\{.*reason="$reason"/ }
            keys %$status;

    return $sum;
}


# returns when the module has so many of both stores' connections

sub connected {
    my ($self, %want) = @_;

    eventually {
        my $status = $self->status;
        return !grep { $status->{$_} != $want{$_} } keys %want;
    } join(', ', map { "$want{$_} $_" } sort keys %want);
}


sub ask {
    my ($self, $name, %option) = @_;
    my ($status, $from) = delete @option{qw(status from)};
    my $result = $self->quietly(%option);
    my %want = map { $_ => 0 } qw(lost wrong extra rude);

    $status //= 200 if $from;
    $want{status} = ref $status ? $status : { $status => $result->{requests} }
        if $status;
    $want{source} = ref $from ? $from : { $from => $result->{requests} }
        if $from;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply({ map { $_ => $result->{$_} } keys %want }, \%want, $name)
        or diag(Test::Prize::Clients->describe($result));

    return $result;
}


sub quietly {
    my ($self, %option) = @_;
    my $ids = delete $option{ids} // $self->{roster}->ids;
    my $keep = delete $option{keep};
    my ($rude, %source, %asked) = 0;

    my $clients = Test::Prize::Clients->new(
        port => delete $option{port} // $self->{port},
        connections => delete $option{connections} // 32,
        close => delete $option{close},
        request => sub { my $id = $ids->[$_[0] % @$ids];
                         return ("/h5?id=$id", $id) });

    my $result = $clients->run(requests => 1_000_000, %option, keep => sub {
        my (undef, $answer) = @_;
        $source{$1}++ if $answer->{head} =~ /^X-Source: (\w+)\r$/m;
        my ($asked) = $answer->{head} =~ /^X-Asked: (.+)\r$/m;
        $asked{$_}++ for split /, | : /, $asked // '';
        $rude++ if $answer->{status} == 503
                   && !($answer->{head} =~ /^Retry-After: [123]\r$/m
                        && $answer->{head} =~ /^Cache-Control:.*no-store/m);
        $keep->(@_) if $keep;
    });

    @$result{qw(source asked rude)} = (\%source, \%asked, $rude);
    return $result;
}


# Asks until twenty in a row get a page.  Answers before that may be BUSY, but
# none is lost or wrong.

sub recovers {
    my ($self, %option) = @_;

    $self->ask_until(status => 200, [503], %option);
}


# Asks until all pages are Redis' own again; all are pages until then.

sub returns_to_redis {
    my ($self, %option) = @_;

    $self->ask_until(source => 'redis', [], %option);
}


# a dead server, and soon nobody's first choice

sub leaves_alone {
    my ($self, $address) = @_;

    my $left = eval {
        eventually { !$self->quietly(requests => 20)->{asked}{$address} }
                   'left alone';
    };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok($left, "$address is left alone");
}


sub ask_until {
    my ($self, $what, $wanted, $meanwhile, %option) = @_;
    my %total = map { $_ => 0 } qw(lost wrong extra);
    my %other;

    my $back = eval {
        eventually {
            my $result = $self->quietly(%option, requests => 20);
            $total{$_} += $result->{$_} for keys %total;
            @other{keys %{ $result->{status} }} = ();
            return ($result->{$what}{$wanted} // 0) == 20;
        } $wanted;
    };

    delete @other{200, @$meanwhile};

    local $Test::Builder::Level = $Test::Builder::Level + 2;
    ok($back, "$what $wanted again");
    is_deeply([values %total, keys %other], [0, 0, 0],
              join ' or ', 'until then nothing but pages', @$meanwhile);
}


# Ends the site, and tests what holds for every fault.  "lines" is how many
# lines of ours a worker may have written, 4 unless told; "expected" matches
# what nginx itself may complain of.  Returns these lines.

sub over {
    my ($self, %option) = @_;
    my $nginx = $self->{nginx};
    my $lines = ($option{lines} // 4) * $self->{workers};
    my $expected = $option{expected} // qr/(?!)/;
    my @left;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    eval { eventually { @left = @{$self->status}{@gauges}; !grep { $_ } @left }
                      'all gauges at zero' };
    is_deeply(\@left, [(0) x @gauges], 'nothing is left in flight');

    $nginx->stop('QUIT');

    my $log = $nginx->error_log;
    my @bad = grep { m{^\S+ \S+ \[(?:alert|crit|emerg)\] |exited on signal}
                     && $_ !~ $expected } split /^/m, $log;
    my @ours = grep { / \[(?:warn|error)\] .*prize: / } split /^/m, $log;

    is(join('', @bad), '', 'no alert');
    like($log, qr/ \[notice\] \S+ exit$/m, 'nginx ends by itself');
    cmp_ok(scalar(@ours), '<=', $lines, "at most $lines lines of log")
        or diag(@ours);
    is(join('', grep { index($log, $_) >= 0 } @{ $self->{secrets} }), '',
       'no secret in the log');

    return \@ours;
}


1;
