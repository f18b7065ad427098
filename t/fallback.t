use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;
use Test::Prize::Roster;

# Redis ends, comes back empty, and is filled again; a page and its table get
# another field after the roster was loaded.  Nobody notices.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 600);
my $redis = Test::Prize::Redis->start;
my $port = free_port();
my $ids = $roster->ids;
my $hour = 3_600_000;

my $page = '<body data-id="{{id}}">[{{name}}][{{department}}][{{prize}}]'
           . '</body>';

my $nginx = Test::Prize::Nginx->start(workers => 2, connections => 4096,
    files => { 'page.html' => $page }, http => <<"CONF");
    upstream employees { server 127.0.0.1:$redis->{port} max_fails=0; }
    prize_postgres hr "@{[ $roster->conninfo ]}" queue=4096;

    access_log off;
    add_header X-Source \$prize_source always;
    add_header X-Addr \$upstream_addr always;
    add_header X-Status \$upstream_status always;

    server {
        listen 127.0.0.1:$port backlog=4096;

        prize_redis_pass employees;
        prize_redis_timeout 5s;
        prize_postgres_timeout 20s;
        prize_postgres_query "SELECT * FROM employee WHERE id = ANY(\$1)";

        location = /h5 {
            prize_page page.html;
            prize_postgres_pass hr;
        }

        location = /redis { prize_page page.html; }
    }
CONF

eventually { 2 == (() = $nginx->workers) } 'both workers';

my @workers = sort $nginx->workers;


# everybody's page, and how many came from where

sub pages {
    my ($name, $location) = @_;
    my (%page, %source);

    $location //= '/h5';

    my $clients = Test::Prize::Clients->new(port => $port, connections => 50,
        request => sub { my $id = $ids->[$_[0]];
                         return ("$location?id=$id", $id) });

    my $result = $clients->run(requests => scalar @$ids, keep => sub {
        my (undef, $answer) = @_;
        $page{$answer->{id}} = $answer->{body};
        $source{$1}++ if $answer->{head} =~ /^X-Source: (\S*)\r$/m;
    });

    my @got = (@$result{qw(lost wrong extra)}, $result->{status});
    my @want = (0, 0, 0, {200 => scalar @$ids});

    if ($name) {
        is_deeply(\@got, \@want, "$name: everybody gets their page")
            or diag(Test::Prize::Clients->describe($result));
    }

    return (\%page, \%source);
}


# until Redis answers all of them again, which each worker finds out by itself

sub filled {
    my ($what) = @_;

    return eventually {
        my ($page, $source) = pages();
        ($source->{redis} // 0) == @$ids ? $page : undef;
    } $what;
}


sub same {
    my ($got, $want, $name) = @_;
    my @differ = grep { $got->{$_} ne $want->{$_} } @$ids;

    is(scalar @differ, 0, $name)
        or diag("$got->{$differ[0]}\nnot: $want->{$differ[0]}");
}


sub ttls {
    my ($selected, @ttl) = $redis->commands(['SELECT', 0],
        map { ['PTTL', "employee:$_"] } @$ids);

    return @ttl;
}


$roster->load($redis);

my ($loaded, $source) = pages('loaded');

is_deeply($source, {redis => 600}, 'all of them from Redis');


# stopped

$redis->stop;

my ($page_without, $source_without) = pages('Redis stopped');

is_deeply($source_without, {postgres => 600}, 'all of them from PostgreSQL');
same($page_without, $loaded, 'and the same, byte for byte');

my ($again, $source_again) = pages('Redis still stopped');

is_deeply($source_again, {postgres => 600}, 'again from PostgreSQL');
same($again, $loaded, 'and still the same');

my (undef, $nobody) = do {
    my $answer = $nginx->get("http://127.0.0.1:$port/redis?id=$ids->[0]");
    ($answer, [$answer->{status}, $answer->{headers}{'x-source'}]);
};

is_deeply($nobody, [503, undef], 'without PostgreSQL there is nobody to ask');


# started again, and empty

$redis->start;
is($redis->command('DBSIZE'), 0, 'Redis is back, and empty');

my $refilled = filled('Redis is used again, and filled');

same($refilled, $loaded, 'the pages are the same again');
is_deeply([sort $nginx->workers], \@workers, 'and no worker is another');
is_deeply($roster->stored($redis), [map { $roster->record($_) } @$ids],
          'each record is the row, with the columns that no page uses');
is(scalar(grep { $_ > 0.9 * $hour && $_ <= 1.1 * $hour } ttls()), 600,
   'for an hour, or up to a tenth longer');

my @clients = $redis->clients;

is(scalar @clients, 2, 'over one connection from each worker')
    or diag(@clients);


# another field, after the roster was loaded

$roster->load($redis);
$roster->sql("ALTER TABLE employee ADD COLUMN desk text;
              UPDATE employee SET desk = 'desk of ' || id");
$roster->row($_)->{desk} = "desk of $_" for @$ids;
spew("$nginx->{dir}/page.html", $page . '<p>{{desk}}</p>');

my (undef, $before_reload) = pages('before the reload');

is_deeply($before_reload, {redis => 600}, 'the old page, from Redis');

$nginx->reload;

my %want = map { $_ => "$loaded->{$_}<p>desk of $_</p>" } @$ids;
my %empty = map { $_ => "$loaded->{$_}<p></p>" } @$ids;

my ($stale, $stale_from) = pages('stale, without PostgreSQL', '/redis');

is_deeply($stale_from, {redis => 600}, 'from Redis');
same($stale, \%empty, 'the field is empty');

my $answer = $nginx->get("http://127.0.0.1:$port/h5?id=$ids->[7]");

is($answer->{headers}{'x-status'}, '200, 200', 'a stale record asks both');
is($answer->{headers}{'x-addr'},
   "127.0.0.1:$redis->{port}, 127.0.0.1:" . shared_postgres()->way->{port},
   'Redis and then PostgreSQL');

my ($fresh) = pages('the first time after the reload');

same($fresh, \%want, 'all of them have the new field');

my $fresh_filled = filled('the stale records are replaced');

same($fresh_filled, \%want, 'from Redis, too');
is_deeply($roster->stored($redis), [map { $roster->record($_) } @$ids],
          'each record has the new field');
is(scalar(grep { $_ > 47 * $hour } ttls()), 600,
   'and as long a life as it was loaded with');

my @complaints = grep { !/\[(?:info|notice)\]/ } split /^/m,
                 $nginx->error_log;

is(scalar(grep { !/redis "127\.0\.0\.1:$redis->{port}"/ } @complaints), 0,
   'all complaints are of Redis') or diag(@complaints);
cmp_ok(scalar @complaints, '<', 60, 'and they are few');

done_testing();
