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


sub site { return Test::Prize::Fault->new(roster => $roster, @_) }


# The reply to every other lookup is what the test wants to try, so that the
# one behind it proves that Redis is used again.

sub every_other {
    my (@replies) = @_;

    return Test::Prize::Peer->start(records => $records, lookup => sub {
        my ($peer, $client, $usual) = @_;
        return $peer->{n}++ % 2 ? $usual : shift(@replies) // $usual;
    });
}


# of the record that a page of these sites needs

sub reply_of {
    my ($id) = @_;

    return Test::Prize::Peer::usual({ records => $records }, 'HMGET',
        "employee:$id", qw(id name department prize));
}


# t/unit/reply.c has more of them.

subtest 'row 14: garbage, wrong lengths, deep nesting' => sub {
    my $good = reply_of($ids->[0]);
    my @broken = (
        "garbage\r\n", "\r\n", "\n", "\0\0\0\0", "HTTP/1.1 400 Bad Request\r\n",
        "*-1\r\n", "\$-1\r\n", ":1\r\n", "+OK\r\n", "\$5\r\nhello\r\n",
        "*0\r\n", "*1000000000\r\n", '*' . 9 x 20 . "\r\n", "*4\r\n" x 20,
        "*4\r\n-ERR in the middle\r\n", "*4\r\n\$-2\r\n" . "\$-1\r\n" x 3,
        "*4\r\n\$3\r\nabcdef\r\n" . "\$-1\r\n" x 3, "*4\r\n\$x\r\n",
        "*x\r\n", "_\r\n", ',' . 9 x 40 . "\r\n",
        substr($good, 1), "$good\r\n", "\r\n$good", "$good*",
    );

    # what follows is seen only with the next bytes
    my $late = qr/\A\Q$good\E./s;
    my $served = grep { $_ =~ $late } @broken;
    my $peer = every_other(map { $_ =~ $late ? "$_$_" : $_ } @broken);
    my $site = site(redis => [$peer]);

    $site->ask('each second page from Redis, and what was whole at first',
        requests => 2 * @broken, connections => 1,
        ids => [map { ($ids->[0], $ids->[$_]) } 1 .. @broken],
        from => {redis => @broken + $served, postgres => @broken - $served});
    is($peer->closes, scalar(@broken), 'a connection was closed for each');
    $site->over;
};


subtest 'row 14: lengths that never come' => sub {
    my @hanging = ("\$5", "*4", "*", "*4\r\n\$1000\r\nabc", "\$99999999\r\nabc",
                   "*4\r\n\$1\r\n");
    my %hanging = map { ("employee:$ids->[$_]" => $hanging[$_]) }
                  0 .. $#hanging;
    my $peer = Test::Prize::Peer->start(records => $records, lookup => sub {
        my ($peer, $client, $usual, $key) = @_;
        return $hanging{$key} // $usual;
    });
    my $site = site(redis => [$peer], budgets => 'prize_redis_timeout 150ms;'
                                      . 'prize_redis_connect_timeout 20s;');

    for my $n (1 .. @hanging) {
        $site->ask("hanging $n", requests => 1, ids => [$ids->[$n - 1]],
                   from => 'postgres');
        eventually { $peer->closes >= $n } 'the connection is closed';
        $site->returns_to_redis(ids => [@$ids[100 .. 200]]);
    }

    $site->over;
};


subtest 'row 15: replies split at every byte' => sub {
    my ($id) = grep { ($roster->row($_)->{name} // '') =~ /Siobh/ } @$ids;
    my $length = length reply_of($id);
    my $peer = Test::Prize::Peer->start(records => $records, lookup => sub {
        my ($peer, $client, $reply) = @_;
        my $at = $peer->{at}++;

        return $reply if $at > 2 * $length;

        if ($at > $length) {
            $peer->write($client, $_) for split //, $reply;
            return undef;
        }

        $peer->write($client, substr $reply, 0, $at);
        return $peer->write_later(0.005, $client, substr $reply, $at);
    });
    my $site = site(redis => [$peer]);
    my %body;

    $site->ask('from Redis', requests => 3 * $length, connections => 1,
               ids => [$id], from => 'redis',
               keep => sub { $body{$_[1]{body}}++ });
    is(scalar(keys %body), 1, 'the same page, byte for byte');
    is($peer->connects, 1, 'over one connection');
    $site->over(lines => 0);
};


# Of any length that it says, or of none; 1 MiB itself is in
# t/prize_write_back.t.

subtest 'row 16: a bulk string over the cap' => sub {
    for my $case (["*4\r\n\$1048577\r\n", qr/a string of more than 1 MiB/],
                  ["*4\r\n\$99999999\r\n", qr/a reply that is too large/],
                  ['+', qr/a reply that is too large/],
                  ["*4\r\n\$", qr/a reply that is too large/])
    {
        my ($head, $why) = @$case;
        my $peer = Test::Prize::Peer->start(lookup => sub {
            my ($peer, $client) = @_;

            $peer->write($client, $head . 1 x (32 * 2**20));
            print {$peer->{seen}} "written\n" if $client->{socket};
            return undef;
        });
        my $site = site(redis => [$peer]);
        my ($worker) = $site->nginx->workers;
        my @most = map {
            $site->ask('32 MiB', requests => $_, ids => [$ids->[0]],
                       from => 'postgres') if $_;
            slurp("/proc/$worker/status") =~ /^VmHWM:\s+(\d+) kB/m;
        } 0, 1;

        eventually { $peer->closes } 'the end of the connection';
        is_deeply([$peer->commands(qr/^written/)], [], 'before all of it');
        cmp_ok($most[1] - $most[0], '<', 16 * 1024, 'the memory is bounded')
            unless sanitized();
        like("@{ $site->over }", $why, 'the log says why');
    }
};


# To nobody, or the beginning of one, whose end would stand before the next.

subtest 'row 17: a reply too many, to nobody' => sub {
    my $good = reply_of($ids->[0]);
    my @more = ($good, '-', '*', "\$1", "*4\r\n\$2\r\n");
    my $peer = every_other(map { "$good$_" } @more, @more);
    my $site = site(redis => [$peer]);

    $site->ask('from Redis', requests => 30, connections => 1,
               ids => [$ids->[0]], from => 'redis');
    is($peer->closes, 2 * @more, 'each closed a connection');
    $site->over;
};


# to everybody behind it, while a pause sees to it that there is somebody

for my $times (2, 0) {
    subtest "row 17: $times replies in the place of one" => sub {
        my $peer = Test::Prize::Peer->start(records => $records,
            lookup => sub {
                my ($peer, $client, $reply) = @_;
                return $peer->write_later(0.02, $client,
                    ++$peer->{n} == 100 ? $reply x $times : $reply);
            });
        my $site = site(redis => [$peer]);
        my $result = $site->ask('all pages', requests => 500, status => 200);

        cmp_ok($result->{source}{redis}, '>=', 300, 'most from Redis');
        is($peer->closes, 1, 'the connection was closed');
        is($peer->connects, 2, 'and its successor served');
        $site->over;
    };
}


done_testing();
