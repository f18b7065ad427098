use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Roster;

# Two locations on one server have the same IDs and other records: databases 0
# and 1, two users, two keys, two queries of one pool.  Redis loses them and
# their connections while both are asked.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 100);
my $redis = Test::Prize::Redis->start;
my $ids = $roster->ids;
my %secret = (gold => 'a-golden-word', gift => 'a-gifted-word');
my %key = (gold => 'gold:', gift => 'gift:');

$roster->sql(<<'SQL');
    CREATE TABLE gold AS SELECT id, 'gold of ' || id AS name FROM employee;
    CREATE TABLE gift AS SELECT id, 'gift of ' || id AS name FROM employee;
SQL

for my $user (sort keys %secret) {
    $redis->command('ACL', 'SETUSER', $user, 'on', ">$secret{$user}",
                    "~$key{$user}*", '+@all');
}

# a machine that is busy with something else must not look like a fault

my $patient = 'prize_redis_connect_timeout 20s; prize_redis_timeout 20s;';

my $page = '<body data-id="{{id}}">{{name}}</body>';
my $database = 0;
my $locations = join '', map { <<"CONF" } qw(gold gift);
    location = /$_ {
        prize_page named.html;
        prize_redis_pass store;
        prize_redis_database @{[ $database++ ]};
        prize_redis_username $_;
        prize_redis_password $secret{$_};
        prize_redis_key $key{$_}\$prize_id;
        prize_postgres_pass hr;
        prize_postgres_query "SELECT id, name FROM $_ WHERE id = ANY(\$1)";
        prize_postgres_timeout 10s;
    }
CONF
my $site = Test::Prize::Fault->new(roster => $roster, redis => [$redis],
    workers => 2, server => "$patient $locations", secrets => [values %secret],
    files => { 'named.html' => $page });

# Of a pair of sets of requests, one for each location, that go out mixed.

my (@wrong, %source);
my $n = 0;
my $clients = Test::Prize::Clients->new(port => $site->port,
    connections => 64, request => sub {
        my $name = $_[0] % 2 ? 'gold' : 'gift';
        my $id = $ids->[int($_[0] / 2) % @$ids];

        return ("/$name?id=$id", "$name of $id");
    }, check => sub {
        my ($want, $body, $status) = @_;
        my ($id) = $want =~ / of (.*)/;

        return if $status != 200;
        return if $body eq qq{<body data-id="$id">$want</body>};
        return "\"$body\", not that of $want";
    });

my $break = sub {
    $redis->command((['CLIENT', 'KILL', 'USER', 'gold'], ['FLUSHALL'],
                     ['CLIENT', 'KILL', 'USER', 'gift'])[$n++ % 3]->@*);
};
my $result = $clients->run(requests => 4_000,
    after => { map { $_ * 200 => $break } 1 .. 19 },
    keep => sub { $source{$_[1]{head} =~ /^X-Source: (\w+)/m ? $1 : ''}++ });

is_deeply([@$result{qw(lost wrong extra status)}],
          [0, 0, 0, {200 => 4_000}], 'row 48: each its own record')
    or diag(Test::Prize::Clients->describe($result));
is($n, 19, 'row 48: while Redis lost both');
cmp_ok($source{$_} // 0, '>', 200, "row 48: from $_")
    for qw(redis postgres);

# what was written back is each one's own, too
for my $database (0, 1) {
    my $name = (qw(gold gift))[$database];
    my (undef, $keys) = $redis->commands(['SELECT', $database], ['KEYS', '*']);
    my (undef, @names) = $redis->commands(['SELECT', $database],
        map { ['HGET', $_, 'name'] } @$keys);

    cmp_ok(scalar(@$keys), '>', 0, "row 48: database $database");
    is_deeply([grep { $keys->[$_] !~ /^$key{$name}/
                      || $names[$_] !~ /^$name of / } 0 .. $#$keys], [],
              "row 48: $name only");
}

$site->over('row 48');

done_testing();
