use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;

# Replies that are torn, garbage, too long or too many.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $records = Test::Prize::Peer->records_of($roster);
my $ids = $roster->ids;


# a machine that is busy with something else must not look like a fault

sub site {
    return Test::Prize::Fault->new(roster => $roster,
        server => 'prize_redis_connect_timeout 20s; prize_redis_timeout 20s;',
        @_);
}


# The reply to every other lookup is what the test wants to try, so that the
# one behind it proves that Redis is used again.

sub every_other {
    my (@replies) = @_;

    return Test::Prize::Peer->start(records => $records, answer => sub {
        my ($peer, $client, @command) = @_;
        my $usual = $peer->usual(@command);

        return $usual if $command[0] ne 'HMGET' || ++$peer->{n} % 2 == 0;
        return $replies[($peer->{n} - 1) / 2] // $usual;
    });
}


# of the record that a page of these sites needs

sub reply_of {
    my ($id) = @_;
    my $record = $roster->record($id);

    return join '', "*4\r\n",
           map { Test::Prize::Peer::bulk($record->{$_}) }
           qw(id name department prize);
}


subtest 'row 14: garbage, wrong lengths, deep nesting' => sub {
    my $good = reply_of($ids->[0]);
    my @broken = (
        "garbage\r\n", "\r\n", "\n", "\0\0\0\0", "HTTP/1.1 400 Bad Request\r\n",
        "*-1\r\n", "\$-1\r\n", ":1\r\n", "+OK\r\n", "\$5\r\nhello\r\n",
        "*0\r\n", "*3\r\n\$1\r\na\r\n\$1\r\nb\r\n\$1\r\nc\r\n",
        "*5\r\n" . "\$-1\r\n" x 5, "*1000000000\r\n", '*' . 9 x 20 . "\r\n",
        "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "*4\r\n+a\r\n+b\r\n+c\r\n+d\r\n",
        "*4\r\n" x 20, "*4\r\n-ERR in the middle\r\n",
        "*4\r\n*4\r\n" . "\$-1\r\n" x 7, "*4\r\n\$-2\r\n" . "\$-1\r\n" x 3,
        "*4\r\n\$3\r\nabcdef\r\n" . "\$-1\r\n" x 3, "*4\r\n\$x\r\n",
        "*x\r\n", "*4\r\n\$1048577\r\n" . 'x' x 1_048_577 . "\r\n",
        "%1\r\n+a\r\n:1\r\n", "_\r\n", "#t\r\n", ">4\r\n",
        ',' . 9 x 40 . "\r\n",
        substr($good, 1), "$good\r\n", "\r\n$good", "$good*",
    );

    # what follows is seen only with the next bytes
    my $late = qr/\A\Q$good\E./s;
    my $peer = every_other(map { $_ =~ $late ? "$_$_" : $_ } @broken);
    my $site = site(redis => [$peer]);
    my $result = $site->ask('row 14: all pages', requests => 2 * @broken,
        connections => 1, status => {200 => 2 * @broken},
        ids => [map { ($ids->[0], $ids->[$_]) } 1 .. @broken]);

    my $served = grep { $_ =~ $late } @broken;
    is($result->{source}{redis}, @broken + $served,
       'each second page from Redis, and what was whole before the garbage');
    is($result->{source}{postgres}, @broken - $served,
       'the others from PostgreSQL');
    is($peer->closes, scalar(@broken), 'a connection was closed for each');
    $site->over('row 14');
};


