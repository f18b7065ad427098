use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Cluster;
use Test::Prize::Fault;
use Test::Prize::Roster;
use Test::Prize::Sentinel;

# Records of a cluster and of a master that Sentinels name, loaded and written
# back, by TLS and as a user with no right too many.

my $name = Test::Prize::Sentinel::NAME;
my $number = $ENV{PRIZE_NIGHTLY} ? 12_000 : 480;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => $number);
my $ids = $roster->ids;
my @rows = map { $roster->record($_) } @$ids;
my $ca = Test::Prize::Certificates->new;
my $server = $ca->issue('redis', names => 'IP:127.0.0.1');
my $tls = "prize_redis_ssl on;"
          . " prize_redis_ssl_trusted_certificate $ca->{file};";
my $watch = "prize_redis_sentinel $name username=watch password_file="
            . spew(run_dir() . '/watch', "of-h5\n") . ';';
my $user = 'prize_redis_username h5; prize_redis_password of-h5;';

# those of the README: of a user, what a cluster and what a master need more,
# and of a Sentinel's
my ($user_rights, $cluster_rights, $master_rights, $sentinel_rights) = map {
    [map { s/\$password/of-h5/r } map { tr/"'//dr } split ' ', s/\\\n//gr]
} slurp(root() . '/README.md')
  =~ /^redis-cli .* acl setuser ((?:h5|watch) (?:.*\\\n)*.*)\n/gm;


sub site {
    my ($servers, $location, %option) = @_;

    return Test::Prize::Fault->new(roster => $roster, redis => $servers,
        location => $location, secrets => ['of-h5'], %option);
}


# each worker has found its way

sub connected {
    my (@servers) = @_;

    eventually {
        !grep { 2 != (() = $_->clients(qr/ user=h5 /)) } @servers;
    } 'a connection a worker and server';
}


# A page is PostgreSQL's as soon as the route to Redis is known: each record
# has been missed at a primary then, and is written back.

sub fills {
    my ($site, $stored) = @_;

    eventually {
        $site->ask('pages', requests => scalar @$ids, status => 200);
        return !grep { !$_ } @{ $stored->() };
    } 'all of them written back';
    is_deeply($stored->(), \@rows, 'what was written back is the row, whole');
    is_deeply($site->ask('and in Redis', requests => scalar @$ids,
                         from => 'redis')->{source}, { redis => $number },
              'all');
}


for my $by ('', 'TLS') {
    my @tls = $by ? (tls => $server) : ();
    my $more = $by ? $tls : '';

    subtest "Cluster $by" => sub {
        my $cluster = Test::Prize::Cluster->start(primaries => 3,
                                                  replicas => 3, @tls);

        $_->commands(map { ['ACL', 'SETUSER', @$_] } $user_rights,
                     $cluster_rights) for $cluster->nodes;

        my $site = site([($cluster->nodes)[0, 3]],
                        "prize_redis_cluster on; $more $user", workers => 2);

        connected($cluster->nodes);
        fills($site, sub { $cluster->stored($roster) });
        $cluster->load($roster);

        my $asked = $site->ask('as loaded', requests => $number, close => 1,
                               from => 'redis')->{asked};

        is_deeply($asked, { map {
            my ($its) = $cluster->split_ids($ids, $_);
            ($_->address => scalar @$its) } $cluster->primaries },
            'each at its own primary, and no other node');
        is(scalar(grep { $_ > 2 } $cluster->connections), 0,
           'a connection a worker and node at most');
        $site->over;

        my %before = map { $_ => $_->calls('readonly') } $cluster->nodes;
        my $reads = site([$cluster->nodes], "prize_redis_cluster on; $more"
                         . " prize_redis_read_from prefer_replica; $user");

        $reads->returns_to_redis;
        $asked = $reads->ask('of replicas', requests => $number,
                             from => 'redis')->{asked};
        is_deeply($asked, { map {
            my ($its) = $cluster->split_ids($ids, $_);
            (($cluster->replicas_of($_))[0]->address => scalar @$its)
            } $cluster->primaries }, 'each at its own replica');
        is(scalar(grep { $_->calls('readonly') - $before{$_} > 1 }
                  $cluster->nodes), 0, 'READONLY once a connection');
        $reads->over;
    };

    subtest "Sentinel $by" => sub {
        my $group = Test::Prize::Sentinel->start(replicas => 1, @tls);
        my ($replica) = $group->replicas;
        my $master = $group->master;

        $_->commands(map { ['ACL', 'SETUSER', @$_] } $user_rights,
                     $master_rights) for $group->redis;
        $_->command('ACL', 'SETUSER', @$sentinel_rights) for $group->sentinels;

        my $site = site([$group->sentinels], "$watch $more $user",
                        workers => 2);

        connected($master);
        fills($site, sub { $roster->stored($master) });
        $group->load($roster);
        is_deeply($site->ask('as loaded', requests => $number, close => 1,
                             from => 'redis')->{asked},
                  { $master->address => $number }, 'of the master alone');
        $site->over;

        my $reads = site([$group->sentinels], $watch
                         . " prize_redis_read_from prefer_replica;"
                         . " $more $user");

        $reads->returns_to_redis;
        ok(eval { eventually {
            ($reads->ask('of replicas', requests => 20, from => 'redis')
                   ->{asked}{$replica->address} // 0) == 20;
        } 'a replica' }, 'of the replica');
        is($replica->calls('readonly'), 0, 'which needs no READONLY');
        $reads->over;
    };
}

done_testing();
