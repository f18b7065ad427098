use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Test::Prize::DNS;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;
use Test::Prize::Sentinel;

# A Redis whose Sentinels choose another one, and Sentinels that do not answer,
# or not the truth.

my $name = Test::Prize::Sentinel::NAME;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 300);
my $ids = $roster->ids;
my $follow = "prize_redis_sentinel $name; prize_write_back off;";


sub site {
    return Test::Prize::Fault->new(roster => $roster, location => $follow, @_);
}


sub start { return Test::Prize::Sentinel->start(@_)->load($roster) }


# a Sentinel that names an address, or nobody, or says something else

sub says {
    my (@address) = @_;
    my $reply = @address == 1 ? $address[0]
                              : Test::Prize::Peer->named(@address);

    return Test::Prize::Peer->start(replies => { SENTINEL => sub {
        my ($peer, @command) = @_;
        return $command[1] =~ /^get-master/i ? $reply : "*0\r\n";
    } });
}


# Until another one is elected, pages are a replica's where it may be read, and
# PostgreSQL's where not.

subtest 'row 70: the master dies under load' => sub {
    my $group = start(replicas => 2);

    for my $case ([primary => 'postgres'], [prefer_primary => 'redis']) {
        my ($read, $store) = @$case;
        my $site = site(redis => [$group->sentinels], location =>
                        "$follow prize_redis_read_from $read;");
        my $old = $group->master;
        my ($killed, $new, $used, %source) = (0, undef, 0);

        $site->returns_to_redis;
        $site->ask("$read: all pages", rate => 400, status => 200,
            after => { 200 => sub { $old->kill; $killed = 1 } },
            keep => sub {
                my ($source) = $_[1]{head} =~ /^X-Source: (\w+)\r$/m;
                my ($asked) = $_[1]{head} =~ /^X-Asked: (.+)\r$/m;

                $source{$source}++ if $killed;
                $used++ if $new && $asked eq $new->address;
            },
            every => [0.1 => sub {
                return if !$killed;
                $new //= (grep { $_ != $old } $group->master)[0];
                $_[0]->stop if $used >= 20;
            }]);

        cmp_ok($source{$store} // 0, '>', 0, "from $store meanwhile");

        $group->elected($old);
        $site->returns_to_redis;
        is_deeply($site->ask('the new master', requests => 200,
                             from => 'redis')->{asked},
                  { $new->address => 200 }, 'is used');

        $old->start;
        $group->settle->synchronised;
        $site->over(lines => 8);
    }
};


# Sentinels tell it after four times the time between two of their messages.

subtest 'row 71: the old master comes back, and still says master' => sub {
    my $group = start(replicas => 1);
    my ($site, $reads) = map {
        site(redis => [$group->sentinels], location =>
             "$follow prize_redis_read_from $_;");
    } qw(primary prefer_replica);
    my $old = $group->master;

    $_->returns_to_redis for $site, $reads;
    $old->kill;

    my $new = $group->elected($old);

    $group->publish_period(600_000);
    $old->start;

    my $late = site(redis => [$group->sentinels]);

    for my $any ($site, $reads, $late) {
        $any->returns_to_redis;
        is_deeply($any->ask('the new one', requests => 200, from => 'redis')
                      ->{asked}, { $new->address => 200 }, 'alone is asked');
    }

    is($old->command('ROLE')->[0], 'master', 'the old one says so still');
    is($old->calls('hmget'), 0, 'and was not asked');

    $group->publish_period(200);
    eventually { $old->command('ROLE')->[0] eq 'slave' } 'its end as a master';
    $group->synchronised;
    ok(eval { eventually {
        ($reads->ask('meanwhile', requests => 20, from => 'redis')
               ->{asked}{$old->address} // 0) == 20;
    } 'a replica' }, 'a replica, it is read as one');
    $_->over for $site, $reads, $late;
};


# It was the master, Sentinels call it a replica now, and it has not heard of
# that over the connection that is there.

subtest 'row 71: an old master that Sentinels call a replica' => sub {
    my $records = Test::Prize::Peer->records_of($roster);
    my ($told, $role) = map { run_dir() . "/$_.$$" } qw(told role);
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $bulk = \&Test::Prize::Peer::bulk;

    spew($role, Test::Prize::Peer->master);

    my ($old, $new) = map {
        my $reply = $_;
        Test::Prize::Peer->start(records => $records,
                                 replies => { ROLE => $reply });
    } sub { return slurp($role) }, Test::Prize::Peer->master;

    my @replica = map { $bulk->($_) } ip => '127.0.0.1',
                  port => $old->{port}, flags => 'slave';

    spew($told, $old->{port});

    my $sentinel = Test::Prize::Peer->start(replies => { SENTINEL => sub {
        my ($peer, @command) = @_;
        my $port = slurp($told);

        return Test::Prize::Peer->named('127.0.0.1', $port)
            if $command[1] =~ /^get-master/i;
        return $port == $old->{port} ? "*0\r\n"
               : Test::Prize::Peer::array(Test::Prize::Peer::array(@replica));
    } });
    my $site = site(redis => [$sentinel], clock => $clock, location =>
                    "$follow prize_redis_read_from prefer_replica;");
    my $used = sub {
        my ($peer) = @_;

        ok(eval { eventually {
            $clock->pass(11);
            ($site->quietly(requests => 20)->{asked}{
                "127.0.0.1:$peer->{port}"} // 0) == 20;
        } 'its use', 20 }, 'it is used');
    };

    $site->returns_to_redis;
    $used->($old);
    spew($told, $new->{port});
    $used->($new);
    spew($role, Test::Prize::Peer->slave($new->{port}));
    $used->($old);
    is($old->connects, 1, 'over the same connection');
    $site->over;
};


# It takes the answers of both: one that says master, and is named by nobody,
# is row 71; one that is named, and is a replica:

subtest 'row 71: the one that they name is a replica' => sub {
    my $group = start(replicas => 1);
    my ($replica) = $group->replicas;
    my $sentinel = says('127.0.0.1', $replica->{port});
    my $site = site(redis => [$sentinel]);

    $site->ask('from PostgreSQL', requests => 300, from => 'postgres');
    eventually { $replica->calls('role') } 'a question';
    $site->ask('from PostgreSQL', requests => 300, from => 'postgres');
    is($replica->calls('hmget'), 0, 'it is asked nothing else');
    $site->over;
};


subtest 'row 72: Sentinels are dead' => sub {
    my $group = start(replicas => 1);
    my @sentinels = $group->sentinels;
    my $site = site(redis => [@sentinels]);

    $site->returns_to_redis;
    $sentinels[0]->kill;
    $site->ask('one of them', requests => 300, from => 'redis');

    my $second = site(redis => [@sentinels]);

    $second->returns_to_redis;
    $_->kill for @sentinels[1, 2];
    $site->ask('all of them', requests => 300, from => 'redis');

    # a connection that ends is no reason to forget the master
    $group->{redis}[0]->command(qw(CLIENT KILL TYPE normal));
    $site->returns_to_redis;
    $_->ask('all of them still', requests => 300, from => 'redis')
        for $site, $second;

    my $late = site(redis => [@sentinels]);

    $late->ask('all at start', requests => 300, from => 'postgres');
    $sentinels[2]->start;
    $late->returns_to_redis;
    $_->over for $site, $second, $late;
};


subtest 'row 72: a name that Sentinels do not know' => sub {
    my $group = start(replicas => 1);
    my $site = site(redis => [$group->sentinels],
                    location => 'prize_redis_sentinel nobody;');

    $site->ask('from PostgreSQL', requests => 300, from => 'postgres');
    eventually { $site->nginx->error_log =~ /prize: .*nobody/ } 'a line';
    $site->ask('from PostgreSQL', requests => 300, from => 'postgres');
    $site->over;
};


subtest 'row 72: their password' => sub {
    my $group = start(replicas => 1, password => 'sentinels-own', lines =>
        'user h5 on >of-h5 resetchannels -@all +ping'
        . ' +sentinel|get-master-addr-by-name +sentinel|replicas');
    my %file = map { $_ => spew(run_dir() . "/$_.$$", "$_\n") }
               qw(sentinels-own of-h5 wrong);

    chmod 0600, $_ or die "chmod $_: $!" for values %file;

    my $login = sub {
        return site(redis => [$group->sentinels], secrets => [keys %file],
                    location => "prize_redis_sentinel $name @_;");
    };

    for my $right ("password_file=$file{'sentinels-own'}",
                   "username=h5 password_file=$file{'of-h5'}")
    {
        my $site = $login->($right);

        $site->returns_to_redis;
        $site->ask('the right one', requests => 200, from => 'redis');
        $site->over;
    }

    for my $wrong ("password_file=$file{wrong}", '',
                   "username=h5 password_file=$file{wrong}")
    {
        my $site = $login->($wrong);

        $site->ask("a wrong one: $wrong", requests => 200,
                   from => 'postgres');
        eventually { $site->nginx->error_log =~ /prize: .*(?:NOAUTH|WRONGPASS)/
        } 'a line';
        $site->ask('then, too', requests => 200, from => 'postgres');
        $site->over;
    }
};


# The first Sentinel is of no use, and the others are.

subtest 'row 73: Sentinels that disagree' => sub {
    my $dns = Test::Prize::DNS->start;
    my $group = start(replicas => 1, sentinels => 1);
    my ($replica) = $group->replicas;
    my ($sentinel) = $group->sentinels;
    my $master = $group->master->address;
    my %useless = (
        'a replica' => says('127.0.0.1', $replica->{port}),
        'an address where nobody listens' => says('127.0.0.1', free_port()),
        'nobody' => says(),
        'no address' => says("*1\r\n\$9\r\n127.0.0.1\r\n"),
        'no port' => says('127.0.0.1', 'port'),
        'port 0' => says('127.0.0.1', '0'),
        'an error' => says("-ERR no such master\r\n"),
        'garbage' => says("!\r\n"),
        'a number' => says(":7\r\n"),
        'a name that does not resolve' => says('redis.example', 6379),
    );

    for my $what (sort keys %useless) {
        my $site = site(redis => [$useless{$what}, $sentinel],
            http => "resolver $dns->{address} valid=1s ipv6=off;");

        $site->returns_to_redis;
        is_deeply($site->ask($what, requests => 100, from => 'redis')->{asked},
                  { $master => 100 }, 'is not used');
        $site->over;
    }

    is($dns->asked('redis.example') > 0, 1, 'the name was looked up');
};


# Sentinels may watch a name, and then they name it.

subtest 'Sentinels that name a name' => sub {
    my $dns = Test::Prize::DNS->start;
    my $group = start(replicas => 0, announced => 'localhost');
    my ($with, $without) = map {
        site(redis => [$group->sentinels], http => $_);
    } "resolver $dns->{address} valid=1s ipv6=off;", '';

    $dns->set('localhost' => '127.0.0.1');
    $with->returns_to_redis;
    $with->over;
    $without->ask('no resolver', requests => 200, from => 'postgres');
    eventually { $without->nginx->error_log =~ /prize: .*resolver/ } 'a line';
    $without->over;
};


# A name with two addresses, and nobody listens at the one that is tried first.

subtest 'Sentinels that name a name of two addresses' => sub {
    my $dns = Test::Prize::DNS->start;
    my $master = Test::Prize::Peer->start(
        records => Test::Prize::Peer->records_of($roster),
        replies => { ROLE => Test::Prize::Peer->master });
    my $sentinel = says('redis.example', $master->{port});
    my $clock = Test::Prize::Clock->new(timers => 1);

    $dns->set('redis.example' => '127.0.0.9');

    my $site = site(redis => [$sentinel], clock => $clock,
                    http => "resolver $dns->{address} valid=60s ipv6=off;");

    eventually {
        $site->quietly(requests => 5);
        $clock->pass(1);
        return $site->status->{'prize_breaker_open{backend="redis",peer="'
                               . "127.0.0.9:$master->{port}\"}"};
    } 'left alone', 20;

    $dns->set('redis.example' => '127.0.0.9', '127.0.0.1');

    ok(eval { eventually {
        $clock->pass(20);
        ($site->quietly(requests => 20)->{source}{redis} // 0) == 20;
    } 'the other one', 20 }, 'the other one is used');
    $site->over(lines => 20);
};


# A Sentinel that has no replicas to tell names one master after the other.

subtest 'a hundred masters' => sub {
    my $master = Test::Prize::Peer->start(
        records => Test::Prize::Peer->records_of($roster),
        replies => { ROLE => Test::Prize::Peer->master });
    my $sentinel = Test::Prize::Peer->start(replies => { SENTINEL => sub {
        my ($peer, @command) = @_;

        return "-ERR Unknown sentinel subcommand 'replicas'\r\n"
            if $command[1] !~ /^get-master/i;
        return Test::Prize::Peer->named($peer->{n}++ < 100
                                        ? ("127.0.0.9", 1000 + $peer->{n})
                                        : ('127.0.0.1', $master->{port}));
    } });
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $site = site(redis => [$sentinel], clock => $clock);

    ok(eval { eventually {
        $clock->pass(1);
        ($site->quietly(requests => 20)->{source}{redis} // 0) == 20;
    } 'the last one', 40 }, 'the last one is used');
    $site->over(lines => 500);
};


# A master that has just become a replica, and Sentinels that do not know it.

subtest 'row 84: READONLY to a write-back' => sub {
    my ($id, @others) = @$ids;
    my $records = Test::Prize::Peer->records_of($roster);

    delete $records->{"employee:$id"};

    my $readonly = "-READONLY You can't write against a read only replica.\r\n";
    my $master = Test::Prize::Peer->start(records => $records, replies => {
        ROLE => Test::Prize::Peer->master,
        EVALSHA => $readonly, EVAL => $readonly });
    my $sentinel = says('127.0.0.1', $master->{port});
    my $site = site(redis => [$sentinel],
                    location => "prize_redis_sentinel $name;");
    my $asked = sub { return scalar(() = $sentinel->commands(
                          qr/^SENTINEL get-master/i)) };

    $site->returns_to_redis(ids => \@others);

    my $before = $asked->();

    $site->ask('from PostgreSQL', ids => [$id], requests => 1,
               from => 'postgres');
    eventually { $master->commands(qr/^EVAL/) } 'a write-back';
    ok(eval { eventually { $asked->() > $before } 'Sentinels', 8 },
       'who is the master is asked at once');
    $site->ask('as before', ids => \@others, requests => 200,
               from => 'redis');
    is($master->connects, 1, 'over the same connection');
    $site->over;
};

done_testing();
