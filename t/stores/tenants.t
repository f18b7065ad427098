use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# Several locations share a Redis and a pool of PostgreSQL: other databases,
# other users, other keys, other queries, and all of them the same IDs.  Each
# record says which tenant it is of; under load nobody sees another's.

# 400 clients ask for the same few employees of all tenants, 50 times each, so
# that they meet in every queue.  PRIZE_NIGHTLY=1 has more employees.

my $employees = $ENV{PRIZE_NIGHTLY} ? 800 : 120;
my $workers = 2;
my $requests = 50 * $employees;

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $port = free_port();

# user, password, database and key of each; what is not in its Redis is in
# its table, and "six" and "seven" have only that
my %tenant = (
    one   => { user => 'ada', password => 'a secret', database => 1 },
    two   => { user => 'bob', password => "it's \"two\"", database => 2 },
    three => { user => 'ada', password => 'a secret', database => 2,
               key => 'three:$prize_id' },
    four  => { password => 'of the default', key => 'four:$prize_id' },
    five  => { password => 'of the default', database => 15,
               socket => 1 },
    six   => {},
    seven => {},
);

my @with_redis = grep { $tenant{$_}{password} } sort keys %tenant;

$redis->commands(
    ['ACL', 'SETUSER', 'ada', 'on', '>a secret', '~employee:*', '~three:*',
     '+@all'],
    ['ACL', 'SETUSER', 'bob', 'on', ">it's \"two\"", '~employee:*',
     '+hmget', '+select', '+ping', '+eval', '+evalsha', '+pttl', '+hexists',
     '+del', '+hset', '+pexpire'],
    ['ACL', 'SETUSER', 'monitor', 'on', '>monitor', '~*', '+@all'],
    ['ACL', 'SETUSER', 'default', 'on', 'resetkeys', 'resetpass',
     '>of the default',
     '~four:*', '~employee:*', '+@all']);


# the test's own way in

sub ask {
    my (@commands) = @_;
    my (undef, @answers) = $redis->commands(['AUTH', 'monitor', 'monitor'],
                                            @commands);
    return @answers;
}


sub key {
    my ($name, $id) = @_;
    my $key = $tenant{$name}{key} // 'employee:$prize_id';

    $key =~ s/\$prize_id/$id/;
    return $key;
}


# every second employee is in Redis; every third of all has no row, so that
# there are IDs that one tenant knows and another does not

sub in_redis { my ($n, $id) = @_; return $id % 2 == 0 }
sub in_table { my ($n, $id) = @_; return ($id + $n) % 3 != 0 }

my (%known, $number, $tables);

for my $name (sort keys %tenant) {
    my $n = $tenant{$name}{number} = ++$number;
    my $database = $tenant{$name}{database} // 0;
    my @loaded = $tenant{$name}{password}
                 ? grep { in_redis($n, $_) } 1 .. $employees : ();
    my @rows = grep { in_table($n, $_) } 1 .. $employees;

    ask(['SELECT', $database], map { ['HSET', key($name, $_), 'id', $_,
                                      'tenant', $name, 'place', 'redis'] }
                               @loaded) if @loaded;
    $tables .= "CREATE TABLE $name (id int PRIMARY KEY, tenant text,"
               . " place text);\nCOPY $name FROM STDIN;\n"
               . join('', map { "$_\t$name\tpostgres\n" } @rows) . "\\.\n";

    $known{$name} = { map { $_ => 1 } @loaded, @rows };
}

$postgres->sql($tables);

my (%file, $locations);

for my $name (sort keys %tenant) {
    my $t = $tenant{$name};
    my $block = $t->{socket} ? 'by_socket' : 'by_port';
    my @lines = $t->{password} ? "prize_redis_pass $block;"
                               : 'prize_redis_pass off;';

    push @lines, "prize_redis_database $t->{database};" if $t->{database};
    push @lines, "prize_redis_username $t->{user};" if $t->{user};
    push @lines, "prize_redis_key $t->{key};" if $t->{key};

    if ($name eq 'two' || $name eq 'five') {
        push @lines, "prize_redis_password_file $name.secret;";
        $file{"$name.secret"} = "$t->{password}\n";

    } elsif ($t->{password}) {
        push @lines, "prize_redis_password '$t->{password}';";
    }

    # "seven" asks the query of "six" for other fields
    my $table = $name eq 'seven' ? 'six' : $name;
    my $page = $name eq 'seven' ? 'other.html' : 'page.html';

    $locations .= join "\n", "location = /$name {",
        "prize_page $page;", @lines, 'prize_write_back 10m;',
        "prize_postgres_query 'SELECT * FROM $table WHERE id = ANY(\$1)';",
        "}\n";
}

$known{seven} = $known{six};

my $nginx = Test::Prize::Nginx->start(workers => $workers,
    connections => 4096,
    files => {
        %file,
        'page.html' => '<body data-id="{{id}}">{{tenant}}:{{place}}</body>',
        'other.html' => '<body data-id="{{id}}">{{place}}:{{tenant}}</body>',
    }, http => <<"CONF");
    upstream by_port { server 127.0.0.1:$redis->{port} max_fails=0; }
    upstream by_socket { server unix:$redis->{socket} max_fails=0; }
    prize_postgres hr "@{[ $postgres->conninfo ]}"
                   connections=2 queue=8192;

    access_log off;
    keepalive_requests 1000000;

    server {
        listen 127.0.0.1:$port backlog=4096;

        $patient
        prize_postgres_pass hr;
        add_header X-Source \$prize_source;

        $locations
    }
CONF


# why an answer is not the tenant's

