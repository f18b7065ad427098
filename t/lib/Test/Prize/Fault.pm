package Test::Prize::Fault;

# What the tests of all faults have in common: a site whose stores can be
# broken, questions to it, and what has to hold whatever was broken.
#
#     my $site = Test::Prize::Fault->new(redis => [$redis]);
#     my $result = $site->ask('row 1: refused', requests => 300,
#                             status => {200 => 300});
#     is_deeply($result->{source}, {postgres => 300}, ...);
#     $site->over('row 1');
#
# "new" takes "redis", servers or ports of one upstream block; "postgres", the
# server of the roster, or "roster", the same for several sites; "conninfo",
# where that is another way to it, "pool", the parameters of the pool, "query"
# and "timeout", what PostgreSQL is asked and how long that may take;
# "location", directives of /h5, "server" and "http", what else the
# configuration holds;
# "secrets", words that no log may hold; "clock", a Test::Prize::Clock; and what
# starts an nginx, "workers" and "main", say.
#
# "ask" takes what a run of Test::Prize::Clients takes, and "ids", "status", the
# count of each that is wanted or the only one, and "connections".  A run that
# "every" or "keep" stops needs no "requests".  Its result also counts
# where the pages came from, in "source", by its address how often each
# backend was asked for them, in "asked", and in "rude" what turns somebody away
# without saying for how long, or may be stored.

use strict;
use warnings;

use Test::More;
use Test::Prize;
use Test::Prize::Clients;
use Test::Prize::Roster;
use Time::HiRes qw(sleep);


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
sub port   { return $_[0]{port} }


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
    my $status = delete $option{status};
    my $result = $self->quietly(%option);

    $status = { $status => $result->{requests} } if $status && !ref $status;
    is_deeply([@$result{qw(lost wrong extra rude)},
               $status ? $result->{status} : ()],
              [0, 0, 0, 0, $status // ()], $name)
        or diag(Test::Prize::Clients->describe($result));

    return $result;
}


sub quietly {
    my ($self, %option) = @_;
    my $ids = delete $option{ids} // $self->{roster}->ids;
    my $path = delete $option{path} // '/h5';
    my $keep = delete $option{keep};
    my ($rude, %source, %asked) = 0;

    my $clients = Test::Prize::Clients->new(port => $self->{port},
        connections => delete $option{connections} // 32,
        close => delete $option{close},
        request => sub { my $id = $ids->[$_[0] % @$ids];
                         return ("$path?id=$id", $id) });

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


# Asks until ten in a row get a page, as many a second as one client may.
# Answers before that may be BUSY, but none is lost or wrong.

sub recovers {
    my ($self, $name, %option) = @_;
    my %total = (lost => 0, wrong => 0, extra => 0, status => {});

    my $back = eval {
        eventually {
            my $result = $self->quietly(%option, requests => 10);
            $total{$_} += $result->{$_} for qw(lost wrong extra);
            $total{status}{$_} += $result->{status}{$_}
                for keys %{ $result->{status} };
            return ($result->{status}{200} // 0) == 10;
        } $name, 60;
    };

    my @other = grep { $_ != 200 && $_ != 503 } keys %{ $total{status} };

    ok($back, "$name: pages again");
    is_deeply([@total{qw(lost wrong extra)}, @other], [0, 0, 0],
              "$name: pages or BUSY until then");
}


# Asks until all pages are Redis' own again; all are pages until then.

sub returns_to_redis {
    my ($self, $name, %option) = @_;
    my %total = (lost => 0, wrong => 0, extra => 0, status => {});

    my $back = eval {
        eventually {
            my $result = $self->quietly(%option, requests => 20);
            $total{$_} += $result->{$_} for qw(lost wrong extra);
            $total{status}{$_} += $result->{status}{$_}
                for keys %{ $result->{status} };
            return 1 if ($result->{source}{redis} // 0) == 20;
            sleep 0.2;
            return 0;
        } $name, 60;
    };

    ok($back, "$name: Redis is used again");
    is_deeply([@total{qw(lost wrong extra)}, keys %{ $total{status} }],
              [0, 0, 0, 200], "$name: nothing but pages until then");
}


# Ends the site, and tests what holds for every fault.  "lines" is how many
# lines of ours a worker may have written, 4 unless told; "expected" matches
# what nginx itself may complain of.

sub over {
    my ($self, $row, %option) = @_;
    my $nginx = $self->{nginx};
    my $lines = ($option{lines} // 4) * $self->{workers};
    my $expected = $option{expected} // qr/(?!)/;
    my @left;

    eval { eventually { @left = @{$self->status}{@gauges}; !grep { $_ } @left }
                      'all gauges at zero' };
    is_deeply(\@left, [(0) x @gauges], "$row: nothing is left in flight");

    $nginx->stop('QUIT');

    my $log = $nginx->error_log;
    my @bad = grep { m{^\S+ \S+ \[(?:alert|crit|emerg)\] |exited on signal}
                     && $_ !~ $expected } split /^/m, $log;
    my @ours = grep { / \[(?:warn|error)\] .*prize: / } split /^/m, $log;

    is(join('', @bad), '', "$row: no alert");
    like($log, qr/ \[notice\] \S+ exit$/m, "$row: nginx ends by itself");
    cmp_ok(scalar(@ours), '<=', $lines, "$row: at most $lines lines of log")
        or diag(@ours);
    is(join('', grep { index($log, $_) >= 0 } @{ $self->{secrets} }), '',
       "$row: no secret in the log") if @{ $self->{secrets} };

    return \@ours;
}


1;
