use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Peer::TLS;
use Test::Prize::Roster;

# TLS to Redis on the wire: what comes before the handshake, in pieces, and
# more than a socket takes.

my $ca = Test::Prize::Certificates->new;
my $server = $ca->issue('redis.test', names => 'IP:127.0.0.1');
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $records = Test::Prize::Peer->records_of($roster);
my $ids = $roster->ids;
my $tls = "prize_redis_ssl on;"
          . " prize_redis_ssl_trusted_certificate $ca->{file};";


sub site {
    return Test::Prize::Fault->new(roster => $roster, location => $tls, @_);
}


# as they would be the replies to PING, and to somebody's lookup

subtest 'row 66: bytes before the handshake is done' => sub {
    my $replies = "+PONG\r\n" . '*4' . "\r\n\$1\r\nx" x 4 . "\r\n";
    my @peers = (
        Test::Prize::Peer->start(
            accept => sub { $_[0]->write($_[1], $replies) },
            answer => sub { undef }),
        Test::Prize::Peer::TLS->start(tls => $server, records => $records,
            accept => sub { $_[0]->transmit($_[1], $replies) }),
        Test::Prize::Peer::TLS->start(tls => $server, records => $records,
            opened => sub {
                my ($peer, $client, $bytes) = @_;
                $peer->transmit($client, $replies) unless $client->{ssl};
                return $peer->open($client, $bytes);
            }),
    );

    for my $peer (@peers) {
        my $site = site(redis => [$peer]);

        $site->ask('from PostgreSQL', requests => 300, from => 'postgres');
        is($peer->connects, 1, 'tried once');
        eventually { $peer->closes == 1 } 'it is closed';
        is(scalar(() = $peer->commands(qr/^(?:PING|HMGET)/)), 0,
           'and was asked nothing');
        like("@{ $site->over }", qr/: it does not speak TLS: /,
             'the log says so');
    }
};


# There is no event for what OpenSSL has read already.  This server answers
# PING before it is asked, and only then.

subtest 'what comes with the end of the handshake is read' => sub {
    my $peer = Test::Prize::Peer::TLS->start(tls => $server,
        version => 'TLSv1.2', greeting => "+PONG\r\n", records => $records,
        answer => sub {
            my ($peer, $client, @command) = @_;
            return $command[0] eq 'PING' ? undef : $peer->usual(@command);
        });
    my $site = site(redis => [$peer]);

    $site->ask('from Redis', requests => 300, from => 'redis');
    is($peer->connects, 1, 'over one connection');
    $site->over(lines => 0);
};


subtest 'row 67: records split at every byte' => sub {
    my ($id) = grep { ($roster->row($_)->{name} // '') =~ /Siobh/ } @$ids;
    my $record = $records->{"employee:$id"};
    my $length = 22 + length join '', "*4\r\n", map {
        Test::Prize::Peer::bulk($record->{$_}) } qw(id name department prize);

    for my $version ('TLSv1.2', 'TLSv1.3') {
        my $peer = Test::Prize::Peer::TLS->start(tls => $server,
            version => $version, records => $records, sealed => sub {
                my ($peer, $client, $bytes) = @_;
                my $at = $peer->{at}++;

                # a byte a record, and each record a byte at a time
                if ($at > $length) {
                    $peer->transmit($client, $_)
                        for map { split //, $peer->seal($client, $_) }
                            split //, $bytes;
                    return '';
                }

                my $record = $peer->seal($client, $bytes);

                $peer->later(0.005, sub {
                    $peer->transmit($client, substr $record, $at);
                });
                return substr $record, 0, $at;
            });
        my $site = site(redis => [$peer]);
        my %body;

        $site->ask("$version: from Redis", requests => $length + 50,
                   connections => 1, ids => [$id], from => 'redis',
                   keep => sub { $body{$_[1]{body}}++ });
        is(scalar(keys %body), 1, 'the same page, byte for byte');
        is($peer->connects, 1, 'over one connection');
        $site->over(lines => 0);
    }
};


# Redis is paused until so many lookups are in flight, and answers all of them.

sub all_at_once {
    my ($site, $redis, $n) = @_;
    my $waiter = fork // die "fork: $!";

    if ($waiter == 0) {
        eventually { $site->status->{requests_in_flight} == $n }
                   "$n lookups", 240;
        $redis->resume;
        POSIX::_exit(0);
    }

    $site->ask('from Redis', requests => $n, connections => $n,
               from => 'redis');
    waitpid $waiter, 0;
    is($?, 0, 'all of them were in flight at once');
    $redis->resume;
}


# Redis is stopped before it takes the connection: all who come wait for the
# handshake, and are asked for in the turn that ends it.

subtest 'row 67: 10,000 lookups in one turn' => sub {
    my $redis = Test::Prize::Redis->start(tls => $server);

    $roster->load($redis);
    $redis->pause;

    my $site = site(redis => [$redis], connections => 16_384, budgets =>
        'prize_redis_connect_timeout 300s; prize_redis_timeout 300s;');
    all_at_once($site, $redis, 10_000);
    is($site->status->{redis_connections}, 1, 'over one connection');
    $site->over(lines => 0);
};


# A key of 4 KiB: the commands of some lookups fill the socket of a server that
# does not read.  Those that come then make their buffer grow, and move, before
# OpenSSL takes up the record that it could not write.

subtest 'row 67: a write that is retried from a moved buffer' => sub {
    my $redis = Test::Prize::Redis->start(tls => $server);
    my $part = 'k' x 1024;
    my $prefix = $part x 4;

    for my $id (@$ids) {
        my $record = $roster->record($id);
        $redis->command('HSET', "$prefix:$id",
                        map { ($_, $record->{$_}) } qw(id name department
                                                       prize));
    }

    my $site = site(redis => [$redis], connections => 8192,
        location => "$tls set \$k $part;"
                    . ' prize_redis_key $k$k$k$k:$prize_id;',
        budgets => 'prize_redis_connect_timeout 300s;'
                   . ' prize_redis_timeout 300s;');

    $site->returns_to_redis;
    $redis->pause;

    all_at_once($site, $redis, 3000);
    $site->over(lines => 0);
};

done_testing();