subtest 'row 14: lengths that never come' => sub {
    my @hanging = ("\$5", "*4", "*", "*4\r\n\$1000\r\nabc", "\$99999999\r\nabc",
                   "*4\r\n\$1\r\n");
    my %hanging = map { ("employee:$ids->[$_]" => $hanging[$_]) }
                  0 .. $#hanging;
    my $peer = Test::Prize::Peer->start(records => $records, answer => sub {
        my ($peer, $client, @command) = @_;

        return $hanging{$command[1] // ''} // $peer->usual(@command);
    });
    my $site = site(redis => [$peer], server => 'prize_redis_timeout 150ms;'
                                      . 'prize_redis_connect_timeout 20s;');

    for my $n (1 .. @hanging) {
        my $result = $site->ask("row 14: hanging $n", requests => 1,
            ids => [$ids->[$n - 1]], status => {200 => 1});

        is_deeply($result->{source}, {postgres => 1}, 'from PostgreSQL');
        eventually { $peer->closes >= $n } 'the connection is closed';
        $site->returns_to_redis('row 14', ids => [@$ids[100 .. 200]]);
    }

    $site->over('row 14');
};


subtest 'row 15: replies split at every byte' => sub {
    my ($id) = grep { ($roster->row($_)->{name} // '') =~ /Siobh/ } @$ids;
    my $length = length reply_of($id);
    my $peer = Test::Prize::Peer->start(records => $records, answer => sub {
        my ($peer, $client, @command) = @_;
        my $reply = $peer->usual(@command);
        my $at = $peer->{at}++;

        return $reply if $command[0] ne 'HMGET' || $at > 2 * $length;

        if ($at > $length) {
            $peer->write($client, $_) for split //, $reply;
            return undef;
        }

        $peer->write($client, substr $reply, 0, $at);
        return $peer->later(0.005, sub {
            $peer->write($client, substr $reply, $at);
        });
    });
    my $site = site(redis => [$peer]);
    my %body;
    my $result = $site->ask('row 15: all pages', requests => 3 * $length,
        connections => 1, ids => [$id], status => {200 => 3 * $length},
        keep => sub { $body{$_[1]{body}}++ });

    is_deeply($result->{source}, {redis => 3 * $length}, 'from Redis');
    is(scalar(keys %body), 1, 'the same page, byte for byte');
    is($peer->connects, 1, 'over one connection');
    $site->over('row 15', lines => 0);
};


subtest 'row 16: a bulk string over the cap' => sub {
    my $redis = Test::Prize::Redis->start;
    my $site = site(redis => [$redis]);

    $roster->load($redis);

    my ($most, $more, $huge, @others) = @$ids;

    $redis->command('HSET', "employee:$most", 'name', 'x' x 2**20);
    $redis->command('HSET', "employee:$more", 'name', 'x' x (2**20 + 1));
    $redis->command('HSET', "employee:$huge", 'name', 'x' x (32 * 2**20));

    my $length;
    my $result = $site->ask('row 16: 1 MiB', requests => 1, ids => [$most],
        status => {200 => 1}, keep => sub { $length = length $_[1]{body} });

    is_deeply($result->{source}, {redis => 1}, 'from Redis');
    cmp_ok($length, '>', 2**20, 'and all of it');

    my ($worker) = $site->nginx->workers;
    my ($before) = slurp("/proc/$worker/status") =~ /^VmHWM:\s+(\d+) kB/m;

    for my $id ($more, $huge) {
        my ($before) = $redis->clients;

        $result = $site->ask('row 16: over it', requests => 1, ids => [$id],
                             status => {200 => 1});
        is_deeply($result->{source}, {postgres => 1}, 'from PostgreSQL');
        isnt((($redis->clients)[0] // '') =~ s/ .*//r, $before =~ s/ .*//r,
             'the connection was closed');

        $result = $site->ask('row 16: the others', requests => 100,
            ids => \@others, status => {200 => 100});
        is_deeply($result->{source}, {redis => 100}, 'from Redis');
    }

    my ($after) = slurp("/proc/$worker/status") =~ /^VmHWM:\s+(\d+) kB/m;
    cmp_ok($after - $before, '<', 16 * 1024, 'and the memory is bounded')
        unless sanitized();

    my $ours = $site->over('row 16');
    like("@$ours", qr/a string of more than 1 MiB|a reply that is too large/,
         'the log says why');
};


# whoever it is that sends them: of any length that it says, or of none

subtest 'row 16: how much is read of it' => sub {
    for my $head ("*4\r\n\$99999999\r\n", '+', "*4\r\n\$") {
        my $peer = Test::Prize::Peer->start(answer => sub {
            my ($peer, $client, @command) = @_;

            return $peer->usual(@command) if $command[0] ne 'HMGET';
            $peer->write($client, $head . 1 x (32 * 2**20));
            print {$peer->{seen}} "written\n" if $client->{socket};
            return undef;
        });
        my $site = site(redis => [$peer]);
        my $result = $site->ask('row 16: 32 MiB', requests => 1,
            ids => [$ids->[0]], status => {200 => 1});

        is_deeply($result->{source}, {postgres => 1}, 'from PostgreSQL');
        eventually { $peer->closes } 'the end of the connection';
        is_deeply([$peer->commands(qr/^written/)], [], 'before all of it');

        my $ours = $site->over('row 16');
        like("@$ours", qr/a reply that is too large/, 'the log says why');
    }
};


subtest 'row 17: a reply too many, or too few' => sub {

    # to nobody, or the beginning of one, whose end would stand before the next
    my $good = reply_of($ids->[0]);
    my @more = ($good, '-', '*', "\$1", "*4\r\n\$2\r\n");
    my $peer = every_other(map { "$good$_" } @more, @more);
    my $site = site(redis => [$peer]);
    my $result = $site->ask('row 17: to nobody', requests => 30,
        connections => 1, ids => [$ids->[0]], status => {200 => 30});

    is_deeply($result->{source}, {redis => 30}, 'from Redis');
    is($peer->closes, 2 * @more, 'each closed a connection');
    $site->over('row 17');

    # to everybody behind it, while there is always somebody
    for my $times (2, 0) {
        my $what = $times ? 'too many' : 'too few';

        $peer = Test::Prize::Peer->start(records => $records, answer => sub {
            my ($peer, $client, @command) = @_;
            my $reply = $peer->usual(@command);

            return $reply if $command[0] ne 'HMGET';

            # a pause, so that others wait behind it
            my $n = ++$peer->{n};
            return $peer->later(0.02, sub {
                $peer->write($client, $n == 100 ? $reply x $times : $reply);
            });
        });
        $site = site(redis => [$peer]);
        $result = $site->ask("row 17: $what", requests => 500,
                             status => {200 => 500});

        cmp_ok($result->{source}{redis}, '>=', 300, 'most from Redis');
        is($peer->closes, 1, 'the connection was closed');
        is($peer->connects, 2, 'and its successor served');
        $site->over('row 17');
    }
};


done_testing();