sub wrong {
    my ($asked, $body, $status) = @_;
    my ($name, $id) = split /:/, $asked;

    if (!$known{$name}{$id}) {
        return $status == 404 ? undef : "nobody, but status $status";
    }

    return "status $status" unless $status == 200;

    my $tenant = $name eq 'seven' ? 'six' : $name;
    my $says = $name eq 'seven' ? qr/(?:redis|postgres):$tenant/
                                : qr/$tenant:(?:redis|postgres)/;

    return $body =~ /^<body data-id="$id">$says<\/body>\z/ ? undef : $body;
}

# how many connections there are of each user to each database

sub connections {
    my ($list) = ask(['CLIENT', 'LIST']);
    my %now;

    for (split /\n/, $list) {
        my ($user) = / user=(\S+)/;
        my ($db) = / db=(\d+)/;
        $now{"$user $db" . (/ flags=\S*U/ ? ' socket' : '')}++;
    }

    delete $now{'monitor 0'};
    return \%now;
}


my $want = { 'ada 1' => $workers, 'bob 2' => $workers, 'ada 2' => $workers,
             'default 0' => $workers, 'default 15 socket' => $workers };

eventually { eq_hash(connections(), $want) } 'all workers are connected';

my @names = sort keys %tenant;
my @most;

my $clients = Test::Prize::Clients->new(port => $port, connections => 400,
    check => \&wrong, request => sub {
        my $name = $names[rand @names];
        my $id = 1 + (int($_[0] / 50) + int rand 20) % $employees;
        return ("/$name?id=$id", "$name:$id");
    });

my $result = $clients->run(requests => $requests, every => [0.05 => sub {
    push @most, connections();
}]);

is($result->{answers}, $requests, 'each request is answered');
is_deeply([@$result{qw(lost extra)}], [0, 0], 'once');
is($result->{wrong}, 0, 'and never with a record of another')
    or diag(Test::Prize::Clients->describe($result));
is_deeply([sort keys %{ $result->{status} }], [200, 404],
          'it is a page, or unknown');
cmp_ok($result->{status}{200}, '>', $requests / 2, 'mostly a page');

cmp_ok(scalar @most, '>', 3, 'the connections were looked at');
is(scalar(grep { !eq_hash($_, $want) } @most), 0,
   'one from each worker for each user and database')
    or diag(explain(\@most));


# what each worker has written back is its tenant's, at its own place

for my $name (@with_redis) {
    my $database = $tenant{$name}{database} // 0;
    my @ids = sort { $a <=> $b } keys %{ $known{$name} };

    eventually {
        get_all($name, @ids);
        my (undef, @exists) = ask(['SELECT', $database],
                                  map { ['EXISTS', key($name, $_)] } @ids);
        return !grep { !$_ } @exists;
    } "$name is written back";

    my (undef, @records) = ask(['SELECT', $database],
                               map { ['HGETALL', key($name, $_)] } @ids);
    my @strangers = grep {
        my %record = @{ $records[$_] };
        join(' ', sort keys %record) ne 'id place tenant'
            || $record{id} ne $ids[$_] || $record{tenant} ne $name
            || $record{place} ne ($ids[$_] % 2 ? 'postgres' : 'redis');
    } 0 .. $#ids;

    is(scalar @strangers, 0, "$name: each record is its own")
        or diag(explain($records[$strangers[0]]));
}


sub get_all {
    my ($name, @ids) = @_;

    Test::Prize::Clients->new(port => $port, connections => 20,
        check => \&wrong, request => sub {
            my $id = $ids[$_[0]];
            return ("/$name?id=$id", "$name:$id");
        })->run(requests => scalar @ids);
}


# the same while Redis loses records and connections of both users; asked for
# are those who have a row, whatever Redis lacks

my %rows = map { my $n = $tenant{$_ eq 'seven' ? 'six' : $_}{number};
                 ($_ => [grep { in_table($n, $_) } 1 .. $employees]) } @names;
my ($n, %source) = 0;
my $break = sub {
    ask((['CLIENT', 'KILL', 'USER', 'ada'], ['FLUSHALL'],
         ['CLIENT', 'KILL', 'USER', 'bob'])[$n++ % 3]);
};

$clients = Test::Prize::Clients->new(port => $port, connections => 64,
    check => \&wrong, request => sub {
        my $name = $names[$_[0] % @names];
        my $id = $rows{$name}[rand @{ $rows{$name} }];

        return ("/$name?id=$id", "$name:$id");
    });
$result = $clients->run(requests => 4_000,
    after => { map { $_ * 200 => $break } 1 .. 19 },
    keep => sub { $source{$1}++ if $_[1]{head} =~ /^X-Source: (\w+)/m });

is_deeply([@$result{qw(lost wrong extra status)}], [0, 0, 0, {200 => 4_000}],
          'row 48: each its own record')
    or diag(Test::Prize::Clients->describe($result));
is($n, 19, 'row 48: while Redis lost both');
cmp_ok($source{$_} // 0, '>', 200, "row 48: from $_") for qw(redis postgres);

for my $database (0, 1, 2, 15) {
    my (undef, $keys) = ask(['SELECT', $database], ['KEYS', '*']);
    my (undef, @names) = ask(['SELECT', $database],
                             map { ['HGET', $_, 'tenant'] } @$keys);
    my %place = map { $tenant{$_}{password}
                      && ($tenant{$_}{database} // 0) == $database
                      ? ($_ => key($_, '')) : () } keys %tenant;

    cmp_ok(scalar(@$keys), '>', 0, "row 48: database $database");
    is_deeply([grep { my $of = $place{$names[$_]};
                      !$of || index $keys->[$_], $of } 0 .. $#$keys], [],
              'row 48: to each tenant its own keys');
}

unlike($nginx->error_log, qr/of the default|a secret|it's/,
       'and no password is in the log');

done_testing();
