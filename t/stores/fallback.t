use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;
use Test::Prize::Roster;

# Redis ends, comes back empty, and is filled again; a page and its table get
# another field after the roster was loaded.  Nobody notices.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 128);
my $redis = shared_redis();
my $port = free_port();
my $ids = $roster->ids;
my $hour = 3_600_000;

my $page = '<body data-id="{{id}}">[{{name}}][{{department}}][{{prize}}]'
           . '</body>';

my $nginx = Test::Prize::Nginx->start(workers => 2,
    files => { 'page.html' => $page }, http => <<"CONF");
    upstream employees { server 127.0.0.1:$redis->{port} max_fails=0; }
    prize_postgres hr "@{[ $roster->conninfo ]}";

    access_log off;
    add_header X-Source \$prize_source always;

    server {
        listen 127.0.0.1:$port;

        prize_redis_pass employees;
        prize_redis_timeout 5s;
        prize_postgres_timeout 20s;
        prize_postgres_pass hr;
        prize_postgres_query "SELECT * FROM employee WHERE id = ANY(\$1)";

        location = /h5 { prize_page page.html; }
    }
CONF

eventually { 2 == (() = $nginx->workers) } 'both workers';

my @workers = sort $nginx->workers;


# everybody's page, and how many came from where

sub pages {
    my ($name) = @_;
    my (%page, %source);

    my $clients = Test::Prize::Clients->new(port => $port, connections => 32,
        request => sub { my $id = $ids->[$_[0]]; return ("/h5?id=$id", $id) });

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


sub stored_whole {
    my ($name) = @_;

    is_deeply($roster->stored($redis), [map { $roster->record($_) } @$ids],
              $name);
}


sub ttls {
    return $redis->commands(map { ['PTTL', "employee:$_"] } @$ids);
}


$roster->load($redis);

my ($loaded, $source) = pages('loaded');

is_deeply($source, {redis => 128}, 'all of them from Redis');


# stopped

$redis->stop;

for my $name ('Redis stopped', 'Redis still stopped') {
    my ($without, $from) = pages($name);

    is_deeply($from, {postgres => 128}, 'all of them from PostgreSQL');
    is_deeply($without, $loaded, 'and the same, byte for byte');
}


# started again, and empty

$redis->start;
is($redis->command('DBSIZE'), 0, 'Redis is back, and empty');

is_deeply(filled('Redis is used again, and filled'), $loaded,
          'the pages are the same again');
is_deeply([sort $nginx->workers], \@workers, 'and no worker is another');
stored_whole('each record is the row, with the columns that no page uses');

my @ttls = ttls();

is(scalar(grep { $_ > 0.9 * $hour && $_ <= 1.1 * $hour } @ttls), 128,
   'for an hour, or up to a tenth longer');
cmp_ok((sort { $b <=> $a } @ttls)[0], '>', 1.01 * $hour,
       'which is not the same time for all');

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

is_deeply($before_reload, {redis => 128}, 'the old page, from Redis');

$nginx->reload;

my %want = map { $_ => "$loaded->{$_}<p>desk of $_</p>" } @$ids;
my ($fresh) = pages('the first time after the reload');

is_deeply($fresh, \%want, 'all of them have the new field');
is_deeply(filled('the stale records are replaced'), \%want,
          'from Redis, too');
stored_whole('each record has the new field');
is(scalar(grep { $_ > 47 * $hour } ttls()), 128,
   'and as long a life as it was loaded with');

my @complaints = grep { !/\[(?:info|notice)\]/ } split /^/m,
                 $nginx->error_log;

is(scalar(grep { !/redis "127\.0\.0\.1:$redis->{port}"/ } @complaints), 0,
   'all complaints are of Redis') or diag(@complaints);
cmp_ok(scalar @complaints, '<', 60, 'and they are few');

done_testing();
