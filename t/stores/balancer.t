use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# The balancers of nginx with many clients and IDs, and with a Redis that is
# late, gone and back.  t/upstream.t has what one request after the other can
# show.  Each Redis holds another "home", so that a page says who answered.

my @redis = map { shared_redis($_) } 1, 2;
my $postgres = shared_postgres();
my ($port, $ids) = (free_port(), 300);
my @address = map { $_->address } @redis;

sub fill {
    my ($n) = @_;

    $redis[$n]->commands(map { ['HSET', "employee:$_", 'id', $_,
                                'home', $address[$n]] } 1 .. $ids);
}

fill($_) for 0, 1;

my $both = join ' ', map { "server $_ max_fails=0;" } @address;
my $two_at_once = "server $address[0] max_conns=2;";

my %block = (
    consistent => "hash \$arg_id consistent; $both",
    random => "random; $both",
    random_two => "zone random 64k; random two least_conn; $both",
    least_conn => "least_conn; $both",
    least_conn_zone => "zone least 64k; least_conn; $both",
    limited => "$two_at_once server $address[1];",
    limited_zone => "zone limited 64k; $two_at_once server $address[1];",
    limited_alone => $two_at_once,
);

my $blocks = join "\n", map { "upstream $_ { $block{$_} }" } sort keys %block;
my $locations = join "\n", map {
    "location = /$_ { prize_page page.html; prize_redis_pass $_; }"
} sort keys %block;

# What is said before a connection is up can be seen only where a pool's
# server is paused: a PgBouncer in front of it would answer by itself.

my $silent = shared_postgres(direct => 1);
my $silent_conninfo = $silent->conninfo;

$silent->pause;

my $nginx = Test::Prize::Nginx->start(connections => 2048,
    files => {'page.html' => '<body data-id="{{id}}">{{home}}</body>'},
    http => <<"CONF");
    $blocks
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    prize_postgres silent "$silent_conninfo";

    add_header X-Addr \$upstream_addr always;
    add_header X-Result "\$upstream_status \$prize_source \$prize_result"
                        always;

    server {
        listen 127.0.0.1:$port backlog=4096;

        $patient
        prize_postgres_query "SELECT id, 'postgres' AS home
                              FROM unnest(\$1::text[]) AS id";
        prize_write_back off;

        $locations

        # nginx's own proxy says whom it would have chosen; Redis ends its
        # connection at once
        location = /proxied {
            proxy_pass http://consistent;
            proxy_next_upstream off;
            error_log /dev/null crit;
        }
        location = /limited_postgres {
            prize_page page.html;
            prize_redis_pass limited_alone;
            prize_postgres_pass hr;
        }
        location = /silent {
            prize_page page.html;
            prize_postgres_pass silent;
            prize_postgres_timeout 50ms;
        }
        location = /status { prize_status json; }
    }
CONF


sub get {
    my ($path) = @_;

    return $nginx->get("http://127.0.0.1:$port$path");
}


# asks for the IDs, some at once: who answered each, and how often each did

sub homes {
    my ($location, $count, $connections, %option) = @_;
    my (%home, %times);

    my $result = Test::Prize::Clients->new(port => $port,
        connections => $connections,
        request => sub { my $id = 1 + $_[0];
                         return ("/$location?id=$id", $id) })
    ->run(requests => $count, %option, keep => sub {
        my (undef, $answer) = @_;
        my ($home) = $answer->{body} =~ /^<body data-id="\d+">(.*)<\/body>/;
        my ($addr) = $answer->{head} =~ /^X-Addr: (?:.*, )?(.*)\r$/m;

        $home //= 'nobody';
        $home{$answer->{id}} = $home;
        $times{$home eq 'postgres' || $addr eq $home
               ? $home : "$addr, but $home"}++;
    });

    is_deeply([@$result{qw(lost wrong extra)}, $result->{status}],
              [0, 0, 0, {200 => $count}], "$location: a page for each")
        or diag(Test::Prize::Clients->describe($result));

    return (\%home, \%times);
}


# a pool's own name, before its first connection is up

my $nameless = get('/silent?id=7');

$silent->resume;
is_deeply([$nameless->{status}, @{$nameless->{headers}}{qw(x-addr x-result)}],
          [503, 'silent', '504  timeout'],
          '$upstream_addr is the name of a pool that has no connection yet');


# keys land where nginx's own proxy would have looked for them

my %proxied = map { $_ => get("/proxied?id=$_")->{headers}{'x-addr'} }
              1 .. $ids;
my ($homes, $times) = homes('consistent', $ids, 20);

is_deeply($homes, \%proxied, 'consistent: where nginx would look for them');
is_deeply([sort keys %$times], [sort @address], 'consistent: on both');

for my $location (qw(random random_two)) {
    (undef, $times) = homes($location, $ids, 20);
    is_deeply([sort keys %$times], [sort @address],
              "$location: each has its part");
}


# one that does not answer: least_conn turns away from it, since what is in
# flight there counts

for my $location (qw(least_conn least_conn_zone)) {
    $redis[0]->pause;
    (undef, $times) = homes($location, 60, 4,
                            after => {50 => sub { $redis[0]->resume }});

    cmp_ok($times->{$address[0]} // 0, '<=', 15,
           "$location: one that does not answer is spared");
    cmp_ok($times->{$address[1]} // 0, '>=', 45,
           "$location: the other works for it");
}


# max_conns counts the lookups in flight

for my $location (qw(limited limited_zone)) {
    $redis[0]->pause;
    (undef, $times) = homes($location, 40, 10,
                            after => {38 => sub { $redis[0]->resume }});

    is_deeply($times, {$address[0] => 2, $address[1] => 38},
              "$location: two wait for the one, the others go elsewhere");
}

$redis[0]->pause;
(undef, $times) = homes('limited_postgres', 10, 10,
                        after => {8 => sub { $redis[0]->resume }});
is_deeply($times, {$address[0] => 2, postgres => 8},
          'limited_alone: those who find no server go to PostgreSQL');


# gone: the others of a hash stand in for it; and back again

my ($its) = grep { $proxied{$_} eq $address[0] } 1 .. $ids;

$redis[0]->stop;
(undef, $times) = homes('consistent', 100, 8);
is_deeply($times, {$address[1] => 100}, 'consistent: the other takes over');

$redis[0]->start;
fill(0);
eventually { get("/consistent?id=$its")->{headers}{'x-addr'} eq $address[0] }
           'the one that was gone';

($homes) = homes('consistent', $ids, 20);
is_deeply($homes, \%proxied, 'consistent: each key is where it was');


# all blocks that name a server share one connection to it

is_deeply([map { scalar $_->clients } @redis], [1, 1],
          'one connection to each server, whatever the block');
is($nginx->status("http://127.0.0.1:$port/status")->{requests_in_flight}, 0,
   'nothing is left in flight');

unlike($nginx->error_log,
       qr/^(?!.*(?:redis "127|postgres ")).*\[(?!info|notice)\w+\] \d/m,
       'all complaints are of the stores');

done_testing();
